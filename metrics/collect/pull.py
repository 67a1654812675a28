"""One run of one source, from the question to the stored answer."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

import httpx
from pydantic import BaseModel

from metrics.collect import Batch, Source
from metrics.collect.files import FileToRead, read_file
from metrics.collect.redaction import redacted
from metrics.errors import BudgetSpentError, InputError, SourceError, StoreError, TomoniError
from metrics.model import Coverage, CoverageState, Event, Points, Series, Snapshot, Window
from metrics.store import Store, read, write
from metrics.store.bulk import Result

__all__ = ["Outcome", "Progress", "Pull", "State", "sentence"]

log = logging.getLogger(__name__)

T = TypeVar("T")
_Key = tuple[str, str, str | None, str]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
State = Literal["done", "partial", "failed", "busy"]
Progress = Callable[[str, int, int, str], None]
"""Told what is read, how much so far, how much in all, and of what: rows of a file, days of a source's past."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of one source ended. `partial`: it answered, but not for every series or row."""

    source: str
    state: State
    rows: int = 0
    refused: int = 0
    answers: Mapping[CoverageState, int] = field(default_factory=dict)
    """How many questions ended in which way."""
    detail: str = ""


class Pull:
    """Carries one run: puts the name the source is configured under on all it yields, and keeps count."""

    def __init__(self, store: Store, name: str, secrets: tuple[str, ...], progress: Progress | None) -> None:
        self._store, self._name, self._secrets, self._progress = store, name, secrets, progress
        self._answers: Counter[CoverageState] = Counter()
        self._faults: list[str] = []
        self._refused: dict[tuple[str, str], set[str]] = {}
        """(component, why) -> the lines that were refused for it, however many windows they were asked for."""
        self._broke: Exception | None = None
        self._answered: set[_Key] = set()
        self._files: list[FileToRead] = []
        self._stamped: dict[Series, Series] = {}
        self._now = EPOCH
        """The end of the newest window of this run."""

    def run(self, source: Source, settings: BaseModel, windows: Sequence[Window], http: httpx.Client) -> Outcome:
        """Asks for each window in turn. Whatever the source does is recorded; raises only what the store raises."""
        run_id = write.begin_run(self._store, "collect", self._name)
        rows, window, self._now = 0, windows[0], windows[0].end
        try:
            for window in self._reported(windows):
                self._answered.clear()
                rows += write.batches(self._store, run_id, self._stamp(source, settings, window, http))
                if isinstance(self._broke, BudgetSpentError):
                    self._faults.append(str(self._broke))
                    break
                if self._broke:
                    return self._failed(run_id, self._broke, window, rows)
            read_rows, refused = self._read_files(run_id, window)
        except Exception as error:  # noqa: BLE001 - a source is a guest: no fault of one may stop another
            return self._failed(run_id, error, window, rows)
        self._faults += [f"{refused:,} row{'s' if refused > 1 else ''} refused"] if refused else []
        detail = self._summary()
        write.end_run(self._store, run_id, "done", detail)
        state: State = "partial" if detail else "done"
        return Outcome(self._name, state, rows + read_rows, refused, dict(self._answers), detail)

    def _reported(self, windows: Sequence[Window]) -> Iterator[Window]:
        """The windows, telling how many days are done where there is more than one to wait for."""
        days = [window.duration / DAY for window in windows]
        for number, window in enumerate(windows):
            yield window
            if self._progress and sum(days) > 1:
                self._progress(self._name, round(sum(days[: number + 1])), round(sum(days)), "days")

    def _stamp(self, source: Source, settings: BaseModel, window: Window, http: httpx.Client) -> Iterator[Batch]:
        """Ends early where the source breaks, so that what it had brought until then is written."""
        try:
            yield from self._stamped_batches(source.collect(settings, window, http), window)
        except Exception as error:  # noqa: BLE001 - see `run`
            self._broke = error

    def _stamped_batches(self, stream: Iterator[Batch | FileToRead], window: Window) -> Iterator[Batch]:
        for batch in stream:
            if isinstance(batch, FileToRead):
                self._files.append(batch)
            elif isinstance(batch, Points):
                series = self._stamped.setdefault(batch.series, replace(batch.series, source=self._name))
                yield replace(batch, series=series)
            elif isinstance(batch, Coverage):
                yield self._noted(replace(batch, source=self._name, detail=redacted(batch.detail, self._secrets)))
            elif isinstance(batch, Event):
                # All pieces of a run see it as it is now: what an older piece says is no older news.
                seen = self._now if batch.observed_at == window.end else batch.observed_at
                yield self._harmless(replace(batch, source=self._name, observed_at=seen))
            else:
                yield replace(batch, source=self._name, values=self._without_secrets(batch.values))

    def _harmless(self, event: Event) -> Event:
        """A source may repeat a secret in an address or a title, and everybody sees those."""
        said = self._without_secrets({"title": event.title, "url": event.url, "status": event.status})
        attrs = self._without_secrets(event.attrs)
        return replace(event, title=str(said["title"]), url=said["url"], status=said["status"], attrs=attrs)

    def _without_secrets(self, values: Mapping[str, T]) -> dict[str, T | str]:
        return {
            name: redacted(value, self._secrets) if isinstance(value, str) else value
            for name, value in values.items()
        }

    def _noted(self, answer: Coverage) -> Coverage:
        self._answers[answer.state] += 1
        self._answered.add((answer.service, answer.component, answer.part, answer.indicator))
        if answer.state in ("failed", "forbidden"):
            line = " ".join(filter(None, (answer.part, answer.indicator)))
            self._refused.setdefault((answer.component, answer.detail), set()).add(line)
        return answer

    def _read_files(self, run_id: int, window: Window) -> tuple[int, int]:
        """(rows written, rows refused) of the files that changed since they were last read."""
        written = refused = 0
        known = self._known_files() if self._files else {}
        broken: list[TomoniError] = []
        for file in self._files:
            try:
                result = self._read_if_changed(run_id, file, window, known)
            except (InputError, SourceError) as error:  # one file must not keep the others out
                broken.append(error)
                self._faults.append(redacted(str(error), self._secrets))
            else:
                written, refused = written + result.written, refused + result.refused
        if broken and len(broken) == len(self._files):
            raise broken[0]
        return written, refused

    def _read_if_changed(self, run_id: int, file: FileToRead, window: Window, known: Mapping[str, object]) -> Result:
        identity, name = file.identity(), redacted(file.name, self._secrets)
        if known.get(name) == identity:
            return Result(0, 0, 0)
        report = self._rows_of(file.path.name) if self._progress else None
        result = read_file(self._store, run_id, self._name, file, report)
        layout = file.layout
        seen = Snapshot(layout.service, layout.component or "", name, window.end, self._name, identity)
        write.batches(self._store, run_id, [seen])
        return result

    def _rows_of(self, file: str) -> Callable[[int, int], None]:
        def report(done: int, total: int) -> None:
            if self._progress:
                self._progress(file, done, total, "rows")

        return report

    def _known_files(self) -> dict[str, object]:
        with self._store.read() as db:
            seen = read.snapshots(db)
        mine = seen[seen["source"] == self._name]
        return dict(zip(mine["kind"], mine["values"], strict=True))

    def _failed(self, run_id: int, error: Exception, window: Window, rows: int = 0) -> Outcome:
        detail = redacted(sentence(error), self._secrets)
        if not isinstance(error, TomoniError | httpx.RequestError):
            log.error("%s: %s", self._name, redacted("".join(traceback.format_exception(error)), self._secrets))
        with suppress(StoreError):  # what can't be recorded is still reported
            retryable = error.retryable if isinstance(error, SourceError) else True
            write.batches(self._store, run_id, self._unanswered(window, detail, retryable=retryable))
            write.end_run(self._store, run_id, "failed", detail)
        return Outcome(self._name, "failed", rows, answers=dict(self._answers), detail=detail)

    def _unanswered(self, window: Window, detail: str, *, retryable: bool) -> Iterator[Coverage]:
        """`failed` for everything that the source is known for and has not answered."""
        for key in dict.fromkeys(self._known()):
            if key not in self._answered:
                service, component, part, indicator = key
                yield Coverage(
                    service, component, indicator, self._name, window, "failed", detail, part, retryable=retryable
                )

    def _known(self) -> Iterator[_Key]:
        """What it brought samples of, and what it answered for: of events there is nothing else."""
        with self._store.read() as db:
            frames = read.series(db), read.coverage(db)
        for frame in frames:
            mine = frame[frame["source"] == self._name]
            yield from zip(mine["service"], mine["component"], mine["part"], mine["indicator"], strict=True)

    def _summary(self) -> str:
        """The first thing that is wrong, and how many more there are."""
        refused = [
            f"{component} {next(iter(lines)) if len(lines) == 1 else f'({len(lines)} lines)'}: {detail}"
            for (component, detail), lines in self._refused.items()
        ]
        wrong = [*refused, *self._faults]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return f"{wrong[0]}{more}" if wrong else ""


def sentence(error: Exception) -> str:
    """What went wrong, for a person. Secrets may still be in it."""
    if isinstance(error, TomoniError):
        return str(error)
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, httpx.TransportError):
        return f"can't be reached: {said}"
    if isinstance(error, httpx.RequestError):
        return f"answered what can't be read: {said}"
    return f"a fault in the source itself: {said}"
