"""Which scope of an application key lets it read what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from metrics.collect._datadog.refusal import RefusedError

__all__ = ["WHAT", "ScopeError"]

WHAT: Final[Mapping[str, str]] = {
    "events_read": "events",
    "incident_read": "incidents",
    "monitors_downtime": "downtimes",
    "monitors_read": "monitors",
}


class ScopeError(RefusedError):
    """The application key lacks a scope."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(
            f"the application key may not read {WHAT[scope]} (scope {scope}): give it that scope, and its owner a "
            "role that has it",
            retryable=False,
        )
