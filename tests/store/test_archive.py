"""Backup, restore, export, migration and re-sort keep every row."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from metrics.errors import InputError, StoreError
from metrics.store import Store, archive, compact, migrate, read, write
from metrics.store.migrate import steps
from tests.store.workers import batch


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "data" / "t.duckdb")
    run = write.begin_run(made, "collect", "test")
    for number in (40, 0, 20, 3):
        write.batches(made, run, batch(number))
    write.refuse(made, run, "a.csv", [(3, "value 'x' is not a finite number", "x")])
    write.end_run(made, run, "done")
    return made


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as db:
        names = [name for (name,) in db.rows("SELECT table_name FROM duckdb_tables()") if name != "layout"]
        return {name: sorted(db.rows(f"FROM {name}"), key=str) for name in names}


def test_a_restored_store_equals_the_original_row_by_row(store: Store, tmp_path: Path) -> None:
    (store.path.parent / "services").mkdir()
    (store.path.parent / "services" / "jobs.yaml").write_text("title: Jobs\n")
    written = archive.backup(store, tmp_path / "backup")
    assert "services/jobs.yaml" in written
    (tmp_path / "backup").rename(tmp_path / "moved")  # a backup can be moved
    restored = Store(tmp_path / "other" / "t.duckdb")
    archive.restore(restored, tmp_path / "moved")
    assert everything(restored) == everything(store)
    assert (tmp_path / "other" / "services" / "jobs.yaml").read_text() == "title: Jobs\n"
    write.batches(restored, write.begin_run(restored, "collect", "test"), batch(60))  # and goes on


def test_any_duckdb_reads_a_backup(store: Store, tmp_path: Path) -> None:
    archive.backup(store, tmp_path / "backup")
    with duckdb.connect() as plain:
        plain.execute(f"IMPORT DATABASE '{tmp_path}/backup/store'")
        assert plain.execute("SELECT count(*) FROM v_samples").fetchall()[0][0] > 0


def test_backup_and_restore_refuse_to_overwrite(store: Store, tmp_path: Path) -> None:
    archive.backup(store, tmp_path / "backup")
    with pytest.raises(InputError, match="is not empty; name a folder"):
        archive.backup(store, tmp_path / "backup")
    with pytest.raises(StoreError, match="exists already; move it away"):
        archive.restore(store, tmp_path / "backup")
    with pytest.raises(InputError, match="is no backup"):
        archive.restore(Store(tmp_path / "new" / "t.duckdb"), tmp_path)


def test_export_writes_a_view_and_names_the_views_there_are(store: Store, tmp_path: Path) -> None:
    rows = archive.export(store, "v_samples", "csv", tmp_path / "samples.csv")
    assert len(pd.read_csv(tmp_path / "samples.csv")) == rows > 0
    assert archive.export(store, "v_coverage", "parquet", tmp_path / "c.parquet") == len(
        pd.read_parquet(tmp_path / "c.parquet")
    )
    there_are = "v_actions, v_coverage, v_decisions, v_events, v_findings, v_reviews, v_samples"
    with pytest.raises(InputError, match=f"no view 'samples'; use one of {there_are}"):
        archive.export(store, "samples", "csv", tmp_path / "x.csv")


def test_a_resort_keeps_every_row_and_puts_samples_in_order(store: Store) -> None:
    before = everything(store)
    assert compact.compact(store)
    assert everything(store) == before
    with store.read() as db:
        assert db.rows("SELECT sorted_rows = total_rows FROM layout") == [(True,)]
        keys = db.rows("SELECT series_id, ts FROM samples ORDER BY rowid")
    assert keys == sorted(keys)


def test_a_resort_finds_what_stands_twice(store: Store) -> None:
    with store.write() as connection:
        connection.execute("INSERT INTO samples SELECT * FROM samples LIMIT 3")
    with pytest.raises(RuntimeError, match="3 samples stand twice"):
        compact.compact(store)


def test_a_resort_gives_way_to_a_writer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write.begin_run(store, "collect", "test")
    rebuild = compact._rebuild

    def slow(old: Path, new: Path) -> None:
        rebuild(old, new)
        write.batches(store, run, batch(90))

    monkeypatch.setattr(compact, "_rebuild", slow)
    assert not compact.compact(store)
    with store.read() as db:
        assert db.rows("SELECT count(*) FROM samples WHERE ts >= TIMESTAMP '2026-11-01 07:30:00'")[0][0] == 20 * 12
    assert not list(store.path.parent.glob(".scratch-*"))


def test_space_comes_back_after_forgetting(store: Store) -> None:
    assert not compact.needs_compacting(store)
    write.forget_source(store, "test")
    assert compact.compact(store)
    with store.read() as db:
        assert db.rows("SELECT count(*) FROM samples") == [(0,)]


def test_a_newer_schema_is_refused(store: Store) -> None:
    with store.exclusive() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (9999, 'x', now())")
    migrate._done.clear()
    with (
        pytest.raises(StoreError, match="has schema 9999, made by a newer Tomoni; this one knows up to"),
        store.read(),
    ):
        pass


def test_an_older_schema_is_migrated_after_a_backup(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(store)
    newest = steps()[-1][0]
    grown = [*steps(), (newest + 1, "more.sql", "CREATE TABLE more (x INTEGER); INSERT INTO more VALUES (1);")]
    monkeypatch.setattr(migrate, "steps", lambda: grown)
    migrate._done.clear()
    with store.read() as db:
        assert db.rows("FROM more") == [(1,)]
    kept = store.path.with_name(f"{store.path.name}.schema-{newest}")
    monkeypatch.undo()
    migrate._done.clear()
    shutil.copy(kept, store.path)
    assert everything(store) == before


def test_a_migration_that_fails_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = steps()[-1][0]
    broken = [*steps(), (newest + 1, "bad.sql", "CREATE TABLE more (x INTEGER); SELECT nonsense;")]
    monkeypatch.setattr(migrate, "steps", lambda: broken)
    migrate._done.clear()
    with pytest.raises(duckdb.BinderException), store.read():
        pass
    monkeypatch.undo()
    migrate._done.clear()
    with store.read() as db:
        assert "more" not in [name for (name,) in db.rows("SELECT table_name FROM duckdb_tables()")]


def test_keys_are_unique_without_help_from_the_database(store: Store) -> None:
    with store.read() as db:
        assert db.rows("SELECT count(*) - count(DISTINCT (series_id, ts)) FROM samples") == [(0,)]
        assert len(read.series(db)) == db.rows("SELECT count(DISTINCT series_id) FROM series")[0][0]
