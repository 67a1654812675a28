"""What a reason's code says in English. The pages put it through their language, with the values formatted."""

from __future__ import annotations

from collections.abc import Mapping

from metrics.review.suspects.suspect import SuspectKind

__all__ = ["KIND_NAMES", "TEMPLATES"]

KIND_NAMES: Mapping[SuspectKind, str] = {
    "access": "access",
    "batch_run": "batch run",
    "deployment": "deployment",
    "infra": "infrastructure",
    "quota": "quota or limit",
    "demand": "demand",
}

TEMPLATES: Mapping[str, str] = {
    "overlaps": "in {met} of {of} of these times",
    "share": "{share} of the excess",
}
