"""What GitHub means when it refuses, in sentences that a person can act on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import httpx

from metrics.errors import SourceError

__all__ = [
    "CONTENTS", "DEPLOYMENTS", "ISSUES", "METADATA", "PULLS", "Area", "RefusedError", "ShutError", "asked_to_wait",
    "forbidden", "json_of", "refusal", "rests",
]  # fmt: skip

# GitHub: "Otherwise, wait for at least one minute before retrying" (best practices for using the REST API).
UNTOLD_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a repository that a token may or may not read."""

    what: str
    permission: str


DEPLOYMENTS: Final = Area("deployments", "Deployments: read")
PULLS: Final = Area("pull requests", "Pull requests: read")
ISSUES: Final = Area("issues", "Issues: read")
CONTENTS: Final = Area("contents", "Contents: read")
METADATA: Final = Area("repository", "Metadata: read")


class RefusedError(SourceError):
    """GitHub refused one question for good; others may be answered."""

    def __init__(self, text: str, state: Literal["failed", "forbidden"], status: int, words: str = "") -> None:
        super().__init__(text, retryable=False)
        self.state, self.status, self.said = state, status, words


class ShutError(SourceError):
    """GitHub answers nothing more to this token, now or at all: no other question is worth asking."""


def asked_to_wait(reply: httpx.Response) -> float | None:
    """Seconds until GitHub wants to be asked again; None where the reply is not about a limit.

    A limit answers 403 as often as 429, and only its headers and words tell it from a missing permission.
    """
    if reply.status_code not in (httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS):
        return None
    if (after := _retry_after(reply)) is not None:
        return after
    reset = reply.headers.get("x-ratelimit-reset", "")
    if reply.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(int(reset) - _clock(reply), 0.0)
    told = reply.status_code == httpx.codes.TOO_MANY_REQUESTS or "rate limit" in said(reply).lower()
    return UNTOLD_WAIT_S if told else None


def _retry_after(reply: httpx.Response) -> float | None:
    text = reply.headers.get("retry-after", "").strip()
    try:
        return float(text) if text.isdigit() else max(parsedate_to_datetime(text).timestamp() - _clock(reply), 0.0)
    except ValueError:
        return None


def _clock(reply: httpx.Response) -> float:
    """GitHub's own present: the reset is told by its clock, which need not be ours."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except ValueError:
        return time.time()


def rests(reply: httpx.Response, seconds: float) -> ShutError:
    """For a limit that will not be over soon."""
    until = datetime.fromtimestamp(_clock(reply) + seconds, UTC)
    kind = "rate limit of this token" if reply.headers.get("x-ratelimit-remaining") == "0" else "secondary rate limit"
    return ShutError(
        f"{reply.url.host}: the {kind} is used up until {until:%H:%M:%S} UTC; the next run after that goes on from "
        "here. Make `every` longer if this happens often"
    )


def refusal(reply: httpx.Response, repository: str, area: Area, words: str) -> SourceError:
    """What any other refusal means; `words` are GitHub's own, fit to be repeated."""
    host, status, quoted = reply.url.host, reply.status_code, f" ({words})" if words else ""
    if status == httpx.codes.UNAUTHORIZED:
        return ShutError(
            f"{host} refused the token (401): it is wrong, has expired or was revoked; set a new one under `token`"
            f"{quoted}",
            retryable=False,
        )
    if status >= 500:
        return SourceError(f"{host} answered {status} to every try for {area.what} of {repository}{quoted}")
    if status == httpx.codes.FORBIDDEN:
        return RefusedError(forbidden(reply, repository, area, quoted), "forbidden", status, words)
    if reply.has_redirect_location:
        text = (
            f"{host} answers {status}, a redirect, which is not followed: {repository} was renamed or moved, or "
            "`base_url` is not the address itself; write its present name under `repository`"
        )
    elif status == httpx.codes.NOT_FOUND:
        text = _not_found(reply, repository, area)
    elif status == httpx.codes.GONE:
        instead = ", or set `incident_labels: []`" if area is ISSUES else ""
        text = f"{repository} has its {area.what} turned off (410){quoted}: turn them on{instead}"
    else:
        text = f"{host} refused the request for {area.what} of {repository} ({status}){quoted}"
    return RefusedError(text, "failed", status, words)


def forbidden(reply: httpx.Response, repository: str, area: Area, quoted: str = "") -> str:
    """Which permission to give."""
    if reply.headers.get("x-github-sso"):
        return (
            f"the token is not authorized for the single sign-on of {repository}'s organization: authorize it there"
        )
    return (
        f"the token may not read {area.what} of {repository}: give it the repository permission "
        f"`{area.permission}`{quoted}"
    )


def _not_found(reply: httpx.Response, repository: str, area: Area) -> str:
    if not isinstance(json_of(reply), dict):
        return (
            f"{reply.url.host} has no GitHub API there (404): `base_url` is https://api.github.com, or "
            "https://HOST/api/v3 for Enterprise"
        )
    return (
        f"{repository} is not found, or the token may not see it (404): check the name, and give the token access to "
        f"the repository with `{area.permission}`"
    )


def said(reply: httpx.Response) -> str:
    """GitHub's own reason."""
    body = json_of(reply)
    return str(body.get("message") or "") if isinstance(body, dict) else ""


def json_of(reply: httpx.Response) -> object:
    """None for anything that is no JSON."""
    try:
        return reply.json()
    except (ValueError, RecursionError):
        return None
