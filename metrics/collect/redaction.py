"""Keeping secrets out of everything that is written or shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

__all__ = ["redacted", "secrets_in"]

SHOWN_AS = "«secret»"


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets, also as they look inside an address."""
    spellings = {spelled for secret in secrets for spelled in (secret, quote(secret, safe=""), quote_plus(secret))}
    # Longest first: a secret that contains another one must go as a whole.
    for spelled in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelled, SHOWN_AS)
    return text


def secrets_in(settings: object) -> Iterator[str]:
    """Every secret anywhere in a source's raw settings."""
    if isinstance(settings, SecretStr):
        if settings.get_secret_value():
            yield settings.get_secret_value()
    elif isinstance(settings, Mapping):
        for value in settings.values():
            yield from secrets_in(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from secrets_in(value)
