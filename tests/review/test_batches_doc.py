"""docs/metrics.md on batches: each worked example is computed with the product's own code."""

from __future__ import annotations

import re
from datetime import timedelta

import pandas as pd
import pytest

from metrics.model import Insufficient
from metrics.review.batch_beside import beside
from metrics.review.batch_clock import busy
from metrics.review.batches import Growth, Job, jobs
from tests.documents import FENCE, document
from tests.review.made import START
from tests.review.made_runs import PERIOD, runs, weekly
from tests.review.test_batch_beside import LINES, samples
from tests.review.test_batch_clock import LINES as REQUESTS
from tests.review.test_batch_clock import hourly

SECTION = document("docs/metrics.md").section("Batches")
PARTS = re.split(r"^### (\w+)\n", SECTION, flags=re.MULTILINE)[1:]
ENTRIES = dict(zip(PARTS[::2], PARTS[1::2], strict=True))


def example(name: str) -> dict[str, str]:
    ((language, block),) = FENCE.findall(ENTRIES[name])
    assert language == "text"
    return dict(line.split(": ", 1) for line in block.splitlines())


def numbers(text: str) -> list[float]:
    return [float(each) for each in text.split()]


def job_of(said: dict[str, str]) -> Job:
    lengths = numbers(said["durations"])
    rows = numbers(said["rows"]) if "rows" in said else [None] * len(lengths)
    made = [{"at": n, "h": s / 3600, "rows": r} for n, (s, r) in enumerate(zip(lengths, rows, strict=True))]
    made += [{"at": 100, "h": float(s) / 3600, "outcome": "failed"} for s in said.get("failed", "").split()]
    (job,) = jobs(runs(made), PERIOD, 0)
    return job


def test_every_figure_has_all_four_parts():
    assert len(ENTRIES) == 6
    for name, text in ENTRIES.items():
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Definition", "Formula", "Source"], name


def test_job_duration():
    said = example("job_duration")
    found = job_of(said).duration
    assert found is not None
    assert said["job_duration"] == f"median {found.median:.0f} s, p90 {found.p90:.0f} s, n {found.n}"


def test_time_per_thousand_rows():
    said = example("time_per_thousand_rows")
    assert job_of(said).per_thousand == pytest.approx(float(said["time_per_thousand_rows"]), rel=1e-3)


def test_growth_a_week():
    said = example("growth_a_week")
    (job,) = jobs(runs(weekly([s / 3600 for s in numbers(said["durations"])])), PERIOD, 0)
    assert isinstance(job.duration_growth, Growth)
    assert said["growth_a_week"] == f"{100 * job.duration_growth.a_week:.2f} %"


def test_slack_runs_out():
    said = example("slack_runs_out")
    left = numbers(said["slack"])
    made = [row | {"slack": s / 3600} for row, s in zip(weekly([0.1] * len(left)), left, strict=True)]
    (job,) = jobs(runs(made), PERIOD, 0)
    assert job.slack is not None
    assert job.slack.runs_out is not None
    assert said["slack_runs_out"] == f"in {job.slack.runs_out.weeks:.0f} weeks"


def test_busy_hours():
    said = example("busy_hours")
    found = busy(hourly(numbers(said["requests"])), REQUESTS, "UTC")
    assert found is not None
    assert list(found.hours) == numbers(said["busy_hours"])


def test_higher_while_it_ran():
    """The first half of an hour of one day, the rest of the same clock hours of that day and the next."""
    said = example("higher_while_it_ran")
    ran, rest = numbers(said["during"]), numbers(said["otherwise"])
    frame = samples({1: ran})
    later = samples({1: rest}).assign(ts=lambda each: each["ts"] + pd.Timedelta(days=1))
    found = beside(LINES[:1], pd.concat([frame, later]), runs([{"at": 0, "h": len(ran) / 12}]), "UTC")
    assert not isinstance(found, Insufficient)
    assert found[0].ratio == pytest.approx(float(said["higher_while_it_ran"]), rel=1e-3)
    assert frame["ts"].iloc[0] == START
    assert timedelta(minutes=5) * len(ran) == timedelta(hours=1)
