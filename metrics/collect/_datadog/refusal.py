"""What Datadog means when it refuses, in sentences that a person can act on."""

from __future__ import annotations

import re
from typing import Final

from metrics.errors import SourceError

__all__ = ["ForbiddenError", "RefusedError", "refused_in_a_200", "said_in"]

LONGEST: Final = 200
# A query that is wrong stays wrong; anything else (a time-out, a shard that is away) may pass.
_WRONG: Final = re.compile(r"pars|invalid|syntax|unknown|unsupported|not (?:found|valid|exist)|must |required", re.I)


class RefusedError(SourceError):
    """Datadog refused one request; a smaller or another one may be answered."""


class ForbiddenError(RefusedError):
    """The application key may not ask for this."""

    def __init__(self, said: str) -> None:
        super().__init__(
            "the application key may not read timeseries (scope timeseries_query): give it that scope, and its owner "
            f"a role that may read metrics{f' ({said})' if said else ''}",
            retryable=False,
        )


def refused_in_a_200(body: object) -> RefusedError | None:
    """Whether a reply with status 200 is none: v2 says `errors`, v1 `status: error`, and the client sees neither."""
    if not isinstance(body, dict):
        return None
    said = said_in(body)
    if not said and body.get("status") != "error":
        return None
    return RefusedError(
        f"Datadog answers 200 with an error: {said or 'no reason is given'}", retryable=not _WRONG.search(said)
    )


def said_in(body: object) -> str:
    """The reason that a reply gives: `errors` is a list of sentences or of objects, or one sentence."""
    if isinstance(body, str):
        return " ".join(body.split())[:LONGEST]
    if not isinstance(body, dict):
        return ""
    found = body.get("errors") or body.get("error") or ()
    sentences = found if isinstance(found, list | tuple) else [found]
    return "; ".join(filter(None, map(_sentence, sentences)))[:LONGEST]


def _sentence(error: object) -> str:
    if isinstance(error, dict):
        return ": ".join(str(error[key]) for key in ("title", "detail", "message") if error.get(key))
    return " ".join(str(error).split())
