"""The catalogue holds together, names its sources, and refuses what it doesn't know."""

from __future__ import annotations

import pytest

from metrics import catalog
from metrics.errors import ConfigError, InputError
from metrics.quantity import UNITS, parse_quantity

NEEDED = """cpu memory storage storage_used_bytes connections replication_lag hit_ratio evictions network_in network_out
concurrency concurrency_used throttles quota_used requests latency_p50 latency_p95 latency_p99 4xx 5xx 4xx_rate error_rate
mails bounces batch_duration batch_failures error_logs build_duration deploy_duration defects accounts postings records"""


@pytest.mark.parametrize("alias", NEEDED.split())
def test_what_the_two_teams_watch_can_be_measured(alias: str) -> None:
    indicator = catalog.load().get(alias)
    assert indicator.title
    assert not indicator.title_ja.isascii()


def test_names_and_short_names_are_each_one_indicator() -> None:
    known = catalog.load()
    for spelling, name in known.spellings.items():
        assert known.get(spelling).name == name


def test_a_ratio_is_made_of_two_counts() -> None:
    known = catalog.load().indicators
    for ratio in (each for each in known.values() if each.rollup == "ratio"):
        for part in (ratio.numerator, ratio.denominator):
            assert part is not None
            assert (known[part].unit, known[part].rollup) == ("1", "sum")


def test_a_percentile_is_never_averaged() -> None:
    for each in catalog.load().indicators.values():
        if each.stat.startswith("p"):
            assert each.rollup in ("p95", "max")


def test_every_default_line_names_who_drew_it() -> None:
    for each in catalog.load().indicators.values():
        assert (each.threshold is None) == (each.threshold_source is None)


def test_an_unknown_indicator_gets_the_nearest_names() -> None:
    with pytest.raises(
        InputError, match=r"indicator 'latency_p59' is not in the catalogue; did you mean latency_p99, latency_p95"
    ):
        catalog.load().get("latency_p59")
    assert "latency_p59" not in catalog.load()


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("800 ms", "s", 0.8), ("1.5 GiB", "By", 1.5 * 2**30), ("85 %", "%", 85), (85, "%", 85), ("20 /s", "1/s", 20),
     ("2_000", "1", 2000), ("50 k", "1", 50_000), ("1e3", "1", 1000), (0.5, "s", 0.5)],
)  # fmt: skip
def test_amounts_are_read_in_their_unit(text: str | float, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [("80 ms", "%", "'80 ms' is in 'ms'; use a number in %, ratio"), ("a lot", "1", "'a lot' is not an amount; use a number in 1, k, M"),
     (True, "s", "True is not an amount; use a number in ns, us, µs, ms, s, min, h, d")],
)  # fmt: skip
def test_an_amount_of_another_unit_is_refused(text: str | bool, unit: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_quantity(text, unit)  # type: ignore[arg-type]
    assert str(refusal.value) == said


def test_canonical_units_count_as_themselves() -> None:
    for unit, factors in UNITS.items():
        assert factors["" if unit == "1" else unit] == 1.0
