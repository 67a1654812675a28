"""A long past asked for in pieces: useful at once, cut anywhere, whole in the end, and never asked for twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import BaseModel

from metrics import config
from metrics.collect import Source, run
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, CoverageState, Event, Points, Series, Window
from metrics.store import read, write
from tests.collect.folders import configure

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock(datetime):
    """What the store takes the time from."""

    reads = NOW

    @classmethod
    def now(cls, tz: object = None) -> datetime:
        return cls.reads


class Nothing(BaseModel, frozen=True, extra="forbid"):
    pass


class Hourly:
    """A source of one sample an hour that remembers what it was asked, and may break at one of its questions."""

    def __init__(self) -> None:
        self.asked: list[Window] = []
        self.number = 0
        self.breaks: dict[int, Exception] = {}
        self.states: dict[int, tuple[CoverageState, bool]] = {}

    def collect(self, settings: Nothing, window: Window, http: httpx.Client) -> Iterator[Points | Coverage]:
        self.asked.append(window)
        self.number = number = self.number + 1
        if number in self.breaks:
            raise self.breaks[number]
        state, retryable = self.states.get(number, ("complete", False))
        if state == "complete":
            first = np.datetime64(window.start.replace(tzinfo=None), "h")
            ts = np.arange(first, np.datetime64(window.end.replace(tzinfo=None), "h")).astype("datetime64[us]")
            ts = ts[ts >= np.datetime64(window.start.replace(tzinfo=None), "us")]
            series = Series("default", "web", "system.cpu.utilization", "mean", "%", 3600, "hourly")
            yield Points(series, ts, np.ones(len(ts)))
        yield Coverage(
            "default", "web", "system.cpu.utilization", "hourly", window, state, "as told", retryable=retryable
        )


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "datetime", Clock)


@pytest.fixture
def hourly(monkeypatch: pytest.MonkeyPatch) -> Hourly:
    it = Hourly()
    source = Source("hourly", "hourly: x.", Nothing, it.collect, None, 30 * DAY, 3 * DAY / 24, 26 * DAY / 24, 8 * DAY)
    monkeypatch.setattr(run, "registry", lambda: {"hourly": source})
    return it


def collect(folder: Path, now: datetime = NOW, progress: run.Progress | None = None) -> Outcome:
    Clock.reads = now
    made = config.load(configure(folder, {"hourly": {}}))
    return run_source(made, chosen(made, [])[0], Request(now), progress)


def answers(folder: Path) -> list[tuple[datetime, datetime, str]]:
    with store_of(config.load(folder)).read() as db:
        found = read.coverage(db)
    return list(zip(found["window_start"], found["window_end"], found["state"], strict=True))


def test_the_first_run_reaches_back_newest_first(folder: Path, hourly: Hourly) -> None:
    told: list[tuple[str, int, int, str]] = []
    outcome = collect(folder, progress=lambda *words: told.append(words))
    assert (outcome.state, outcome.rows) == ("done", 30 * 24)
    assert hourly.asked[0] == Window(NOW.replace(hour=0), NOW)
    assert [b.end for b in hourly.asked[1:]] == [a.start for a in hourly.asked[:-1]]
    assert max(window.duration for window in hourly.asked) <= 8 * DAY
    assert answers(folder) == [(NOW - 30 * DAY, NOW, "complete")]
    assert told[0] == ("hourly", 0, 30, "days")
    assert told[-1] == ("hourly", 30, 30, "days")


def test_a_second_run_asks_for_what_is_new_and_late_and_adds_nothing(folder: Path, hourly: Hourly) -> None:
    collect(folder)
    hourly.asked.clear()
    assert collect(folder, NOW + timedelta(minutes=5)).rows == 0
    assert hourly.asked == [Window(NOW - timedelta(hours=3), NOW + timedelta(minutes=5))]


def test_a_run_that_broke_goes_on_where_it_stopped(folder: Path, hourly: Hourly) -> None:
    hourly.breaks[3] = SourceError("the source went away")
    outcome = collect(folder)
    assert (outcome.state, outcome.detail) == ("failed", "the source went away")
    newest = hourly.asked[1].start
    assert (newest, NOW, "complete") in answers(folder)
    hourly.asked.clear()
    assert collect(folder, NOW + timedelta(hours=3)).state == "done"
    assert max(window.end for window in hourly.asked[1:]) == newest
    assert [state for _, _, state in answers(folder)] == ["complete"]


def test_a_spent_budget_is_no_fault_and_the_next_run_goes_on(folder: Path, hourly: Hourly) -> None:
    hourly.breaks[3] = BudgetSpentError("its budget of 2 requests a run is spent; the next run goes on from here")
    outcome = collect(folder)
    assert outcome.state == "partial"
    assert outcome.detail.startswith("its budget of 2 requests")
    assert {state for _, _, state in answers(folder)} == {"complete"}
    assert collect(folder, NOW + timedelta(minutes=5)).state == "done"
    assert [state for _, _, state in answers(folder)] == ["complete"]


def test_a_hole_is_healed_by_a_later_run(folder: Path, hourly: Hourly) -> None:
    collect(folder)
    hourly.states[hourly.number + 1] = ("failed", True)
    assert collect(folder, NOW + timedelta(hours=1)).state == "partial"
    assert answers(folder)[-1] == (NOW, NOW + timedelta(hours=1), "failed")
    assert collect(folder, NOW + timedelta(hours=2)).rows == 2
    assert [state for _, _, state in answers(folder)] == ["complete"]


def test_what_was_forbidden_is_collected_once_it_is_allowed(folder: Path, hourly: Hourly) -> None:
    hourly.states = dict.fromkeys(range(1, 20), ("forbidden", False))
    outcome = collect(folder)
    assert (outcome.state, outcome.answers["forbidden"]) == ("partial", len(hourly.asked))
    assert outcome.detail == "web system.cpu.utilization: as told", "said once, however many pieces it was asked in"
    asked = len(hourly.asked)
    collect(folder, NOW + timedelta(minutes=5))
    assert len(hourly.asked) == asked + 1, "what is refused for good is asked for once a run, not for all its past"
    hourly.states = {}
    collect(folder, NOW + timedelta(minutes=10))
    later = NOW + timedelta(minutes=30)
    collect(folder, later)
    assert answers(folder)[-1] == (later - 30 * DAY, later, "complete")


def test_an_event_that_an_older_piece_corrects_is_corrected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deployed just before midnight, first seen under way by today's piece of a run, then done by yesterday's."""
    status = {"now": "running"}

    def collect_events(settings: Nothing, window: Window, http: httpx.Client) -> Iterator[Event | Coverage]:
        yield Event("default", "build", "1", NOW - DAY, "x", window.end, status=status["now"])
        status["now"] = "succeeded"
        yield Coverage("default", "web", "build", "x", window, "complete")

    monkeypatch.setattr(
        run, "registry", lambda: {"hourly": Source("x", "x", Nothing, collect_events, None, 2 * DAY, slice=DAY)}
    )
    collect(folder)
    with store_of(config.load(folder)).read() as db:
        assert db.rows("SELECT status FROM events") == [("succeeded",)]


def test_a_source_of_events_that_fails_leaves_a_hole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works = {"now": True}

    def collect_events(settings: Nothing, window: Window, http: httpx.Client) -> Iterator[Event | Coverage]:
        if not works["now"]:
            raise SourceError("gone")
        yield Coverage("default", "web", "build", "x", window, "complete")

    monkeypatch.setattr(run, "registry", lambda: {"hourly": Source("x", "x", Nothing, collect_events, None, DAY)})
    collect(folder)
    works["now"] = False
    collect(folder, NOW + DAY / 24)
    assert answers(folder)[-1] == (NOW, NOW + DAY / 24, "failed")
    works["now"] = True
    collect(folder, NOW + DAY / 12)
    assert [state for _, _, state in answers(folder)] == ["complete"]


def test_since_asks_again_for_any_past(folder: Path, hourly: Hourly) -> None:
    collect(folder)
    hourly.asked.clear()
    made = config.load(folder)
    run_source(made, chosen(made, [])[0], Request(NOW, since=NOW - 100 * DAY))
    assert hourly.asked[-1].start == NOW - 100 * DAY
    assert max(window.duration for window in hourly.asked) <= 8 * DAY
