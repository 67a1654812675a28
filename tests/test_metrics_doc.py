"""The examples of docs/metrics.md, computed by the product's own store and figures."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics import catalog
from metrics.model import Indicator, Points, Series, Window
from metrics.review.lines import figure, lines
from metrics.store import Store, read, write
from metrics.store.sketch import RELATIVE_ERROR

START = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
EXAMPLES = re.findall(r"### (\w+)\n.*?```text\n(.*?)```", Path("docs/metrics.md").read_text(), re.DOTALL)


def points(indicator: str, values: str) -> Points:
    known = catalog.load().indicators[indicator]
    numbers = np.array(values.split(), dtype=np.float64)
    ts = np.datetime64(START.replace(tzinfo=None), "us") + np.arange(len(numbers)) * np.timedelta64(300, "s")
    return Points(Series("jobs", "web", indicator, known.stat, known.unit, 300, "test"), ts, numbers)


def first_with(rollup: str) -> Indicator:
    return next(each for each in catalog.load().indicators.values() if each.rollup == rollup)


def test_every_rollup_has_an_example() -> None:
    used = {each.rollup for each in catalog.load().indicators.values()}
    assert used - {name for name, _ in EXAMPLES} == set()


@pytest.mark.parametrize(("rollup", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_example_is_what_the_page_would_say(tmp_path: Path, rollup: str, example: str) -> None:
    said = dict(line.split(": ") for line in example.strip().splitlines())
    store, run = Store(tmp_path / "t.duckdb"), 0
    run = write.begin_run(store, "collect", "test")
    window = Window(START, START + timedelta(days=1))
    if rollup == "ratio":
        indicator = first_with("ratio")
        sent = [
            points(str(indicator.numerator), said["numerator"]),
            points(str(indicator.denominator), said["denominator"]),
        ]
        write.batches(store, run, sent)
    elif rollup == "mean":  # no indicator rolls up by its mean yet: the store's own figure
        write.batches(store, run, [points("system.cpu.utilization", said["samples"])])
        with store.read() as db:
            assert read.period(db, window)["mean"].to_list() == [float(said["mean"])]
        return
    else:
        indicator = first_with(rollup)
        write.batches(store, run, [points(indicator.name, said["samples"])])
    with store.read() as db:
        known, rows = read.series(db), read.period(db, window)
    (line,) = [each for each in lines(known, catalog.load().indicators) if each.indicator == indicator]
    by_id = {int(row["series_id"]): row for row in rows.to_dict("records")}
    assert figure(line, by_id) == pytest.approx(float(said[rollup]), rel=RELATIVE_ERROR if rollup == "p95" else 1e-12)
