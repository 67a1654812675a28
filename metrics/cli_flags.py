"""What flags may say: times, durations and pairs."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

__all__ = ["a_duration", "a_pair", "a_time", "first_fault"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def a_time(text: str) -> datetime:
    """2026-01-31, or with a time and an offset; UTC where there is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; use 2026-01-31T09:00+09:00") from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def a_duration(text: str) -> timedelta:
    """10s, 5m, 2h, 1d, 1w."""
    match = re.fullmatch(r"(\d+)\s*([smhdw])", text.strip())
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration; use 30s, 5m, 2h or 1d")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def a_pair(text: str) -> tuple[str, str]:
    """OURS=THEIRS."""
    ours, sign, theirs = text.partition("=")
    if not (ours and sign and theirs):
        raise argparse.ArgumentTypeError(f"{text!r} does not map a column; use OURS=THEIRS, as in value=Average")
    return ours, theirs


def first_fault(error: ValidationError) -> str:
    """The first of pydantic's complaints as one line that names the flag."""
    fault = error.errors()[0]
    flag = "".join(f"--{str(part).replace('_', '-')} " for part in fault["loc"][:1])
    return f"{flag}{fault['msg'].removeprefix('Value error, ')}"
