"""docs/metrics.md says what the code does: its examples are computed, its tables compared with the catalogue."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics import catalog
from metrics.model import Indicator, Points, Series, Threshold, Window
from metrics.review.lines import Line, figure, lines
from metrics.review.reading import NOTABLE_POINTS, NOTABLE_SHARE, Reading
from metrics.store import Store, read, write
from metrics.store.sketch import RELATIVE_ERROR
from tests.documents import FENCE, document

START = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
KNOWN = catalog.load()
SAID = document("docs/metrics.md")


def examples(section: str) -> list[tuple[str, dict[str, str]]]:
    """Each `text` block below a heading of the section, as its keys and values."""
    parts = re.split(r"^### (\w+)\n", SAID.section(section), flags=re.MULTILINE)[1:]
    return [
        (name, dict(line.split(": ", 1) for line in block.splitlines()))
        for name, text in zip(parts[::2], parts[1::2], strict=True)
        for language, block in FENCE.findall(text)
        if language == "text"
    ]


def points(indicator: str, values: str) -> Points:
    known = KNOWN.indicators[indicator]
    numbers = np.array(values.split(), dtype=np.float64)
    ts = np.datetime64(START.replace(tzinfo=None), "us") + np.arange(len(numbers)) * np.timedelta64(300, "s")
    return Points(Series("jobs", "web", indicator, known.stat, known.unit, 300, "test"), ts, numbers)


def period_of(tmp_path: Path, *sent: Points) -> tuple[dict[int, dict[str, float]], tuple[Line, ...]]:
    """What the store makes of the samples for a day, and the lines that the pages see."""
    store = Store(tmp_path / "t.duckdb")
    write.batches(store, write.begin_run(store, "collect", "test"), list(sent))
    with store.read() as db:
        rows = read.period(db, Window(START, START + timedelta(days=1))).to_dict("records")
        return {int(row["series_id"]): row for row in rows}, lines(read.series(db), KNOWN.indicators)


@pytest.mark.parametrize(("rollup", "said"), examples("Roll-ups"), ids=lambda value: str(value)[:10])
def test_a_rollup_is_what_the_page_would_say(tmp_path: Path, rollup: str, said: dict[str, str]) -> None:
    expected = pytest.approx(float(said[rollup]), rel=RELATIVE_ERROR if rollup == "p95" else 1e-12)
    if rollup == "mean":  # no indicator rolls up by its mean yet: the store's own figure
        by_id, _ = period_of(tmp_path, points("system.cpu.utilization", said["samples"]))
        assert [row["mean"] for row in by_id.values()] == [expected]
        return
    indicator = next(each for each in KNOWN.indicators.values() if each.rollup == rollup)
    counts = [(indicator.numerator, said.get("numerator")), (indicator.denominator, said.get("denominator"))]
    sent = counts if "numerator" in said else [(indicator.name, said["samples"])]
    by_id, drawn = period_of(tmp_path, *(points(str(name), str(values)) for name, values in sent))
    (line,) = [each for each in drawn if each.indicator == indicator]
    assert figure(line, by_id) == expected


def test_every_rollup_has_all_four_parts() -> None:
    """Definition, formula, source and a worked example."""
    used = {each.rollup for each in KNOWN.indicators.values()}
    assert used <= {name for name, _ in examples("Roll-ups")}
    for name, _ in [*examples("Roll-ups"), *examples("Comparisons")]:
        section = SAID.section(name)
        assert re.findall(r"^\*\*(\w+)\.\*\*", section, re.MULTILINE) == ["Definition", "Formula", "Source"], name


def reading(said: dict[str, str]) -> Reading:
    indicator = KNOWN.get(said["indicator"])
    line = Line("jobs", "web", None, indicator, (1,), "test", 300, START, START)
    threshold = Threshold(indicator.name, float(said["threshold"]), "doc") if "threshold" in said else None
    return Reading(line, float(said["now"]), float(said["before"]) if "before" in said else None, threshold)


@pytest.mark.parametrize(("name", "said"), examples("Comparisons"), ids=lambda value: str(value)[:10])
def test_a_comparison_is_what_the_page_would_say(name: str, said: dict[str, str]) -> None:
    made = reading(said)
    amount, unit = said[name].split()
    if name == "headroom":
        assert made.headroom == pytest.approx(float(amount) / 100)
    elif unit == "pt":
        assert made.change == pytest.approx(float(amount))
        assert made.line.indicator.unit == "%"
    else:
        assert made.share == pytest.approx(float(amount) / 100)
    assert made.moved == said.get("said", made.moved)


def test_what_is_worth_a_word_is_said() -> None:
    section = " ".join(SAID.section("change").split())
    assert f"from {100 * NOTABLE_SHARE:g} % of the earlier figure on" in section
    assert f"from {NOTABLE_POINTS:g} pt on" in section


def row(each: Indicator) -> str:
    counts = f": {each.numerator} ÷ {each.denominator}" if each.rollup == "ratio" else ""
    short = ", ".join(f"`{alias}`" for alias in each.aliases) or "–"
    return (
        f"| `{each.name}` | {each.title} ({each.title_ja}) | {short} | `{each.unit}` | {each.better} "
        f"| {each.perspective} | {each.stat} → {each.rollup}{counts} | {', '.join(each.kinds) or '–'} "
        f"| {each.otel or '–'} |"
    )


def test_the_table_of_indicators_is_the_catalogue() -> None:
    """To mend it after a change of catalog.yaml, paste the expected rows."""
    rows = [line for line in SAID.section("Indicators").splitlines() if line.startswith("| `")]
    expected = [row(each) for each in KNOWN.indicators.values()]
    assert rows == expected, "\n" + "\n".join(expected)


def test_the_table_of_kinds_is_the_catalogues() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", SAID.section("Kinds of component"), re.MULTILINE)
    assert tuple(rows) == KNOWN.kinds
