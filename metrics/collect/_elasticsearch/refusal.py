"""What a refused question means, and what somebody can do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from metrics.model import CoverageState

__all__ = ["NotAnsweredError", "no_index", "refusal"]

_SAID: Final = 200
_LONGEST: Final = 300
_FIELD: Final = re.compile(r"(?:fielddata=true on|disabled on) \[([^\]]+)\]")
_LATER: Final = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT)
# Where the servers say what was wrong, innermost first.
_DEEPER: Final = ("root_cause", "failed_shards", "caused_by", "reason")


class NotAnsweredError(Exception):
    """A question was not answered, or not in full: what the Coverage of everything in it says."""

    def __init__(self, state: CoverageState, detail: str, *, retryable: bool) -> None:
        detail = detail if len(detail) <= _LONGEST else f"{detail[: _LONGEST - 1]}…"
        super().__init__(detail)
        self.state: CoverageState = state
        self.detail = detail
        self.retryable = retryable


def refusal(reply: httpx.Response, index: str) -> NotAnsweredError:
    """The reply that is not 200, as a sentence."""
    status, said = reply.status_code, _said(reply)
    words = f": {said[:_SAID]}" if said else ""
    if status == httpx.codes.FORBIDDEN:
        detail = f"it may not read `{index}` (403): give its role the privilege `read` on that index{words}"
        return NotAnsweredError("forbidden", detail, retryable=False)
    if "too_many_buckets" in said:
        detail = f"the answer needs more than search.max_buckets: write a longer `step`{words}"
        return NotAnsweredError("failed", detail, retryable=False)
    if status in _LATER or reply.is_server_error:
        return NotAnsweredError("failed", f"the server is overloaded or down ({status}){words}", retryable=True)
    return NotAnsweredError("failed", _mistake(reply, index, said, words), retryable=False)


def no_index(pattern: str) -> str:
    """What a pattern means that no index answers to: a login that may not read them is told the same."""
    return f"no index matches `{pattern}`: is the name right, and has the login's role the privilege `read` on it?"


def _mistake(reply: httpx.Response, index: str, said: str, words: str) -> str:
    """What has to be written differently, here or there."""
    status = reply.status_code
    if status == httpx.codes.NOT_FOUND and "index_not_found" in said:
        return f"no index matches `{index}`: write its name, or a pattern as in access-*"
    if reply.is_redirect:
        return f"`base_url` answered {status}, a redirect: write the address that it leads to"
    if field := _FIELD.search(said):
        return f"field `{field[1]}` is text: name its keyword, as in {field[1]}.keyword"
    if status == httpx.codes.NOT_FOUND:
        return f"there is no search at `base_url` (404){words}"
    return f"the server refused the question ({status}){words}"


def _said(reply: httpx.Response) -> str:
    """The innermost reason in the body: the outer ones only say that all shards failed."""
    try:
        body = json.loads(reply.content)
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return error
    return next(_reasons(error), "") if isinstance(error, Mapping) else ""


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    for key in _DEEPER:
        inner = error.get(key)
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, Mapping):
                yield from _reasons(each)
    if isinstance(error.get("reason"), str):
        yield f"{error.get('type', 'error')}: {error['reason']}"
