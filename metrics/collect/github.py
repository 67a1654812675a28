"""github: deployments, merged pull requests and incident issues of github.com or GitHub Enterprise.

Each component names its repository. What a list says of a deployment, a pull request or an issue is completed by a
request or two about it, and only where the list shows that it was made or changed in the window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import httpx
from pydantic import BaseModel, field_validator, model_validator

from metrics.collect import Sign
from metrics.collect._github import signs
from metrics.collect._github.api import Api, Repository
from metrics.collect._github.changes import changes, merges
from metrics.collect._github.deployments import MARGIN, deployments
from metrics.collect._github.incidents import incidents
from metrics.collect._github.listing import Asked, run_of
from metrics.collect._github.refusal import RefusedError, ShutError
from metrics.collect._github.releases import releases
from metrics.collect._github.target import Target
from metrics.collect.address import HeaderSecret, address
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, CoverageState, Event, EventKind, Window

__all__ = ["BACKFILL", "RECOLLECT", "RECOLLECT_DAILY", "SLICE", "Settings", "Target", "check", "collect"]

# GitHub keeps everything; the Delivery page looks back for a year.
BACKFILL = timedelta(days=365)
# Lists tell what has changed since, so little is asked again: what GitHub's index or somebody's clock was late with.
RECOLLECT = timedelta(hours=1)
# Once a day every deployment that may have got its last word since, should its `updated_at` not have told.
RECOLLECT_DAILY = MARGIN
SLICE = timedelta(days=30)

Occur = Callable[[Asked], Iterator[Event]]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Which GitHub, and with which token."""

    base_url: str = "https://api.github.com"
    """Enterprise: https://HOST/api/v3."""
    token: HeaderSecret
    targets: tuple[Target, ...] = ()

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, written: str) -> str:
        url = address(written, such_as="https://github.example.com/api/v3", login="a token under `token`")
        if url.host == "github.com":
            raise ValueError("is where people look; write https://api.github.com")
        return written.rstrip("/")

    @model_validator(mode="after")
    def _once_each(self) -> Settings:
        seen = Counter((each.service, each.component, each.repository.lower()) for each in self.targets)
        for (service, component, repository), times in seen.items():
            if times > 1:
                raise ValueError(f"{service} {component} names {repository} twice; keep one, with all `environments`")
        return self


@dataclass(frozen=True, slots=True)
class _Question:
    """One kind of event of one component."""

    target: Target
    kind: EventKind
    occur: Occur
    part: str | None
    """The repository, where the component has several."""
    component: str | None
    """None where several components of the service share the repository, so it is nobody's own."""

    def answer(self, window: Window, state: CoverageState, detail: str = "", *, retryable: bool = False) -> Coverage:
        service, component = self.target.service, self.target.component
        return Coverage(
            service, component, self.kind, "github", window, state, detail[:300], self.part, retryable=retryable
        )  # fmt: skip


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Event | Coverage]:
    """Every kind of event of one component after the other.

    A question that GitHub can't answer is `failed`; after two in a row, or where it says so, the others are too.
    """
    api, run = Api(http, settings.base_url, settings.token.get_secret_value()), run_of(http, window)
    left = list(_questions(settings))
    is_ill = False
    while left:
        question = left.pop(0)
        asked, found = Asked(Repository(api, question.target.repository), window, run), 0
        try:
            for event in question.occur(asked):
                found += 1
                yield replace(event, service=question.target.service, component=question.component)
        except BudgetSpentError:
            raise
        except RefusedError as error:
            is_ill = False
            yield question.answer(window, error.state, str(error))
        except (SourceError, httpx.RequestError) as error:
            yield from _failed([question], window, error)
            if is_ill or isinstance(error, ShutError | httpx.TransportError):
                yield from _failed(left, window, error)
                raise
            is_ill = True
        else:
            is_ill = False
            yield question.answer(window, "complete" if found else "empty")


def _failed(
    questions: list[_Question], window: Window, error: SourceError | httpx.RequestError
) -> Iterator[Coverage]:
    """On a first run nobody else knows what would have been asked."""
    happened = "can't be reached" if isinstance(error, httpx.TransportError) else "answered what can't be read"
    reason, retryable = f"GitHub {happened}: {type(error).__name__}: {error}", True
    if isinstance(error, SourceError):
        reason, retryable = str(error), error.retryable
    yield from (each.answer(window, "failed", reason, retryable=retryable) for each in questions)


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """The token, then each repository. Raises SourceError where nothing can be reached."""
    api = Api(http, settings.base_url, settings.token.get_secret_value())
    yield from signs.signs(api, settings.targets)


def _questions(settings: Settings) -> Iterator[_Question]:
    """The components in turn, each with its deployments, changes and incidents."""
    repositories = Counter((each.service, each.component) for each in settings.targets)
    for target in settings.targets:
        part = target.repository if repositories[target.service, target.component] > 1 else None
        for kind, occur in _kinds(target):
            owner = None if _is_shared(target, kind, settings.targets) else target.component
            yield _Question(target, kind, occur, part, owner)


def _is_shared(target: Target, kind: EventKind, targets: tuple[Target, ...]) -> bool:
    """Whether another component of the service would bring the same events, so that they are nobody's own."""
    by_environment = kind == "deployment" and target.deployments_from == "deployments"
    return any(
        (each.service, each.repository.lower()) == (target.service, target.repository.lower())
        and each.component != target.component
        and not (by_environment and each.environments.keys().isdisjoint(target.environments))
        for each in targets
    )


def _kinds(target: Target) -> Iterator[tuple[EventKind, Occur]]:
    if target.deployments_from == "deployments":
        yield "deployment", partial(_of_environments, target=target)
    elif target.deployments_from == "releases":
        yield "deployment", partial(releases, environment=target.environment)
    else:
        yield "deployment", partial(merges, target=target)
    yield "change", partial(changes, target=target)
    if target.incident_labels or target.incident_type:
        yield "incident", partial(incidents, target=target)


def _of_environments(asked: Asked, target: Target) -> Iterator[Event]:
    for theirs, ours in target.environments.items():
        yield from deployments(asked, theirs, ours)
