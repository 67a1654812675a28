"""What else happens to a file on a disk: foreign shells, odd names, killed processes, no rights, no descriptors."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from metrics.errors import InputError, StoreError
from metrics.store import Store, archive, compact, migrate, write
from metrics.store.connection import log_of
from metrics.store.shared import IDLE_S
from tests.store.workers import batch

OPEN = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'ro'); print(1, flush=True); "
KILLED = """
import os, sys
from pathlib import Path
from metrics.store import Store
with Store(Path(sys.argv[1])).exclusive() as connection:
    connection.execute("INSERT INTO runs (run_id) VALUES (77)")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "data's [1] é" / "t.duckdb", patience_s=0.5)
    write.batches(made, write.begin_run(made, "collect", "test"), batch(0))
    return made


@contextmanager
def shell(store: Store, mode: str) -> Iterator[bool]:
    """An analyst's shell on the file; whether DuckDB let it in."""
    command = [sys.executable, "-c", OPEN + "sys.stdin.read()", str(store.path), mode]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        yield bool(process.stdout.readline())
        process.stdin.close()


def idle() -> None:
    time.sleep(IDLE_S * 2)


def test_a_new_process_reads_beside_a_read_only_shell(store: Store) -> None:
    idle()
    with shell(store, "ro") as is_in:
        assert is_in
        migrate._done.clear()  # as a process that has just started
        with store.read() as db:
            assert db.rows("SELECT count(*) > 0 FROM samples") == [(True,)]


def test_a_copy_leaves_duckdbs_own_lock_in_place(store: Store, tmp_path: Path) -> None:
    with store.read():
        store.copy(tmp_path / "copy.duckdb")
        with shell(store, "rw") as is_in:
            assert not is_in


def test_a_resort_takes_no_file_away_from_a_shell_that_writes(store: Store, tmp_path: Path) -> None:
    store.copy(tmp_path / "copy.duckdb")
    idle()
    version = store.version()
    with shell(store, "rw") as is_in:
        assert is_in
        with pytest.raises(StoreError, match="is held by process"):
            store.replace(tmp_path / "copy.duckdb", unless_changed_since=version)
    assert store.replace(tmp_path / "copy.duckdb", unless_changed_since=version)
    with store.read() as db:
        assert db.rows("SELECT count(*) > 0 FROM samples") == [(True,)]


def test_names_with_quotes_brackets_and_spaces_are_only_names(store: Store, tmp_path: Path) -> None:
    to = tmp_path / 'o\'clock [2] "x"'
    archive.backup(store, to)
    to.rename(tmp_path / "moved")
    with duckdb.connect() as plain:  # any DuckDB reads it, wherever it is
        plain.execute(f"IMPORT DATABASE '{tmp_path / 'moved'}/store'")
    restored = Store(tmp_path / "new's" / "t.duckdb")
    archive.restore(restored, tmp_path / "moved")
    assert archive.export(restored, "v_samples", "csv", tmp_path / "a [1]'s.csv") > 0
    assert compact.compact(restored)


def test_a_log_left_by_a_kill_is_backed_up_and_never_meets_another_file(store: Store, tmp_path: Path) -> None:
    idle()
    subprocess.run([sys.executable, "-c", KILLED, str(store.path)], check=False)
    assert log_of(store.path).exists()
    archive.backup(store, tmp_path / "backup")
    restored = Store(tmp_path / "other" / "t.duckdb")
    archive.restore(restored, tmp_path / "backup")
    with restored.read() as db:
        assert (77,) in db.rows("SELECT run_id FROM runs")
    store.path.rename(tmp_path / "away.duckdb")
    with pytest.raises(StoreError, match=r"t\.duckdb\.wal exists already; move it away"):
        archive.restore(store, tmp_path / "backup")


def test_a_store_that_appears_during_a_restore_is_kept(store: Store, tmp_path: Path) -> None:
    archive.backup(store, tmp_path / "backup")
    (tmp_path / "new.duckdb").write_bytes(b"x")
    with pytest.raises(StoreError, match="exists already"):
        store.settle(tmp_path / "new.duckdb")
    with store.read() as db:
        assert db.rows("SELECT count(*) > 0 FROM samples") == [(True,)]


def test_an_export_does_not_overwrite_the_store(store: Store) -> None:
    with pytest.raises(InputError, match="is the store itself"):
        archive.export(store, "v_samples", "csv", store.path)


def test_an_empty_file_left_by_a_kill_becomes_a_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "t.duckdb")
    store.path.touch()
    (tmp_path / "t.duckdb.new").write_bytes(b"half")
    write.begin_run(store, "collect", "test")
    with duckdb.connect(store.path, read_only=True) as plain:
        ((tags,),) = plain.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 't'").fetchall()
    assert tags["storage_version"].startswith("v1.5")


def test_a_folder_that_cant_be_one_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match=r"t\.duckdb can't be opened: File exists"):
        write.begin_run(Store(tmp_path / "data" / "t.duckdb"), "collect", "test")


def test_a_reader_without_descriptors_leaves_all_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def exhausted(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if threading.current_thread().name == "store-lease":
            raise OSError(errno.EMFILE, "Too many open files")
        return opened(path, flags, mode)

    with store.read():
        monkeypatch.setattr(os, "open", exhausted)
    idle()
    write.begin_run(store, "collect", "test")  # would wait for ever


def test_a_thread_that_reads_may_read_again_while_a_writer_waits(store: Store) -> None:
    with store.read():
        writer = threading.Thread(target=write.begin_run, args=(store, "collect", "test"))
        writer.start()
        time.sleep(0.1)
        with store.read() as db:
            assert db.rows("SELECT 1") == [(1,)]
    writer.join(10)
    assert not writer.is_alive()


def test_a_thread_that_reads_and_would_write_is_a_bug_and_not_a_wait(store: Store) -> None:
    with store.read(), pytest.raises(RuntimeError, match="must not write it"):
        write.begin_run(store, "collect", "test")


def test_a_failed_commit_keeps_its_own_fault(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as connection:  # noqa: PT012 - the block is the subject
        connection.execute("ROLLBACK")
        raise ZeroDivisionError


def test_ten_thousand_refusals_hold_the_lease_briefly(store: Store) -> None:
    run = write.begin_run(store, "import", "test")
    began = time.monotonic()
    write.refuse(store, run, "a.csv", [(n, "no", "x") for n in range(10_000)])
    assert time.monotonic() - began < 2
    assert write.refuse(store, run, "a.csv", [], total=3) == 3
    with store.read() as db:
        assert db.rows(f"SELECT rows_refused FROM runs WHERE run_id = {run}") == [(10_003,)]


def test_an_analysts_own_table_stays_through_a_resort_and_a_backup(store: Store, tmp_path: Path) -> None:
    with store.exclusive() as connection:
        connection.execute('CREATE TABLE "my notes" (x INTEGER); INSERT INTO "my notes" VALUES (7)')
        connection.execute('CREATE VIEW mine AS SELECT x FROM "my notes"')
    assert compact.compact(store)
    archive.backup(store, tmp_path / "backup")
    restored = Store(tmp_path / "new" / "t.duckdb")
    archive.restore(restored, tmp_path / "backup")
    with restored.read() as db:
        assert db.rows("FROM mine") == [(7,)]
