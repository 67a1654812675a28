"""What flags may say: times, durations and pairs."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from metrics.config import parse_duration
from metrics.errors import ConfigError

__all__ = ["a_day", "a_duration", "a_folder", "a_pair", "a_time", "first_fault"]


def a_time(text: str) -> datetime:
    """2026-01-31, or with a time and an offset; UTC where there is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; use 2026-01-31T09:00+09:00") from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def a_day(text: str) -> date:
    """A day by whatever clock it is asked of, or a time, which is one by any."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return a_time(text)


def a_folder(text: str) -> Path:
    """A folder, which may still have to be made."""
    folder = Path(text)
    if file := next((path for path in (folder, *folder.parents) if path.is_file()), None):
        raise argparse.ArgumentTypeError(f"{file} is a file; name a folder, which need not exist yet")
    return folder


def a_duration(text: str) -> timedelta:
    """10s, 5m, 2h or 1d, as in tomoni.yaml."""
    try:
        return parse_duration(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def a_pair(text: str) -> tuple[str, str]:
    """OURS=THEIRS."""
    ours, sign, theirs = text.partition("=")
    if not (ours and sign and theirs):
        raise argparse.ArgumentTypeError(f"{text!r} does not map a column; use OURS=THEIRS, as in value=Average")
    return ours, theirs


def first_fault(error: ValidationError) -> str:
    """The first of pydantic's complaints as one line that names the flag."""
    fault = error.errors()[0]
    flag = "".join(f"--{str(part).replace('_', '-')}: " for part in fault["loc"][:1])
    return f"{flag}{fault['msg'].removeprefix('Value error, ')}"
