"""`notify` in tomoni.yaml: whether, when and where teams are told what moved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Final

from pydantic import BeforeValidator, SecretStr, model_validator

from metrics.service_file import WEEKDAYS
from metrics.yaml_file import Strict

__all__ = ["NOTIFY_KEYS", "Digest", "Notify", "NotifySection"]

_DIGEST: Final = re.compile(r"([a-z]+) ([0-2]?[0-9]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Digest:
    """When the digest goes out, on each service's own clock. `weekday` counts from Monday, 0."""

    weekday: int
    at: time


@dataclass(frozen=True, slots=True)
class Notify:
    """`addresses` are Apprise's, and secrets: most hold a token."""

    addresses: tuple[SecretStr, ...] = ()
    digest: Digest | None = None
    urgent: bool = True
    link: str | None = None
    """Where the app is found by those who read the message."""


def _digest(written: object) -> Digest:
    match = _DIGEST.fullmatch(str(written).lower())
    if match is None or match[1] not in WEEKDAYS or int(match[2]) > 23:
        raise ValueError(f"{written!r} is no time of the week; write a day and a time, as in `monday 09:00`")
    return Digest(WEEKDAYS.index(match[1]), time(int(match[2]), int(match[3])))


class NotifySection(Strict):
    """As it is written; `to` is read apart, since it holds secrets."""

    to: tuple[str, ...] = ()
    digest: Annotated[Digest, BeforeValidator(_digest)] | None = None
    urgent: bool = True
    link: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, data: object) -> object:
        """One address may stand without brackets."""
        return {**data, "to": [data["to"]]} if isinstance(data, dict) and isinstance(data.get("to"), str) else data


NOTIFY_KEYS = tuple(NotifySection.model_fields)
