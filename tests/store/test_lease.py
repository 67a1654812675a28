"""Many processes on one file: nobody sees a lock error, nobody starves, nobody sees half a batch."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from metrics.errors import StoreBusyError, StoreError
from metrics.store import Store, write
from tests.store.workers import batch, collected, context, looked

SECONDS = 20


def test_one_writer_and_four_readers_take_turns_for_20_seconds(tmp_path: Path) -> None:
    path = tmp_path / "t.duckdb"
    write.batches(Store(path), write.begin_run(Store(path), "collect", "test"), batch(0))
    ends, processes = [], []
    for work in (collected, looked, looked, looked, looked):
        mine, theirs = context.Pipe(duplex=False)
        processes.append(context.Process(target=work, args=(path, SECONDS, theirs)))
        ends.append(mine)
    for process in processes:
        process.start()
    (took, _held), *reads = [end.recv() for end in ends]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    # Each gets a fair share: far more than one turn a second, whatever the machine.
    assert len(took) > SECONDS
    assert all(len(questions) > SECONDS for questions in reads)
    assert max(max(took), *map(max, reads)) < 5


def test_a_reader_sees_one_state_while_a_writer_waits(tmp_path: Path) -> None:
    store = Store(tmp_path / "t.duckdb")
    run = write.begin_run(store, "collect", "test")
    write.batches(store, run, batch(0))
    with store.read() as db:
        before = db.rows("SELECT count(*) FROM samples")
        writer = threading.Thread(target=write.batches, args=(store, run, batch(100)))
        writer.start()
        time.sleep(0.2)
        assert db.rows("SELECT count(*) FROM samples") == before
    writer.join(10)
    with store.read() as db:
        assert db.rows("SELECT count(*) FROM samples")[0][0] == 2 * before[0][0]


def test_a_block_that_raises_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "t.duckdb")
    write.begin_run(store, "collect", "test")
    version = store.version()
    with pytest.raises(ZeroDivisionError), store.write() as connection:  # noqa: PT012 - the block is the subject
        connection.execute("DELETE FROM runs")
        raise ZeroDivisionError
    with store.read() as db:
        assert len(db.rows("FROM runs")) == 1
    assert store.version() == version


def test_the_version_changes_with_every_commit_and_only_then(tmp_path: Path) -> None:
    store = Store(tmp_path / "t.duckdb")
    run = write.begin_run(store, "collect", "test")
    seen = [store.version()]
    for number in range(5):
        write.batches(store, run, batch(number))
        seen.append(store.version())
        with store.read() as db:
            db.rows("FROM series")
        assert store.version() == seen[-1]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("act", ["read", "write"])
def test_a_foreign_process_is_named_after_a_bounded_wait(tmp_path: Path, act: str) -> None:
    store = Store(tmp_path / "t.duckdb", patience_s=0.5)
    write.begin_run(store, "collect", "test")
    shell = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(store.path)!r}); print(1, flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert shell.stdout is not None
    shell.stdout.readline()
    began = time.monotonic()
    with pytest.raises(StoreBusyError) as refusal, getattr(store, act)():
        pass
    assert time.monotonic() - began < 3
    shell.communicate(b"\n")
    assert f"is held by process {shell.pid} (python" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    with store.read() as db:  # and goes on when the shell has left
        assert db.rows("FROM runs")


def test_reading_where_no_store_is_says_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match=r"there is no t\.duckdb in .* yet: fill it with"),
        Store(tmp_path / "t.duckdb").read(),
    ):
        pass
    assert not (tmp_path / "t.duckdb").exists()
