"""Amounts are read in their unit, or refused with what may be written."""

from __future__ import annotations

import math

import pytest

from metrics.errors import ConfigError
from metrics.model import Unit
from metrics.quantity import UNITS, parse_quantity
from tests.documents import document


@pytest.mark.parametrize(
    ("written", "unit", "amount"),
    [
        ("800 ms", "s", 0.8), ("800ms", "s", 0.8), (" 2 h ", "s", 7200), ("45 min", "s", 2700), ("250 µs", "s", 0.00025),
        ("1.5 GiB", "By", 1.5 * 2**30), ("500 MB", "By", 5e8), ("80 %", "%", 80), ("80%", "%", 80), ("0.8 ratio", "%", 80),
        ("2_000", "1", 2000), ("50 k", "1", 50_000), ("1e3", "1", 1000), ("20 /s", "1/s", 20), ("120 /min", "1/s", 2),
        ("-1", "1", -1), ("+.5", "s", 0.5), (85, "%", 85), (0.5, "s", 0.5), ("85", "%", 85), (0, "1", 0),
    ],
)  # fmt: skip
def test_amounts_are_read_in_their_unit(written: object, unit: Unit, amount: float) -> None:
    assert parse_quantity(written, unit) == pytest.approx(amount, rel=1e-12)


SECONDS = "no duration; write a number of seconds, or one with ns, us, µs, ms, s, min, h or d"
BYTES = "no size; write a number of bytes, or one with B, By, kB, MB, GB, TB, KiB, MiB, GiB or TiB"
PER_CENT = "no percentage; write a number, or one with % or ratio"
COUNT = "no count; write a number, or one with k or M"
RATE = "no rate; write a number a second, or one with /s, /min or /h"


@pytest.mark.parametrize(
    ("written", "unit", "said"),
    [
        ("80 %", "s", f"'80 %' is {SECONDS}"),
        ("5 m", "s", f"'5 m' is {SECONDS}"),
        ("1:30", "s", f"'1:30' is {SECONDS}"),
        ("20 ms", "By", f"'20 ms' is {BYTES}"),
        ("800 ms", "%", f"'800 ms' is {PER_CENT}"),
        ("5 GiB", "1", f"'5 GiB' is {COUNT}"),
        ("1,000", "1", f"'1,000' is {COUNT}"),
        ("20 %", "1/s", f"'20 %' is {RATE}"),
        ("a lot", "1", f"'a lot' is {COUNT}"),
        ("", "1", f"'' is {COUNT}"),
        ("٣", "1", f"'٣' is {COUNT}"),
        (True, "s", f"True is {SECONDS}"),
        (None, "%", f"None is {PER_CENT}"),
        ([5], "1", f"[5] is {COUNT}"),
        (math.nan, "%", f"nan is {PER_CENT}"),
        (math.inf, "By", f"inf is {BYTES}"),
        ("1e999", "1", f"'1e999' is {COUNT}"),
    ],
)
def test_what_is_no_such_amount_is_refused(written: object, unit: Unit, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_quantity(written, unit)
    assert str(refused.value) == said


def test_canonical_units_count_as_themselves() -> None:
    for unit, factors in UNITS.items():
        assert factors["" if unit == "1" else unit] == 1.0


def test_the_documentation_lists_what_may_be_written() -> None:
    section = document("docs/metrics.md").section("Units")
    for unit, factors in UNITS.items():
        (row,) = [line for line in section.splitlines() if line.startswith(f"| `{unit}` |")]
        written = {word.strip(" `") for word in row.split("|")[3].split(",")}
        assert written == set(factors) - {"", "1", "1/s"}, unit
