"""What every source must keep, whoever wrote it: run through the real runner into a real store."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pydantic
import pytest

from metrics import catalog, config
from metrics.collect import Source, registry
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.model import Window
from metrics.store import read
from tests.collect.examples import EXAMPLES, Example
from tests.collect.folders import ROOT, configure, metrics

SOURCES = sorted(registry())


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> Source:
    return registry()[request.param]


@pytest.fixture
def example(source: Source) -> Example:
    return EXAMPLES[source.kind]


@pytest.fixture
def folder(source: Source, example: Example, tmp_path: Path) -> Path:
    return configure(tmp_path, {"it": {"kind": source.kind, **example.settings(tmp_path)}})


def run(folder: Path, window: Window) -> Outcome:
    settings = config.load(folder)
    (it,) = chosen(settings, ["it"])
    return run_source(settings, it, Request(window.end, window.start, window.end))


def samples(folder: Path) -> pd.DataFrame:
    """All that the store holds, with the identity of its series beside it."""
    with store_of(config.load(folder)).read() as db:
        series = read.series(db)
        if series.empty:
            return series.assign(ts=[], value=[])
        ever = Window(series["first_ts"].min().to_pydatetime(), series["last_ts"].max() + timedelta(seconds=1))
        return read.samples(db, list(series["series_id"]), ever).merge(series, on="series_id")


def events(folder: Path) -> list[tuple[object, ...]]:
    """All that the store knows of events."""
    with store_of(config.load(folder)).read() as db:
        return db.rows("SELECT * EXCLUDE (observed_at, run_id) FROM events ORDER BY kind, id")


def test_its_docstring_begins_with_its_name(source: Source) -> None:
    assert source.title.startswith(f"{source.kind}: ")
    assert source.title.endswith(".")


def test_it_has_a_page_that_documents_every_setting(source: Source) -> None:
    page = (ROOT / "docs" / "collectors" / f"{source.kind}.md").read_text(encoding="utf-8")
    keys = {field.alias or name for name, field in source.settings.model_fields.items()}
    assert sorted(key for key in keys if f"`{key}`" not in page) == []
    assert f"| `{source.kind}` |" in (ROOT / "docs" / "collectors.md").read_text(encoding="utf-8")


def test_its_settings_are_frozen_and_take_no_unknown_key(source: Source, example: Example, tmp_path: Path) -> None:
    assert source.settings.model_config.get("frozen") is True
    with pytest.raises(pydantic.ValidationError, match="surprise"):
        source.settings(**example.settings(tmp_path), surprise=1)


def test_it_brings_series_in_canonical_units_and_nothing_from_outside_the_window(
    folder: Path, example: Example
) -> None:
    window = example.window()
    assert run(folder, window).state in ("done", "partial")
    found = samples(folder)
    assert found["series_id"].nunique() >= example.series
    assert len(events(folder)) >= example.events
    for row in found.drop_duplicates("series_id").itertuples():
        indicator = catalog.load().get(row.indicator)
        assert (row.indicator, row.unit, row.stat) == (indicator.name, indicator.unit, indicator.stat)
        assert row.source == "it"
    if example.series:
        assert found["ts"].min() >= window.start
        assert (found["ts"] + pd.to_timedelta(found["period_s"], unit="s")).max() <= window.end


def test_asking_again_brings_the_same_keys(folder: Path, example: Example) -> None:
    window = example.window()
    run(folder, window)
    before, happened = samples(folder), events(folder)
    again = run(folder, window)
    after = samples(folder)
    assert events(folder) == happened
    keys = ["series_id", "ts", *(["value"] if example.repeats else [])]
    pd.testing.assert_frame_equal(before[keys], after[keys])
    assert again.rows == 0 or not example.repeats


def test_it_answers_for_every_series_and_all_of_the_window(folder: Path, example: Example) -> None:
    window = example.window()
    run(folder, window)
    with store_of(config.load(folder)).read() as db:
        series, answers = read.series(db), read.coverage(db)
    key = ["service", "component", "part", "indicator"]
    asked = {tuple(row) for row in answers[key].itertuples(index=False)}
    assert {tuple(row) for row in series[key].itertuples(index=False)} <= asked
    if example.asks_for_all:
        for _, rows in answers.groupby(key, dropna=False):
            assert (rows["window_start"].min(), rows["window_end"].max()) == (window.start, window.end)
            assert (rows["window_end"].iloc[:-1].to_numpy() == rows["window_start"].iloc[1:].to_numpy()).all()


@pytest.mark.parametrize("source", [kind for kind in SOURCES if EXAMPLES[kind].empty], indirect=True)
def test_finding_nothing_is_no_fault(source: Source, example: Example, tmp_path: Path) -> None:
    assert example.empty is not None
    folder = configure(tmp_path, {"it": {"kind": source.kind, **example.empty(tmp_path)}})
    outcome = run(folder, example.window())
    assert (outcome.state, outcome.rows) == ("done", 0)


def test_check_says_that_it_is_alive(source: Source, folder: Path) -> None:
    done = metrics(folder, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^source it +fine ", done.stdout, re.MULTILINE)


def test_every_source_has_an_example() -> None:
    assert sorted(EXAMPLES) == SOURCES
