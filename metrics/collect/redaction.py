"""Keeping secrets out of everything that is written or shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from metrics.config import SourceConfig

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
    return tuple(dict.fromkeys([*_secrets_in(source.settings), *source.secrets]))


def _secrets_in(settings: object) -> Iterator[str]:
    if isinstance(settings, SecretStr):
        if settings.get_secret_value():
            yield settings.get_secret_value()
    elif isinstance(settings, Mapping):
        for value in settings.values():
            yield from _secrets_in(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from _secrets_in(value)
