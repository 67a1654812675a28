"""The tables of all systems: each line against the catalogue, and against the page that tells people of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from metrics import catalog
from metrics.collect._cloudwatch.line import Line
from metrics.collect._cloudwatch.systems import alb, ec2, eks, elasticache, functions, rds, s3, ses
from metrics.collect._cloudwatch.target import KINDS, Target
from tests.collect.folders import ROOT

PAGE = ROOT / "docs" / "collectors" / "cloudwatch.md"


def lines() -> Iterator[Line]:
    """Every line of every system's tables."""
    for system in (alb, ec2, eks, elasticache, functions, rds, s3, ses):
        for name, value in vars(system).items():
            if name.isupper():
                found = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
                yield from (each for each in found if isinstance(each, Line))
    yield from elasticache._cpu("EngineCPUUtilization")
    yield from elasticache._cpu("CPUUtilization")


LINES = list(lines())


@pytest.mark.parametrize("line", LINES, ids=[f"{each.indicator}<-{each.name}" for each in LINES])
def test_a_line_has_the_statistic_that_the_catalogue_names(line: Line):
    it = catalog.load().get(line.indicator)
    fits = {
        "mean": {"Average"}, "max": {"Maximum"}, "min": {"Minimum"}, "sum": {"Sum"},
        # No CloudWatch statistic is the last value: of what fills up the worst one of the period, else the mean.
        "last": {"Maximum", "Minimum", "Average"},
    }  # fmt: skip
    assert line.statistic in fits.get(it.stat, {it.stat})
    if line.left_of or line.used_of:
        assert it.unit == "%"
    if line.zero_with:
        assert it.stat == "sum", "only of a count is silence a 0"


@pytest.mark.parametrize("line", LINES, ids=[f"{each.indicator}<-{each.name}" for each in LINES])
def test_the_page_names_every_line(line: Line):
    rows = [row for row in PAGE.read_text(encoding="utf-8").splitlines() if f"`{line.indicator}`" in row]
    assert any(f"`{line.name}`" in row and line.statistic in row for row in rows)


@pytest.mark.parametrize("key", [*KINDS, "target_group", "slow_queries", "max_connections", "local_storage"])
def test_the_page_names_every_key(key: str):
    assert key in Target.model_fields
    assert f"| `{key}`" in PAGE.read_text(encoding="utf-8")
