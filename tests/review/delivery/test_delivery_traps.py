"""The traps of delivery figures, most of them taken from what other tools show, each with a worked example."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from metrics.model import Insufficient, Service, Window
from metrics.review.delivery.figure import FailRate, Frequency, NotCollected, Rate, Spread
from metrics.review.delivery.report import EnvironmentDelivery
from tests.review.delivery.worked import JOBS, PERIOD, daily, production, reported, said

QUIET = "deployment: d0 08-30T12:00 08-30T12:10\n" + daily(5)


def lead_time(text: str) -> str:
    return said(production(text).now.change_lead_time)


# roll-backs


def test_a_roll_back_is_no_success_of_the_change_fail_rate_and_no_progress() -> None:
    text = (
        daily(3)
        + "deployment: d1 09-10T12:00 09-10T12:10 version=V1\n"
        + "deployment: d2 09-11T12:00 09-11T12:10 version=V2\n"
        + "deployment: d3 09-12T12:00 09-12T12:10 version=V3\n"
        + "deployment: d4 09-12T13:00 09-12T13:10 version=V1\n"
    )
    now = production(text).now
    assert said(now.change_fail_rate).endswith(
        "with the unreviewed 1/6 = 16.7 %, interval 3.0 % to 56.4 %; left out: 1 remedies"
    )
    assert [failure.deployment.id for failure in production(text).failures] == ["d2"]
    assert now.deployment_frequency.parts == {"rollback": 1, "unknown": 6}
    assert said(now.rework_rate).startswith("1/7")


def test_a_roll_back_brings_no_change_to_users() -> None:
    text = QUIET.replace("ok3 09-05T12:00 09-05T12:10", "ok3 09-05T12:00 09-05T12:10 kind=rollback")
    text += "change: c1 09-05T10:00 09-05T11:00\n"
    assert production(text).now.change_lead_time.parts == {"merge_time": 1}
    assert production(text + "change: c2 09-05T10:00 09-05T11:00 deployed_by=ok3").now.change_lead_time.parts == {
        "merge_time": 2
    }


# first deployments, long pauses, squashes, and which deployment brought a change


def test_the_changes_of_a_first_deployment_are_left_out() -> None:
    """Months of old commits would pour into it."""
    text = daily(6) + "".join(f"change: c{n} 03-01T12:00 09-01T12:00 deployed_by=ok0\n" for n in range(40))
    text += "".join(f"change: e{n} 09-0{n + 2}T11:10 09-0{n + 2}T11:30 deployed_by=ok{n}\n" for n in range(1, 6))
    assert lead_time(text) == "median 60 min, p90 60 min, n 5; left out: 40 first_deployment"


@pytest.mark.parametrize(("before", "left_out"), [("07-04T11:59", "1 gap_over_60_days"), ("07-04T12:00", "")])
def test_a_change_after_a_pause_of_more_than_60_days_is_left_out(before: str, left_out: str) -> None:
    text = f"deployment: d0 {before} {before}\n" + daily(6)
    text += "change: c0 09-01T12:00 09-01T13:00 deployed_by=ok0\n"
    text += "".join(f"change: e{n} 09-0{n + 2}T11:10 09-0{n + 2}T11:30 deployed_by=ok{n}\n" for n in range(1, 6))
    assert lead_time(text).partition("left out: ")[2] == left_out


def test_a_squash_of_many_commits_counts_once_from_its_first_commit() -> None:
    text = QUIET + "".join(
        f"change: squash{n} 09-0{n + 1}T12:10 09-0{n + 2}T11:00 deployed_by=ok{n} commits=12\n" for n in range(5)
    )
    assert lead_time(text) == "median 1440 min, p90 1440 min, n 5"


def test_a_change_finds_its_deployment_by_name_by_commit_and_by_time() -> None:
    text = QUIET.replace("ok1 09-03T12:00 09-03T12:10", "ok1 09-03T12:00 09-03T12:10 commit=c2") + (
        "change: c1 09-02T10:00 09-02T11:00 deployed_by=ok3\n"  # by name, though ok0 was sooner
        "change: c2 09-02T10:00 09-02T11:00\n"  # ok1 is of this very commit
        "change: c3 09-02T10:00 09-02T11:00\n"  # ok0 is the first after the merge
        "change: c4 09-02T10:00 09-02T12:00 deployed_by=d99\n"  # which nobody knows
        "change: c5 09-07T10:00 09-07T11:00\n"  # nothing went out since
        "change: c6 09-02T10:00 -\n"  # not merged
    )
    figure = production(text).now.change_lead_time
    assert figure.parts == {"named": 1, "commit": 1, "merge_time": 2}
    assert figure.excluded == {"not_deployed": 1}


def test_a_failed_run_brings_nothing() -> None:
    text = QUIET.replace("ok1 09-03T12:00 09-03T12:10", "ok1 09-03T12:00 09-03T12:10 status=failed")
    text += "change: c1 09-03T11:10 09-03T11:30 deployed_by=ok1\n"
    # It has to wait for the next one, and that is no longer the one that it names.
    assert production(text).now.change_lead_time.parts == {"merge_time": 1}
    assert production(text).now.change_lead_time.value == Insufficient(5, 1)


def test_the_median_of_10_and_1000_is_505_and_not_10() -> None:
    """DevLake's `max(x) where percent_rank <= .5` gives the lower one."""
    text = QUIET + daily(1, "09-20", prefix="late")
    changes = [f"change: a{n} 09-0{n + 2}T12:00 09-0{n + 2}T12:00 deployed_by=ok{n}\n" for n in range(3)]
    changes += [f"change: b{n} 09-0{n + 4}T19:30 09-0{n + 5}T11:00 deployed_by=ok{n + 3}\n" for n in range(2)]
    changes += ["change: b2 09-19T19:30 09-20T11:00 deployed_by=late0\n"]
    assert lead_time(text + "".join(changes)) == "median 505 min, p90 1000 min, n 6"


def test_lead_time_by_stage_leaves_out_a_stage_that_would_be_negative() -> None:
    text = QUIET + "".join(f"change: c{n} 09-0{n + 2}T10:00 09-0{n + 2}T11:00 deployed_by=ok{n}\n" for n in range(4))
    text += "change: c4 09-06T10:00 09-06T13:00 deployed_by=ok4\n"  # deployed from its branch, merged after
    stages = production(text).now.lead_time_stages
    assert {name: (each.n, each.median / 60) for name, each in stages.items() if each} == {
        "review": (5, 60),
        "wait": (4, 60),
        "deploy": (5, 10),
    }


def test_what_ends_before_it_begins_is_left_out_and_counted() -> None:
    text = QUIET + "change: c0 09-04T10:00 09-04T11:00 deployed_by=ok0\n"
    assert production(text).now.change_lead_time.excluded == {"negative": 1}


# re-runs and failed runs


def test_a_rerun_of_a_failed_run_is_a_failed_run_and_one_deployment() -> None:
    text = daily(4) + (
        "deployment: b12 09-10T12:00 09-10T12:05 status=failed version=V1\n"
        "deployment: b12.1 09-10T12:10 09-10T12:20 version=V1\n"
    )
    now = production(text).now
    assert isinstance(now.deployment_frequency.value, Frequency)
    assert now.deployment_frequency.value.n == 5
    assert now.deployment_frequency.parts == {"unknown": 5}
    assert said(now.pipeline_failure_rate) == "1/6 = 16.7 %, interval 3.0 % to 56.4 %"
    assert said(now.change_fail_rate).startswith("0/5")


def test_a_rerun_of_what_is_there_is_counted_and_said() -> None:
    text = daily(4) + (
        "deployment: b12 09-10T12:00 09-10T12:10 version=V1\ndeployment: b12.1 09-10T12:20 09-10T12:30 version=V1\n"
    )
    assert production(text).now.deployment_frequency.parts == {"unknown": 6, "same_version": 1}


def test_an_incident_of_a_failed_run_is_not_in_the_change_fail_rate() -> None:
    text = daily(5) + (
        "deployment: d1 09-10T12:00 09-10T12:05 status=failed\n"
        "incident: i1 09-10T12:10 09-10T13:00 caused_by_deployment=d1\n"
    )
    assert said(production(text).now.change_fail_rate) == "0/5 = 0.0 %, interval 0.0 % to 43.4 %"


# hotfixes


def test_a_hotfix_is_rework_and_not_in_the_denominator_of_the_change_fail_rate() -> None:
    text = daily(5) + "deployment: h1 09-06T13:00 09-06T13:10 kind=hotfix mends=ok4\n"
    now = production(text).now
    assert said(now.change_fail_rate) == "1/5 = 20.0 %, interval 3.6 % to 62.4 %; left out: 1 remedies"
    assert said(now.rework_rate).startswith("1/6")


def test_two_incidents_of_one_deployment_are_one_failure() -> None:
    """DevLake's dashboard once counted incidents: 6 of 23 where 4 of 23 deployments had failed."""
    text = daily(23)
    causes = ("ok0", "ok0", "ok1", "ok2", "ok2", "ok3")
    text += "".join(
        f"incident: i{n} 09-2{n}T13:00 09-2{n}T14:00 caused_by_deployment={cause}\n" for n, cause in enumerate(causes)
    )
    assert said(production(text).now.change_fail_rate).startswith("4/23 = 17.4 %")


# two services in one repository, two components, several environments


def test_two_services_in_one_repository_carry_the_same_commit_each_to_its_own_users() -> None:
    shop = QUIET.replace("\n", " service=shop\n").replace("T12:", "T18:")
    text = QUIET + shop
    for n in range(5):
        text += f"change: c{n} 09-0{n + 2}T11:00 09-0{n + 2}T11:30\n"
        text += f"change: c{n} 09-0{n + 2}T11:00 09-0{n + 2}T11:30 service=shop\n"
    both = {}
    for service in (JOBS, Service("shop", "Shop", "UTC", 0)):
        (report,) = reported(text, service=service).services
        both[service.name] = said(report.environments[0].now.change_lead_time)
    assert both == {
        "jobs": "median 70 min, p90 70 min, n 5",
        "shop": "median 430 min, p90 430 min, n 5",
    }


def test_a_change_waits_for_its_own_component() -> None:
    text = QUIET + daily(6, "09-02", "api", component="api").replace("T12:", "T18:")
    text += "change: c1 09-04T10:00 09-04T11:00 component=api\nchange: c2 09-04T10:00 09-04T11:00 component=eks\n"
    figure = production(text).now.change_lead_time
    assert figure.parts == {"merge_time": 1}
    assert figure.excluded == {"not_deployed": 1}


def test_a_second_component_is_not_the_deployment_before() -> None:
    text = (
        "deployment: w1 09-02T12:00 09-02T12:10 version=V1\n"
        "deployment: a1 09-03T12:00 09-03T12:10 component=api version=V9\n"
        "deployment: w2 09-04T12:00 09-04T12:10 version=V1\n"
    )
    assert production(text).failures == ()
    assert production(text).now.deployment_frequency.parts == {"unknown": 3, "same_version": 1}


def environments(text: str, service: Service) -> dict[str, EnvironmentDelivery]:
    (report,) = reported(text, service=service).services
    return {each.environment: each for each in report.environments}


def test_only_the_first_environment_counts_and_the_others_are_reported_apart() -> None:
    live = Service("jobs", "Jobs", "UTC", 0, environments=("live", "staging"))
    text = (
        daily(5, environment="live")
        + daily(7, "09-01", "s", environment="staging")
        + "build: b1 09-02T10:00 09-02T11:00\n"
    )
    text += "incident: i1 09-05T13:00 09-05T14:00\n"
    found = environments(text, live)
    assert [(each.environment, each.counts, len(each.deployments)) for each in found.values()] == [
        ("live", True, 5),
        ("staging", False, 7),
    ]
    assert found["live"].now.incident_recovery_time.value == Insufficient(5, 1)
    # Nobody is hurt in staging, so nobody looks: not 0 %.
    assert found["staging"].now.change_fail_rate.value == NotCollected("incidents")
    assert found["staging"].now.build_duration.value == Insufficient(5, 0)


def test_what_named_its_staging_deployment_still_waits_for_production() -> None:
    text = QUIET + "deployment: s1 09-03T09:00 09-03T09:10 environment=staging\n"
    text += "change: c1 09-03T07:00 09-03T08:00 deployed_by=s1\n"
    assert production(text).now.change_lead_time.parts == {"merge_time": 1}


# silence and small numbers


def test_nothing_is_not_zero() -> None:
    now = production("").now
    for figure in (now.deployment_frequency, now.change_lead_time, now.change_fail_rate, now.rework_rate):
        assert figure.value == Insufficient(5, 0)
    assert production("").known_since is None


def test_weeks_before_anybody_looked_are_not_weeks_without_deployments() -> None:
    frequency = production(daily(10, "09-21")).now.deployment_frequency.value
    assert isinstance(frequency, Frequency)
    assert frequency.weeks * 7 == pytest.approx(10 - 730 / 1440)
    assert frequency.per_week == pytest.approx(10 / frequency.weeks)
    older = production("deployment: d0 08-30T12:00 08-30T12:10\n" + daily(10, "09-21")).now.deployment_frequency.value
    assert isinstance(older, Frequency)
    assert older.weeks * 7 == 30


def test_four_deployments_are_too_few_for_any_figure() -> None:
    now = production(daily(4) + "incident: i1 09-05T13:00 09-05T14:00 caused_by_deployment=ok3\n").now
    assert now.deployment_frequency.value == Insufficient(5, 4)
    assert now.change_fail_rate.value == Insufficient(5, 4)
    assert now.rework_rate.value == Insufficient(5, 4)
    assert now.failed_deployment_recovery_time.value == Insufficient(5, 1)
    assert now.deploy_duration.value == Insufficient(5, 4)


def test_without_an_incident_feed_no_failure_is_not_a_rate_of_zero() -> None:
    """DevLake shows 0.0 %, the elite of its ladder."""
    assert production(daily(20), watched=()).now.change_fail_rate.value == NotCollected("incidents")
    assert production(daily(20), watched=()).now.incident_recovery_time.value == NotCollected("incidents")
    watched = production(daily(20)).now.change_fail_rate.value
    assert watched == FailRate(Rate(0, 20), Rate(0, 20))
    # A roll-back can be seen without any incident.
    text = daily(20, kind="planned") + "deployment: h1 09-21T13:00 09-21T13:10 mends=ok19\n"
    assert production(text, watched=()).now.change_fail_rate.value == FailRate(Rate(1, 20), Rate(1, 20))


def test_without_an_incident_feed_not_only_the_bad_weeks_get_a_rate() -> None:
    text = daily(21, kind="planned") + "deployment: h1 09-22T13:00 09-22T13:10 mends=ok20\n"
    figures = [each.figures.change_fail_rate for each in production(text, watched=()).trend]
    rates = [each.value.possible for each in figures if isinstance(each.value, FailRate)]
    assert rates == [Rate(0, 5), Rate(0, 7), Rate(0, 7)]
    assert figures[0].parts == {"without_incidents": 5}
    assert figures[3].value == Insufficient(5, 2)


def test_where_nobody_says_kinds_there_is_no_rework_rate() -> None:
    assert production(daily(9)).now.rework_rate.value == NotCollected("kinds")
    assert production(daily(9, kind="planned")).now.rework_rate.value == Rate(0, 9)
    # Of commits a roll-back would be seen.
    known = "".join(f"deployment: d{n} 09-1{n}T12:00 09-1{n}T12:10 commit=c{n}\n" for n in range(6))
    assert production(known).now.rework_rate.value == Rate(0, 6)
    assert production(known).now.rework_rate.parts == {"kind_unknown": 6}


def test_a_young_deployment_is_pending_unless_it_has_failed_already() -> None:
    text = daily(7)  # the last ends on September 8th at 12:10
    as_of = datetime(2026, 9, 8, 13, tzinfo=UTC)
    window = Window(PERIOD.start, as_of)
    # 12:10 of the 7th is 24 h 50 min ago.
    assert said(production(text, window=window, as_of=as_of).now.change_fail_rate).endswith(
        "0/6 = 0.0 %, interval 0.0 % to 39.0 %; left out: 1 pending"
    )
    text += "incident: i1 09-08T12:20 - caused_by_deployment=ok6\n"
    assert said(production(text, window=window, as_of=as_of).now.change_fail_rate).startswith("1/7")


# recovery


def failing(*ends: str) -> str:
    text = daily(len(ends))
    return text + "".join(
        f"incident: i{n} 09-0{n + 2}T12:10 {end} caused_by_deployment=ok{n}\n" for n, end in enumerate(ends)
    )


def test_an_outage_that_outlasts_the_period_is_not_lost() -> None:
    """DevLake wants both ends inside the window: long outages fall out, and recovery looks better."""
    ends = ("09-02T13:10", "09-03T13:10", "09-04T13:10", "09-05T13:10", "10-06T12:10")
    assert said(production(failing(*ends)).now.failed_deployment_recovery_time) == "median 60 min, p90 25944 min, n 5"


def test_what_is_not_over_is_listed_and_not_guessed() -> None:
    of = production(failing("09-02T13:10", "09-03T13:10", "09-04T13:10", "09-05T13:10", "09-06T13:10", "-"))
    figure = of.now.failed_deployment_recovery_time
    assert said(figure) == "median 60 min, p90 60 min, n 5; left out: 1 unresolved"
    assert [each.deployment.id for each in of.failures if each.restored is None] == ["ok5"]


def test_recovery_belongs_to_the_failed_deployment_and_not_to_when_it_was_over() -> None:
    text = failing(*["10-06T12:10"] * 5)
    october = Window(PERIOD.end, datetime(2026, 10, 31, tzinfo=UTC))
    (report,) = reported(text, window=october).services
    now, before = report.environments[0].now, report.environments[0].before
    assert now.failed_deployment_recovery_time.value == Insufficient(5, 0)
    assert isinstance(before.failed_deployment_recovery_time.value, Spread)


def test_the_clock_that_was_used_is_said() -> None:
    text = failing("09-02T13:10", "09-03T13:10", "09-04T13:10", "09-05T13:10")
    text += "deployment: d1 09-20T12:00 09-20T12:10\ndeployment: d2 09-20T13:00 09-20T13:10 kind=hotfix mends=d1\n"
    figure = production(text).now.failed_deployment_recovery_time
    assert figure.parts == {"deployment": 1, "impact": 4}


def test_two_incidents_of_one_failure_last_from_the_first_to_the_last() -> None:
    text = daily(5) + (
        "incident: i1 09-06T12:10 09-06T12:30 caused_by_deployment=ok4\n"
        "incident: i2 09-06T12:20 09-06T13:40 caused_by_deployment=ok4\n"
    )
    (failure,) = production(text).failures
    assert failure.recovery_s == 90 * 60


def test_a_suspicion_by_time_alone_has_no_recovery_until_somebody_confirms_it() -> None:
    text = daily(5) + "incident: i1 09-06T12:20 09-06T13:40\n"
    figure = production(text).now.failed_deployment_recovery_time
    assert (figure.value, figure.excluded) == (Insufficient(5, 0), {"unreviewed": 1})


def test_all_incidents_are_kept_apart_from_failed_deployments() -> None:
    text = daily(5) + "".join(f"incident: i{n} 09-1{n}T12:10 09-1{n}T13:10 component=db\n" for n in range(5))
    now = production(text).now
    assert said(now.incident_recovery_time) == "median 60 min, p90 60 min, n 5"
    assert now.failed_deployment_recovery_time.value == Insufficient(5, 0)
