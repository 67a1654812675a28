"""When a source is due, and the loop inside the app."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from metrics import config
from metrics.collect.loop import Loop, next_run, next_runs, start_in_background
from metrics.collect.run import Outcome, store_of
from metrics.errors import TomoniError
from metrics.store import read
from tests.collect.folders import configure

FIVE = timedelta(minutes=5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-08T{text}Z")


def test_runs_fall_on_full_multiples_of_the_rhythm() -> None:
    assert next_run(None, FIVE, at("12:03:00")) == at("12:03:00")
    assert next_run(at("12:03:00"), FIVE, at("12:03:10")) == at("12:05:00")
    assert next_run(at("12:05:00"), FIVE, at("12:05:00")) == at("12:10:00")
    assert next_run(at("12:05:00.2"), FIVE, at("12:09:59.9")) == at("12:10:00")
    assert next_run(at("09:00:00"), FIVE, at("12:03:00")) == at("12:03:00")


def test_a_run_under_a_wrong_clock_does_not_stop_collecting_until_then() -> None:
    assert next_run(at("12:03:00") + timedelta(days=900), FIVE, at("12:03:00")) == at("12:03:00")
    assert next_run(at("12:03:00.4"), FIVE, at("12:03:00")) == at("12:05:00")  # another loop was a little quicker


def test_the_next_runs_follow_from_the_stored_ones(folder: Path) -> None:
    configure(folder, {"a": {"kind": "host"}, "b": {"kind": "host", "every": "1h"}, "c": {"kind": "host"}})
    runs = pd.DataFrame(
        {
            "verb": ["collect", "collect", "import"],
            "source": ["a", "b", "c"],
            "started_at": pd.to_datetime(["2026-06-08T12:01Z", "2026-06-08T12:01Z", "2026-06-08T12:01Z"], utc=True),
        }
    )
    now = at("12:03:00")
    assert next_runs(config.load(folder), runs, now) == {"a": at("12:05:00"), "b": at("13:00:00"), "c": now}
    assert next_runs(config.load(folder), runs.iloc[:0], now) == {"a": now, "b": now, "c": now}


def test_the_app_collects_only_when_it_is_told_to(folder: Path) -> None:
    configure(folder, {"me": {"kind": "host", "component": "me"}}, collect={"in_app": False})
    assert start_in_background(folder, lambda *_: None) is None


def test_the_loop_in_the_app_collects_until_it_is_stopped(folder: Path) -> None:
    configure(folder, {"me": {"kind": "host", "component": "me"}}, collect={"in_app": True, "every": "2s"})
    looked: list[datetime] = []
    handle = start_in_background(folder, lambda config, now: looked.append(now))
    assert handle is not None
    store = store_of(config.load(folder))
    deadline = time.monotonic() + 30
    done = 0
    while done < 2 and time.monotonic() < deadline:
        time.sleep(0.3)
        if store.exists():
            with store.read() as db:
                done = int((read.runs(db)["state"] == "done").sum())
    assert handle.is_running
    handle.stop()
    assert not handle.is_running
    assert done >= 2
    assert len(looked) >= 2


def test_a_source_added_while_it_runs_is_taken_up_and_a_broken_file_is_survived(folder: Path) -> None:
    configure(folder, {"one": {"kind": "host", "component": "one"}})
    said: list[str] = []

    def report(news: Outcome | TomoniError) -> None:
        said.append(news.source if isinstance(news, Outcome) else "broken")
        if said[-1] == "one":
            (folder / "tomoni.yaml").write_text("sources: [", encoding="utf-8")
        elif said[-1] == "broken":
            configure(folder, {"one": {"kind": "host", "component": "one"}, "two": {"kind": "files", "path": "x"}})
        elif said[-1] == "two":
            loop.stop()

    began, real = time.monotonic(), datetime.now(UTC)
    # A clock that runs sixty times as fast: the configuration is looked at every quarter of a second.
    loop = Loop(folder, lambda: real + 60 * timedelta(seconds=time.monotonic() - began), report, lambda *_: None)
    loop.run()
    assert list(dict.fromkeys(said)) == ["one", "broken", "two"]
