"""Which deployment is blamed for an incident, how that was found, and what a person can say to it."""

from __future__ import annotations

import pytest

from metrics.review.delivery.causes import Verdict
from tests.review.delivery.worked import daily, production, reported, said

# d2 to V2 at noon of September 10th, in the middle of quiet days.
QUIET = daily(5)
BEFORE = (
    QUIET + "deployment: d1 09-09T12:00 09-09T12:10 version=V1\ndeployment: d2 09-10T12:00 09-10T12:10 version=V2\n"
)


def found(text: str, **kwargs: object) -> list[tuple[object, ...]]:
    """(state, method, blamed, incident, what mended it) of every link of production."""
    report = reported(text, **kwargs)  # type: ignore[arg-type]
    at = report.deployments
    (service,) = report.services
    return [
        (
            link.state,
            link.method,
            at[link.deployment].id if link.deployment is not None else None,
            link.incident.id if link.incident else None,
            at[link.remedy].id if link.remedy is not None else None,
        )
        for link in service.environments[0].links
    ]


def test_an_incident_that_names_its_deployment_is_believed() -> None:
    text = BEFORE + "incident: i1 09-12T09:00 09-12T10:00 caused_by_deployment=d1"
    assert found(text) == [("confirmed", "explicit", "d1", "i1", None)]


@pytest.mark.parametrize("name", ["V1", "abc123"])
def test_it_may_name_it_by_version_or_commit(name: str) -> None:
    text = BEFORE.replace("version=V1", "version=V1 commit=abc123")
    text += f"incident: i1 09-12T09:00 09-12T10:00 caused_by_deployment={name}"
    assert found(text) == [("confirmed", "explicit", "d1", "i1", None)]


def test_a_name_that_nobody_knows_blames_nobody_else() -> None:
    text = BEFORE + "incident: i1 09-10T12:20 09-10T13:00 caused_by_deployment=d99"
    assert found(text) == [("unknown", "explicit", None, "i1", None)]
    assert production(text).links[0].named == "d99"


def test_a_roll_back_during_the_incident_says_who_failed() -> None:
    text = BEFORE + "deployment: d3 09-10T13:00 09-10T13:05 version=V1\nincident: i1 09-10T12:20 09-10T13:05"
    assert found(text) == [("unreviewed", "rollback", "d2", "i1", "d3")]


def test_a_mending_deployment_that_names_what_it_mends_is_believed() -> None:
    text = (
        BEFORE + "deployment: d3 09-10T13:00 09-10T13:05 kind=hotfix mends=d1\nincident: i1 09-10T12:20 09-10T13:05"
    )
    assert found(text) == [("confirmed", "hotfix", "d1", "i1", "d3")]


def test_a_roll_back_without_an_incident_is_a_failure_all_the_same() -> None:
    text = BEFORE + "deployment: d3 09-10T13:00 09-10T13:05 version=V1"
    assert found(text) == [("unreviewed", "rollback", "d2", None, "d3")]


def test_a_revert_fails_what_brought_the_change() -> None:
    text = BEFORE + (
        "change: c1 09-08T09:00 09-08T10:00 deployed_by=d1\n"
        "deployment: d3 09-12T13:00 09-12T13:05\n"
        "change: c2 09-12T12:00 09-12T12:10 deployed_by=d3 reverts=c1"
    )
    assert found(text) == [("unreviewed", "revert", "d1", None, "d3")]
    assert production(text).now.rework_rate.parts == {"revert": 1, "kind_unknown": 7}


def test_a_revert_among_other_changes_is_no_unplanned_deployment() -> None:
    text = BEFORE + (
        "change: c1 09-08T09:00 09-08T10:00 deployed_by=d1\n"
        "deployment: d3 09-12T13:00 09-12T13:05 kind=planned\n"
        "change: c2 09-12T12:00 09-12T12:10 deployed_by=d3 reverts=c1\n"
        "change: c3 09-12T12:00 09-12T12:10 deployed_by=d3"
    )
    assert found(text) == [("unreviewed", "revert", "d1", None, "d3")]
    assert production(text).now.rework_rate.parts == {"kind_unknown": 7}


def test_a_revert_that_travels_with_what_it_reverts_is_none() -> None:
    text = BEFORE + (
        "change: c1 09-09T09:00 09-09T10:00 deployed_by=d2\n"
        "change: c2 09-10T09:00 09-10T10:00 deployed_by=d2 reverts=c1"
    )
    assert found(text) == []


def test_a_hotfix_fails_the_last_planned_one_before_it() -> None:
    text = BEFORE + (
        "deployment: d3 09-10T13:00 09-10T13:05 kind=hotfix\ndeployment: d4 09-10T14:00 09-10T14:05 kind=hotfix"
    )
    assert found(text) == [
        ("unreviewed", "hotfix", "d2", None, "d3"),
        ("unreviewed", "hotfix", "d2", None, "d4"),
    ]


@pytest.mark.parametrize(
    ("start", "blamed"),
    [
        ("09-10T12:05", "d2"),  # while it is being deployed
        ("09-11T12:10", "d2"),  # 24 hours after its end
        ("09-11T12:11", None),
        ("09-10T11:59", "d1"),
    ],
)
def test_time_alone_is_a_suspicion_for_24_hours(start: str, blamed: str | None) -> None:
    text = BEFORE + f"incident: i1 {start} 09-11T20:00"
    expected = ("unreviewed", "time", blamed, "i1", None) if blamed else ("unknown", None, None, "i1", None)
    assert found(text) == [expected]


def test_an_outage_is_not_blamed_on_the_component_that_deployed_last() -> None:
    """DevLake and Middleware blame `web` here: api at 10, web at 11, outage of api at 12."""
    text = QUIET + (
        "deployment: a1 09-12T10:00 09-12T10:10 component=api\n"
        "deployment: w1 09-12T11:00 09-12T11:10 component=web\n"
        "incident: i1 09-12T12:00 09-12T13:00 component=api\n"
        "incident: i2 09-12T12:00 09-12T13:00 component=db\n"
        "incident: i3 09-12T12:00 09-12T13:00 component=-"
    )
    assert found(text) == [
        ("unreviewed", "time", "a1", "i1", None),
        ("unknown", None, None, "i2", None),
        ("unknown", None, None, "i3", None),
    ]


def test_a_deployment_without_a_component_is_of_the_whole_service() -> None:
    text = daily(5, component="-") + "incident: i1 09-06T13:00 09-06T14:00 component=db"
    assert found(text) == [("unreviewed", "time", "ok4", "i1", None)]


def test_a_deployment_to_staging_hurts_no_user() -> None:
    text = QUIET + "deployment: s1 09-12T10:00 09-12T10:10 environment=staging\nincident: i1 09-12T11:00 09-12T12:00"
    assert found(text) == [("unknown", None, None, "i1", None)]


SUSPECT = BEFORE + "incident: i1 09-10T12:20 09-10T13:00"
INCIDENT = ("jobs", "incident", "i1")


@pytest.mark.parametrize(
    ("verdict", "link", "rate"),
    [
        (None, ("unreviewed", "time", "d2"), "0/7 = 0.0 %, interval 0.0 % to 35.4 %; with the unreviewed 1/7"),
        (Verdict("d2", "mika"), ("confirmed", "time", "d2"), "1/7 = 14.3 %, interval 2.6 % to 51.3 %"),
        (Verdict("d1", "mika"), ("confirmed", "time", "d1"), "1/7 = 14.3 %, interval 2.6 % to 51.3 %"),
        (Verdict(None, "mika", "quota"), ("rejected", "time", None), "0/7 = 0.0 %, interval 0.0 % to 35.4 %"),
    ],
)
def test_a_person_confirms_changes_or_rejects_a_link(
    verdict: Verdict | None, link: tuple[object, ...], rate: str
) -> None:
    verdicts = {INCIDENT: verdict} if verdict else {}
    assert [each[:3] for each in found(SUSPECT, verdicts=verdicts)] == [link]
    assert said(production(SUSPECT, verdicts=verdicts).now.change_fail_rate).startswith(rate)
    assert production(SUSPECT, verdicts=verdicts).links[0].verdict == verdict


def test_a_verdict_wins_over_what_the_incident_says_and_its_remedy_goes_with_it() -> None:
    text = BEFORE + (
        "deployment: d3 09-10T13:00 09-10T13:05 version=V1\nincident: i1 09-10T12:20 09-10T13:05 caused_by_deployment=d2"
    )
    assert found(text) == [("confirmed", "explicit", "d2", "i1", "d3")]
    verdicts = {INCIDENT: Verdict(None, "mika", "infra")}
    assert found(text, verdicts=verdicts) == [("rejected", "explicit", None, "i1", "d3")]
    assert production(text, verdicts=verdicts).failures == ()


def test_a_mending_deployment_without_an_incident_is_judged_by_itself() -> None:
    text = BEFORE + "deployment: d3 09-10T13:00 09-10T13:05 kind=hotfix"
    verdicts = {("jobs", "deployment", "d3"): Verdict(None, "mika", "infra")}
    assert found(text, verdicts=verdicts) == [("rejected", "hotfix", None, None, "d3")]


def test_a_verdict_may_name_what_is_not_known_any_more() -> None:
    verdicts = {INCIDENT: Verdict("d77", "mika")}
    assert found(SUSPECT, verdicts=verdicts) == [("unknown", "time", None, "i1", None)]
