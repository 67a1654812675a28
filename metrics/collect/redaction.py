"""Keeping secrets out of everything that is written or shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from metrics.config import SourceConfig, secrets_in

__all__ = ["redacted", "secrets_of"]

SHOWN_AS = "«secret»"


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets, also as they look inside an address, a traceback or JSON."""
    spellings = {
        spelled
        for secret in secrets
        for spelled in (
            secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], json.dumps(secret)[1:-1]
        )
    }  # fmt: skip
    # Longest first: a secret that contains another one must go as a whole.
    for spelled in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelled, SHOWN_AS)
    return text


def secrets_of(source: SourceConfig) -> tuple[str, ...]:
    """Every secret of a source: its settings that hold one, whole, and each `${NAME}` by itself."""
    return tuple(dict.fromkeys([*secrets_in(source.settings), *source.secrets]))
