"""Incidents: issues by label or type, and what their labels and text say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.model import Window
from tests.collect.github.github_asked import client, collected
from tests.collect.github.github_server import Hub, day


def test_an_incident_as_it_is_kept(hub: Hub) -> None:
    hub.issue(
        9, day(4, 10), day(4, 11), title="Exports time out", labels=["incident", "sev-2"],
        body="Since noon.\n\n- **Caused by deployment:** `145988746`\n",
    )  # fmt: skip
    event = collected(hub).one("incident")
    assert (event.service, event.component, event.id) == ("jobs", "web", "acme/jobs#9")
    assert (event.started_at, event.ended_at, event.status) == (day(4, 10), day(4, 11), "resolved")
    assert (event.title, event.url) == ("Exports time out", "https://github.example.com/acme/jobs/issues/9")
    assert event.attrs == {
        "severity": "2", "detected_at": "2026-06-04T10:00:00+00:00", "resolved_at": "2026-06-04T11:00:00+00:00",
        "caused_by_deployment": "145988746",
    }  # fmt: skip


def test_an_open_one_has_no_end_and_a_closed_one_gets_it(hub: Hub) -> None:
    hub.issue(9, day(4, 10))
    event = collected(hub).one("incident")
    assert (event.ended_at, event.status, event.attrs) == (None, "open", {"detected_at": "2026-06-04T10:00:00+00:00"})
    hub.issues[0] |= {"closed_at": "2026-06-09T00:00:00Z", "updated_at": "2026-06-09T00:00:00Z"}
    assert collected(hub, Window(day(9), day(10))).one("incident").status == "resolved"


def test_a_pull_request_among_the_issues_is_none(hub: Hub) -> None:
    hub.issue(9, day(4), pull_request={"url": "https://github.example.com/api/v3/repos/acme/jobs/pulls/9"})
    came = collected(hub)
    assert came.of("incident") == []
    assert came.states["incident"] == "empty"


def test_an_issue_with_any_of_the_labels_is_one_incident(hub: Hub) -> None:
    """`labels=a,b` would be both."""
    hub.issue(1, day(2), labels=["Incident"])
    hub.issue(2, day(3), labels=["outage"])
    hub.issue(3, day(4), labels=["outage", "Incident"])
    hub.issue(4, day(4), labels=["bug"])
    came = collected(hub, incident_labels=["Incident", "outage"])
    assert sorted(each.id for each in came.of("incident")) == ["acme/jobs#1", "acme/jobs#2", "acme/jobs#3"]


def test_an_issue_of_a_type_is_one_also_where_the_server_does_not_know_types(hub: Hub) -> None:
    hub.issue(1, day(2), labels=[], type={"id": 1, "name": "Incident"})
    hub.issue(2, day(3), labels=[], type={"id": 2, "name": "Bug"})
    hub.issue(3, day(4), labels=[])
    came = collected(hub, incident_labels=[], incident_type="incident")
    assert came.one("incident").id == "acme/jobs#1"


def test_without_labels_and_type_nobody_asks(hub: Hub) -> None:
    came = collected(hub, incident_labels=[])
    assert "incident" not in came.states
    assert not [path for path in hub.paths() if "issues" in path]


def test_they_are_read_by_their_last_change_down_to_the_window(hub: Hub) -> None:
    hub.per_page = 3
    for number in range(12):
        hub.issue(number, day(7) - timedelta(days=number))
    with client() as http:
        assert len(collected(hub, http=http).of("incident")) == 7
        assert len([path for path in hub.paths() if "issues" in path]) == 3
        older = collected(hub, Window(day(1) - timedelta(days=3), day(1)), http=http)
    assert len(older.of("incident")) == 3
    assert len([path for path in hub.paths() if "issues" in path]) == 4


def test_one_that_was_closed_as_no_incident_says_so(hub: Hub) -> None:
    hub.issue(9, day(4), day(4, 1), state_reason="not_planned")
    assert collected(hub).one("incident").attrs["closed_as"] == "not_planned"


@pytest.mark.parametrize(
    ("label", "severity"),
    [
        ("sev-1", "1"),
        ("SEV1", "1"),
        ("severity:high", "high"),
        ("Severity/Critical", "critical"),
        ("severity: 2", "2"),
        ("several", None),
        ("severe weather", None),
    ],
)
def test_the_severity_is_read_from_a_label(hub: Hub, label: str, severity: str | None) -> None:
    hub.issue(9, day(4), labels=["incident", label])
    assert collected(hub).one("incident").attrs.get("severity") == severity


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("caused by deployment: 145988746", "145988746"),
        ("Caused-By: 3f2c9ab", "3f2c9ab"),
        ("text\r\nCaused by deployment: #145988746.\r\nmore", "145988746"),
        ("Caused-By: https://github.example.com/acme/jobs/deployments/145988746", "145988746"),
        ("> caused by deployment: v1.4.2", "v1.4.2"),
        # Prose names no deployment.
        ("Caused by: a full disk", None),
        ("Caused by: 2 disks that failed", None),
        ("Caused by deployment: unknown", None),
        ("We do not know what it is caused by: 12345", None),
        (None, None),
    ],
)
def test_the_cause_is_read_from_a_line_of_its_own(hub: Hub, body: str | None, cause: str | None) -> None:
    hub.issue(9, day(4), body=body)
    assert collected(hub).one("incident").attrs.get("caused_by_deployment") == cause
