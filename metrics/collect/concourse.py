"""concourse: builds of Concourse CI as builds, deployments or batch runs.

Which jobs, and what each one's builds are, stands with the components in a service's file.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import httpx
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from metrics.collect import Sign
from metrics.collect._concourse.answer import Answer, refusal, together
from metrics.collect._concourse.builds import builds_of
from metrics.collect._concourse.place import Job, Pipeline
from metrics.collect._concourse.server import Login, RefusedError, Server, Token
from metrics.collect._concourse.signs import signs
from metrics.collect._concourse.work import KINDS, Kind, Versions, Work, versions_of
from metrics.collect.address import HeaderSecret, address
from metrics.collect.target import Target as AnyTarget
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, Event, Window

__all__ = ["BACKFILL", "RECOLLECT", "SLICE", "As", "Settings", "Target", "check", "collect"]

# Builds stay in Concourse's database when their logs are long gone; a year is what delivery trends are drawn over.
BACKFILL = timedelta(days=365)
# A build changes until it ends. What began earlier than this and ended lately is found as well: see LONGEST_BUILD.
RECOLLECT = timedelta(hours=48)
SLICE = timedelta(days=30)
# Concourse looks builds up by when they began only: to see those that ended within a window, earlier ones are asked
# for too. One that runs for longer stays `running`.
LONGEST_BUILD = timedelta(days=7)
KINDS_TOLD: Final = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"


class As(BaseModel, frozen=True, extra="forbid", populate_by_name=True):
    """What a job's builds are."""

    kind: Kind = Field(alias="as")
    environment: str | None = None
    """Where a deployment goes to."""
    job: str | None = None
    """What pages call the job, where that is not its name in the pipeline."""
    commit: str | None = None
    """The job's input whose version is the commit that was built or deployed."""
    version: str | None = None
    """The job's input whose version names what was built or deployed."""

    @field_validator("kind", mode="before")
    @classmethod
    def _is_a_kind(cls, written: object) -> object:
        if written not in KINDS:
            raise ValueError(f"{written!r} is nothing that builds can be: write {KINDS_TOLD}")
        return written

    @model_validator(mode="after")
    def _keys_fit(self) -> As:
        if self.environment is not None and self.kind != "deployment":
            raise ValueError(
                f"`environment` says where a deployment goes to; a {self.kind} goes nowhere: leave it out"
            )
        return self


class Target(AnyTarget, frozen=True, extra="forbid"):
    """Which jobs of a pipeline belong to a component."""

    team: str = Field(default="main", min_length=1)
    pipeline: str = Field(min_length=1)
    instance_vars: Mapping[str, object] = {}
    """Which instance of the pipeline, where it has several."""
    jobs: Mapping[str, As]
    """By the job's name, in short what its builds are."""

    @field_validator("jobs", mode="before")
    @classmethod
    def _long_form(cls, written: object) -> object:
        if not isinstance(written, Mapping) or not written:
            raise ValueError(f"{written!r} names no job; write {{NAME: KIND}}, where KIND is {KINDS_TOLD}")
        return {str(job): each if isinstance(each, Mapping | As) else {"as": each} for job, each in written.items()}

    @property
    def works(self) -> Iterator[Work]:
        pipeline = Pipeline.of(self.team, self.pipeline, self.instance_vars)
        for name, each in self.jobs.items():
            yield Work(
                service=self.service,
                component=self.component,
                job=Job(pipeline, name),
                kind=each.kind,
                called=each.job or name,
                environment=each.environment,
                commit=each.commit,
                version=each.version,
            )


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Where Concourse is, and who asks."""

    base_url: str
    """As one opens it in a browser."""
    username: str | None = None
    password: SecretStr | None = None
    token: HeaderSecret | None = None
    targets: tuple[Target, ...] = ()

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, written: str) -> str:
        address(written, such_as="https://ci.example.com", login="it under username and password")
        return written.rstrip("/").removesuffix("/api/v1")

    @model_validator(mode="after")
    def _one_login(self) -> Settings:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None and self.token is not None:
            raise ValueError("either token, or username and password: not both")
        return self

    @model_validator(mode="after")
    def _each_build_counts_once(self) -> Settings:
        whose: dict[tuple[str, Kind, Job], str] = {}
        for work in self.works:
            first = whose.setdefault((work.service, work.kind, work.job), work.component)
            if first != work.component:
                raise ValueError(
                    f"job {work.job.name} of pipeline {work.job.pipeline.title} is a {work.kind} of both {first} and "
                    f"{work.component}; name it under one, so that its builds count once"
                )
        return self

    @property
    def works(self) -> tuple[Work, ...]:
        return tuple(work for target in self.targets for work in target.works)


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Event | Coverage]:
    """Every build that began or ended within the window, one job after the other."""
    server, questions = _server(settings, http), _by_kind(settings)
    for number, works in enumerate(questions):
        answers = list[Answer]()
        try:
            for work in works:
                answers.append((yield from _asked(server, settings, work, window)))
        except BudgetSpentError:
            raise
        except (SourceError, httpx.RequestError) as error:
            # On a first run nobody else knows what would have been asked.
            reason, retryable = f"{server.host} can't be reached: {type(error).__name__}", True
            if isinstance(error, SourceError):
                reason, retryable = str(error), error.retryable
            for left in questions[number:]:
                yield _coverage(left, window, Answer("failed", reason, retryable))
            raise
        yield _coverage(works, window, together(answers))


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Whether Concourse is there, lets us in, and has each pipeline, job and input that is named."""
    yield from signs(_server(settings, http), settings.works)


def _server(settings: Settings, http: httpx.Client) -> Server:
    identity: Login | Token | None = None
    if settings.token is not None:
        identity = Token(settings.token.get_secret_value())
    elif settings.username is not None and settings.password is not None:
        identity = Login(settings.username, settings.password.get_secret_value())
    return Server(http, settings.base_url, identity)


def _by_kind(settings: Settings) -> list[list[Work]]:
    """What is answered together: all jobs of a component that are of one kind."""
    found: dict[tuple[str, str, Kind], list[Work]] = {}
    for work in settings.works:
        found.setdefault((work.service, work.component, work.kind), []).append(work)
    return list(found.values())


def _asked(server: Server, settings: Settings, work: Work, window: Window) -> Generator[Event, None, Answer]:
    """Yields the job's builds; returns how that went."""
    first = math.floor((window.start - LONGEST_BUILD).timestamp())
    try:
        found = builds_of(server, work.job, first, math.ceil(window.end.timestamp()))
    except RefusedError as refused:
        return refusal(server, work.job, refused)
    changed = [build for build in found.builds.values() if _in(window, build.started) or _in(window, build.ended)]
    unread = list(found.unclear)
    for build in changed:
        versions: Versions = {}
        if work.asks_for_versions:
            try:
                versions = versions_of(server, build)
            except RefusedError as refused:
                unread.append(f"what went into build {build.id} can't be read: {refused}")
        yield work.event(build, versions, window.end, settings.base_url)
    if unread:
        more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
        return Answer("partial", f"job {work.job.name}: {unread[0]}{more}", retryable=True)
    return Answer("complete") if changed else Answer("empty", "no build began or ended in this time")


def _in(window: Window, at: datetime | None) -> bool:
    return at is not None and window.start <= at < window.end


def _coverage(works: list[Work], window: Window, answer: Answer) -> Coverage:
    first = works[0]
    return Coverage(
        first.service, first.component, first.kind, "concourse", window, answer.state, answer.detail,
        retryable=answer.retryable,
    )  # fmt: skip
