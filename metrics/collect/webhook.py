"""webhook: events in JSON files that a CI or a script drops into a folder.

A source keeps nothing, so every run reads every file; keys make that harmless, and a file that was mended is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from glob import glob
from pathlib import Path
from typing import Annotated, Final, NoReturn

import httpx
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from metrics.collect import Sign
from metrics.collect.names import ComponentName, ServiceName
from metrics.errors import InputError
from metrics.faults import faults
from metrics.model import Coverage, Event, EventKind, Window

__all__ = ["BACKFILL", "Happened", "Settings", "check", "collect", "schema"]

# Files are read whole, however old what they tell is; this is only how far back the first answer speaks.
BACKFILL = timedelta(days=1)
SOURCE: Final = "webhook"
# Whoever writes a file in place is done after this.
BEING_WRITTEN: Final = timedelta(seconds=2)
# What the store takes.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LARGEST_FILE: Final = 16 * 2**20
# So many faults are said one by one.
NAMED: Final = 20

_RUNS: Final = ("succeeded", "failed", "errored", "aborted", "running")
STATUSES: Final[Mapping[EventKind, tuple[str, ...]]] = {
    "deployment": ("succeeded", "failed", "running", "aborted"),
    "incident": ("open", "resolved"),
    "change": ("merged",),
    "alert": ("open", "resolved"),
    "batch_run": _RUNS,
    "build": _RUNS,
    "defect": ("open", "fixed"),
}


def _as_text(written: object) -> object:
    """Many a CI counts its runs."""
    return str(written) if isinstance(written, int) and not isinstance(written, bool) else written


# The schema tells of all that is taken.
_Time = Annotated[
    AwareDatetime, WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]})
]
_Name = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(min_length=1, max_length=500),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 500}),
]


class Happened(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True):
    """One event, as it stands in a file."""

    kind: EventKind
    """deployment, incident, change, alert, batch_run, build or defect."""
    id: _Name
    """Its name, for ever: a later file with the same one corrects it."""
    service: ServiceName | None = None
    component: ComponentName | None = None
    started_at: _Time
    ended_at: _Time | None = None
    status: str | None = None
    title: str = ""
    url: str | None = None
    attrs: Mapping[str, str | int | float | bool | None] = {}
    """All else that is known of it; docs/data.md has the names that pages read."""

    @field_validator("started_at", "ended_at")
    @classmethod
    def _is_of_our_time(cls, time: datetime | None) -> datetime | None:
        if time is not None and not EARLIEST <= time < LATEST:
            raise ValueError(f"is not from {EARLIEST.year} to {LATEST.year}")
        return time

    @field_validator("url")
    @classmethod
    def _url_can_be_opened(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("https://", "http://")):
            raise ValueError(f"{url!r} is no address; write one that begins with https://")
        return url

    @model_validator(mode="after")
    def _agrees(self) -> Happened:
        if self.ended_at is not None and self.ended_at < self.started_at:
            raise ValueError(
                f"ended_at {self.ended_at.isoformat()} is before started_at {self.started_at.isoformat()}"
            )
        if self.status is not None and self.status not in STATUSES[self.kind]:
            raise ValueError(
                f"status is {self.status!r}; of a {self.kind} use one of {', '.join(STATUSES[self.kind])}"
            )
        return self

    def event(self, service: str, observed_at: datetime) -> Event:
        return Event(
            service=self.service or service,
            kind=self.kind,
            id=self.id,
            started_at=self.started_at.astimezone(UTC),
            ended_at=self.ended_at.astimezone(UTC) if self.ended_at else None,
            source=SOURCE,
            observed_at=observed_at,
            component=self.component,
            status=self.status or self._by_its_end(),
            title=self.title,
            url=self.url,
            attrs=dict(self.attrs),
        )

    def _by_its_end(self) -> str | None:
        """What its times tell; how a run went they do not."""
        if self.kind in ("incident", "alert", "defect"):
            return STATUSES[self.kind][self.ended_at is not None]
        return "merged" if self.kind == "change" and self.ended_at else None


def schema() -> str:
    """What a file may hold, as JSON Schema: docs/webhook.schema.json."""
    event = Happened.model_json_schema(ref_template="#/$defs/{model}")
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A file for Tomoni's webhook folder"}
    either = [{"$ref": "#/$defs/Happened"}, {"type": "array", "items": {"$ref": "#/$defs/Happened"}}]
    return json.dumps({**title, "anyOf": either, "$defs": {"Happened": event}}, indent=2)


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Which files, and whose events they are where they don't say."""

    path: str = Field(default="webhook/*.json", min_length=1)
    """A pattern (`**/` for any depth); a relative one starts at the data folder."""
    service: str = "default"
    folder: Path = Path()
    """Where a relative path starts; the runner gives the data folder."""


@dataclass(frozen=True, slots=True)
class _File:
    """One file as it was read."""

    name: str
    written: datetime
    happened: tuple[Happened, ...]
    wrong: tuple[str, ...]
    """What can't be taken, each with where it stands and what is valid."""


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Event | Coverage]:
    """Every event of every file, whenever it happened; of several with one name the one that was written last."""
    files = list(_files(settings, window.end))
    events = {
        (event.service, event.kind, event.id): event
        for file in files
        for event in (each.event(settings.service, file.written) for each in file.happened)
    }
    yield from events.values()
    for service, component, kind in dict.fromkeys(
        (e.service, e.component or SOURCE, e.kind) for e in events.values()
    ):
        yield Coverage(service, component, kind, SOURCE, window, "complete")
    wrong = [fault for file in files for fault in file.wrong]
    whose = (settings.service, SOURCE, SOURCE, SOURCE, window)
    if wrong:
        # All files are read again by the next run, so a mended one heals this.
        yield Coverage(*whose, "failed", _told(wrong)[:300], retryable=True)
    else:
        yield Coverage(*whose, "complete" if files else "empty", "" if files else f"no file matches {settings.path}")


def _told(wrong: list[str]) -> str:
    count = f"{len(wrong)} faults, the first: " if len(wrong) > 1 else ""
    return count + wrong[0]


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """How many files and events there are, and what is wrong with which."""
    files = list(_files(settings, None))
    for fault in [fault for file in files for fault in file.wrong][:NAMED]:
        yield Sign("wrong", fault)
    if not files:
        yield Sign("note", f"no file matches {settings.path} below {settings.folder}")
    if not any(file.wrong for file in files):
        events = sum(len(file.happened) for file in files)
        yield Sign("fine", f"files: {len(files)}, events: {events}")


def _files(settings: Settings, now: datetime | None) -> Iterator[_File]:
    """Those that match, in the order in which they were written. What seems half-written waits for the next run."""
    # Not Path.glob: it takes no absolute pattern. The folder is no pattern, whatever it is called.
    names = glob(settings.path, root_dir=settings.folder, recursive=True)  # noqa: PTH207
    paths = [path for path in (settings.folder / name for name in names) if path.is_file()]
    read = [file for path in paths if (file := _read(path, now)) is not None]
    yield from sorted(read, key=lambda file: (file.written, file.name))


def _read(path: Path, now: datetime | None) -> _File | None:
    """None where it is gone meanwhile, or seems to be under way."""
    written = datetime.fromtimestamp(0, UTC)
    try:
        status = path.stat()
        written = datetime.fromtimestamp(status.st_mtime, UTC)
        if status.st_size > LARGEST_FILE:
            return _File(
                path.name, written, (), (f"{path.name}: is larger than {LARGEST_FILE // 2**20} MiB; divide it",)
            )
        items = list(_items(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError:
        return None
    except OSError as error:
        return _File(path.name, written, (), (f"{path.name}: {error.strerror}",))
    except (InputError, UnicodeDecodeError) as error:
        if now is not None and now - written < BEING_WRITTEN:
            return None
        said = "is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        return _File(path.name, written, (), (f"{path.name}: {said}",))
    happened, wrong = [], []
    for number, item in enumerate(items, start=1):
        where = f"{path.name}, event {number}" if len(items) > 1 else path.name
        try:
            happened.append(Happened.model_validate(item))
        except ValidationError as error:
            wrong.append(f"{where}: {_fault(error, item)}")
    return _File(path.name, written, tuple(happened), tuple(wrong))


def _fault(error: ValidationError, item: object) -> str:
    if not isinstance(item, Mapping):
        return "is no JSON object"
    first = faults(error, Happened, item)[0]
    says = first.says if first.key else first.says.removeprefix("is wrong: ")
    return f"{'.'.join(map(str, first.key))} {says}".strip()[:200]


def _items(text: str) -> Iterator[object]:
    """One object, a list of objects, or one object a line. Raises InputError."""
    try:
        whole = _parsed(text)
    except (ValueError, RecursionError) as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith("{") for _, line in lines):
            raise InputError(f"is no JSON: {error}") from None
        yield from (_line(number, line) for number, line in lines)
        return
    yield from whole if isinstance(whole, list) else [whole]


def _line(number: int, line: str) -> object:
    try:
        return _parsed(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number} is no JSON: {error}") from None


def _parsed(text: str) -> object:
    found: object = json.loads(text, parse_constant=_refuse)
    # JSON can write half a character, which no text can hold.
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
