"""What `check` finds out: whether the token works, what it may read, and whether the names are right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from metrics.collect import Sign
from metrics.collect._github.api import PER_PAGE, Api, Page, Repository
from metrics.collect._github.refusal import (
    CONTENTS,
    DEPLOYMENTS,
    ISSUES,
    METADATA,
    PULLS,
    Area,
    RefusedError,
    ShutError,
)
from metrics.collect._github.target import Target
from metrics.errors import SourceError
from metrics.faults import nearest

__all__ = ["signs"]

_NO_LIMIT: Final = "rate limiting is not enabled"


def signs(api: Api, targets: tuple[Target, ...]) -> Iterator[Sign]:
    """The token first: without it nothing else is worth asking."""
    try:
        token = list(_of_token(api))
        found = [each for target in targets for each in _of_target(api, target)]
    except ShutError as error:
        if error.retryable:
            raise
        yield Sign("wrong", str(error), "token")
        return
    signs = [*token, *dict.fromkeys(found)]
    yield from signs
    if not targets:
        yield Sign("note", "no component uses it: name it under `use` in a service's file, with `repository`")
    if not any(sign.state == "wrong" for sign in signs):
        names = {target.repository.lower() for target in targets}
        yield Sign("fine", f"{api.host} accepts the token: {len(names)} repositor{'y' if len(names) == 1 else 'ies'}")


def _of_token(api: Api) -> Iterator[Sign]:
    """What is left of its limit, and how long it lasts."""
    try:
        page = api.get(api.url("rate_limit", {}), "the API", METADATA)
    except RefusedError as error:
        # An Enterprise without limits says so with a 404.
        if error.status != 404 or _NO_LIMIT not in error.said.lower():
            yield Sign("wrong", str(error), "base_url")
        else:
            yield Sign("note", "this server sets no rate limit")
        return
    try:
        core = page.content["resources"]["core"]
        yield Sign("note", f"{core['remaining']:,} of {core['limit']:,} requests are left this hour", "rate limit")
    except (KeyError, TypeError, ValueError):
        raise SourceError(f"{api.host} answered about its rate limit what is not as GitHub documents it") from None
    if ends := page.headers.get("github-authentication-token-expiration"):
        yield Sign("note", f"expires on {ends}: set a new one before", "token")


def _of_target(api: Api, target: Target) -> Iterator[Sign]:
    repository = Repository(api, target.repository)
    wrong = list(_refused(repository, METADATA, ""))
    if not wrong:
        wrong = [sign for area, tail in _areas(target) for sign in _refused(repository, area, tail)]
    yield from wrong
    if wrong:
        return
    if target.branch is not None:
        yield from _of_branch(repository, target.branch)
    if target.deployments_from == "deployments":
        for name in target.environments:
            yield from _of_environment(repository, name)


def _areas(target: Target) -> Iterator[tuple[Area, str]]:
    """What it has to be allowed to read, with a list that shows it."""
    yield PULLS, "pulls"
    if target.deployments_from == "deployments":
        yield DEPLOYMENTS, "deployments"
    if target.deployments_from == "releases":
        yield CONTENTS, "releases"
    if target.incident_labels or target.incident_type:
        yield ISSUES, "issues"


def _refused(repository: Repository, area: Area, tail: str) -> Iterator[Sign]:
    try:
        repository.get(area, tail, **({"per_page": "1"} if tail else {}))
    except RefusedError as error:
        yield Sign("wrong", str(error), area.permission if error.state == "forbidden" else repository.name)


def _of_branch(repository: Repository, branch: str) -> Iterator[Sign]:
    """A wrong name would only be met by silence: no pull request is merged to it."""
    try:
        repository.get(CONTENTS, f"branches/{quote(branch, safe='')}")
    except RefusedError as error:
        if error.status == 404:
            yield Sign("wrong", f"there is no branch {branch!r}; correct `branch`", repository.name)


def _of_environment(repository: Repository, name: str) -> Iterator[Sign]:
    if repository.get(DEPLOYMENTS, "deployments", environment=name, per_page="1").content:
        return
    known = sorted(_environments(repository))
    if name in known:
        yield Sign("note", f"nothing was deployed to {name} yet", repository.name)
    elif known:
        yield Sign("wrong", f"there is no environment {name!r}: {nearest(name, known)}", repository.name)
    else:
        yield Sign(
            "note",
            f"nothing was deployed to {name} yet, nor anywhere else; if it is deployed in another way, set "
            "`deployments_from` to releases or merges",
            repository.name,
        )


def _environments(repository: Repository) -> set[str]:
    """As configured, where the token may read that, and as lately deployed to."""
    lately = repository.get(DEPLOYMENTS, "deployments", per_page=PER_PAGE)
    found = set(_named(lately.content, "environment"))
    try:
        configured: Page = repository.get(METADATA, "environments", per_page=PER_PAGE)
    except RefusedError:
        return found
    listed = configured.content.get("environments") if isinstance(configured.content, dict) else ()
    return found | set(_named(listed, "name"))


def _named(content: object, key: str) -> Iterable[str]:
    entries = content if isinstance(content, list) else []
    return (str(each[key]) for each in entries if isinstance(each, dict) and each.get(key))
