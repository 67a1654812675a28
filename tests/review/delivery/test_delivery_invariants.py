"""Whatever happens: nothing is lost, nothing is counted twice, and the order in which rows come means nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pandas as pd
from hypothesis import HealthCheck, given, settings

from metrics.model import Service, Window
from metrics.review.delivery.figure import FailRate, Frequency, Rate, Spread
from metrics.review.delivery.report import Facts, delivery
from tests.review.delivery.worked import frame

START = datetime(2026, 9, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))
JOBS = Service("jobs", "Jobs", "Asia/Tokyo", 0)
HOURS = st.integers(0, 60 * 24 - 1)
COMPONENTS = st.sampled_from(["web", "api", None])


def at(hour: int, minutes: int = 0) -> datetime:
    return START + timedelta(hours=hour, minutes=minutes)


@st.composite
def happenings(draw: st.DrawFn) -> Facts:
    deployments = [
        {"service": "jobs", "component": draw(COMPONENTS), "id": f"d{n}", "started_at": at(hour),
         "ended_at": draw(st.sampled_from([at(hour, 12), None])),
         "status": draw(st.sampled_from(["succeeded", "succeeded", "succeeded", "failed", "aborted"])),
         "version": draw(st.sampled_from(["V1", "V2", "V3", None])),
         "kind": draw(st.sampled_from([None, "planned", "hotfix", "rollback", "revert"])),
         "mends": draw(st.sampled_from([None, None, "d0", "d3", "d99"])), "environment": draw(st.sampled_from(["production", "staging"]))}
        for n, hour in enumerate(draw(st.lists(HOURS, max_size=40)))
    ]  # fmt: skip
    changes = [
        {"service": "jobs", "component": draw(COMPONENTS), "id": f"c{n}", "authored_at": at(hour) - timedelta(hours=5),
         "merged_at": at(hour), "deployed_by": draw(st.sampled_from([None, None, "d1", "d5"])),
         "reverts": draw(st.sampled_from([None, None, None, "c0"]))}
        for n, hour in enumerate(draw(st.lists(HOURS, max_size=40)))
    ]  # fmt: skip
    incidents = [
        {"service": "jobs", "component": draw(COMPONENTS), "id": f"i{n}", "started_at": at(hour),
         "ended_at": draw(st.sampled_from([at(hour + 3), None])),
         "caused_by_deployment": draw(st.sampled_from([None, None, "d2", "d98"]))}
        for n, hour in enumerate(draw(st.lists(HOURS, max_size=12)))
    ]  # fmt: skip
    rows = {"deployment": deployments, "change": changes, "incident": incidents, "build": [], "image": []}
    return Facts(*(frame(kind, found) for kind, found in rows.items()), watched=frozenset({"jobs"}))


def report(facts: Facts):
    return delivery(facts, [JOBS], WINDOW, WINDOW.end + timedelta(days=30), "week")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts=happenings())
def test_nothing_is_lost_and_nothing_counted_twice(facts: Facts) -> None:
    found = report(facts)
    of = found.services[0].environments[0]
    mine = facts.deployments[facts.deployments["environment"] == "production"]
    succeeded, now = int((mine["status"] == "succeeded").sum()), of.now
    kinds = {kind: n for kind, n in now.deployment_frequency.parts.items() if kind != "same_version"}
    assert sum(kinds.values()) == succeeded
    if isinstance(now.deployment_frequency.value, Frequency):
        assert now.deployment_frequency.value.n == succeeded >= 5
    lead = now.change_lead_time
    assert sum(lead.parts.values()) + sum(lead.excluded.values()) == len(facts.changes)
    assert isinstance(lead.value, Spread) <= (sum(lead.parts.values()) >= 5)
    # Each incident is exactly one link's, each mending deployment at most one's.
    links = [link for each in found.services[0].environments for link in each.links]
    assert sorted(link.incident.id for link in links if link.incident) == sorted(facts.incidents["id"])
    remedies = [link.remedy for link in links if link.remedy is not None]
    assert len(remedies) == len(set(remedies))
    blamed = [failure.deployment for failure in of.failures]
    assert all(each.status == "succeeded" and each.environment == "production" for each in blamed)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts=happenings())
def test_figures_stay_within_their_bounds_and_weeks_add_up(facts: Facts) -> None:
    of = report(facts).services[0].environments[0]
    for each in [of.now, *(bucket.figures for bucket in of.trend)]:
        rate = each.change_fail_rate.value
        if isinstance(rate, FailRate):
            assert 0 <= rate.confirmed.k <= rate.possible.k <= rate.possible.n == rate.confirmed.n
        if isinstance(each.rework_rate.value, Rate):
            low, high = each.rework_rate.value.interval
            assert 0 <= low <= each.rework_rate.value.share <= high <= 1
        spread = each.failed_deployment_recovery_time.value
        if isinstance(spread, Spread):
            assert 0 <= spread.median <= spread.p90
    for name in ("deployment_frequency", "change_lead_time", "rework_rate", "pipeline_failure_rate"):
        whole = getattr(of.now, name).parts
        weeks = [getattr(bucket.figures, name).parts for bucket in of.trend]
        assert {word: sum(part.get(word, 0) for part in weeks) for word in whole} == whole


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts=happenings(), seed=st.integers(0, 1_000))
def test_the_order_of_rows_means_nothing(facts: Facts, seed: int) -> None:
    def mixed(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.sample(frac=1, random_state=seed)

    # Of two that started at the same moment the store puts the one with the lower id first.
    unique = facts.deployments.drop_duplicates("started_at").sort_values("started_at")
    facts = replace(facts, deployments=unique)
    other = replace(facts, changes=mixed(facts.changes), deployments=mixed(unique))
    assert report(facts).services[0].environments[0].now == report(other).services[0].environments[0].now
