"""kill -9 at random moments: nothing acknowledged is lost, nothing is doubled, the store opens again."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from metrics.store import Store, read
from tests.store.workers import PER_BATCH, SERIES, STEP, collect, context, load, serve

KILLS = 20
LOAD_ROWS = 6_000


def killed(work: Callable[..., None], path: Path, first: int, after_s: float) -> list[int]:
    """What a process acknowledged before it was killed, at a moment after its first word or from its start."""
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(path, first, theirs))
    process.start()
    theirs.close()
    heard = []
    if after_s >= 0.05 and mine.poll(30):
        heard.append(mine.recv())
    process.join(after_s)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while mine.poll():
        try:
            heard.append(mine.recv())
        except EOFError:
            break
    return heard


def check_whole(store: Store) -> None:
    with store.read() as db:
        ((rows, keys),) = db.rows("SELECT count(*), count(DISTINCT (series_id, ts)) FROM samples")
        assert rows == keys
        assert db.rows("SELECT coalesce(sum(n), 0) FROM hourly") == [(rows,)]
        assert db.rows("SELECT coalesce(sum(n), 0) FROM daily") == [(rows,)]
        assert db.rows("SELECT coalesce(sum(n), 0) FROM sketch") == [(rows,)]


@pytest.mark.parametrize("work", [collect, serve], ids=["collector", "app"])
def test_a_killed_collector_loses_nothing_acknowledged(tmp_path: Path, work: Callable[..., None]) -> None:
    chance, store = random.Random(20261123), Store(tmp_path / "t.duckdb")
    done = -1
    for _ in range(KILLS):
        heard = killed(work, store.path, done + 1, chance.uniform(0, 0.4))
        assert heard == list(range(done + 1, done + 1 + len(heard)))
        done += len(heard)
        if not store.exists():
            continue
        check_whole(store)
        with store.read() as db:
            counts = db.rows("SELECT series_id, count(*), max(ts) FROM samples GROUP BY ALL")
            answered = db.rows(
                "SELECT max(window_end) FROM coverage WHERE state = 'complete' GROUP BY component, part"
            )
        if done >= 0:
            assert len(counts) == len(SERIES)
            assert all(count >= done + PER_BATCH for _, count, _ in counts)
            # No answer runs ahead of the samples that it vouches for.
            newest = max(ts for _, _, ts in counts)
            assert all(end <= newest + STEP for (end,) in answered)
    assert done > KILLS


def test_a_killed_import_is_listed_and_completes_when_run_again(tmp_path: Path) -> None:
    chance, store = random.Random(7), Store(tmp_path / "t.duckdb")
    lines = [f"{1767225600 + 300 * (i // 10)},web-{i % 10},system.cpu.utilization,{i % 97}" for i in range(LOAD_ROWS)]
    (tmp_path / "load.csv").write_text("\n".join(["timestamp,component,indicator,value", *lines]))
    finished = 0
    for _ in range(KILLS):
        finished += len(killed(load, store.path, 0, chance.uniform(0, 0.5)))
        check_whole(store)
        with store.read() as db:
            states = list(read.runs(db)["state"])
            rows = db.rows("SELECT count(*) FROM samples")[0][0]
        assert states[0] in ("unfinished", "done", "superseded")
        assert rows in (0, LOAD_ROWS) or "unfinished" in states
        if finished:
            assert rows == LOAD_ROWS
    assert finished > 0
    with store.scratch() as mine:  # the next to need one sweeps what killed processes left
        assert list(tmp_path.glob(".scratch-*")) == [mine]
