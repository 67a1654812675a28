"""Incidents: which are a component's, from when to when, and that the list is read to its end and once a run."""

from __future__ import annotations

from datetime import datetime

import pytest

from metrics.collect.http import Budget, client
from metrics.model import Window
from tests.collect.datadog_events.happening import ask, settings
from tests.collect.datadog_events_server import TODAY, Account, clock, incident, told

ALL: dict[str, object] = {"incidents": {}}


def test_an_incident_and_all_that_is_known_of_it(account: Account) -> None:
    account.incidents = [
        incident(
            17, clock("09:10"), title="Checkout\n is down", services=["web", "db"], teams=["Core"], severity="SEV-1",
            customer_impact_start=clock("09:00"), detected=clock("09:05"), customer_impact_end=clock("09:50"),
            resolved=clock("10:00"), modified=clock("10:05"), state="resolved",
        )
    ]  # fmt: skip
    found = ask(settings(account, ALL))
    (event,) = found.events
    assert (event.service, event.component, event.kind, event.id) == (
        "jobs", "web", "incident", "00000000-0000-0000-0000-000000000017",
    )  # fmt: skip
    assert (event.started_at, event.ended_at, event.status) == (clock("09:00"), clock("10:00"), "resolved")
    assert (event.title, event.url) == ("Checkout is down", "https://app.datadoghq.com/incidents/17")
    assert event.attrs == {
        "severity": "SEV-1", "detected_at": "2026-06-03T09:05:00+00:00", "resolved_at": "2026-06-03T10:00:00+00:00",
        "services": "db,web", "teams": "core", "number": 17,
    }  # fmt: skip
    assert found.states == [("web", "incident", "complete", "")]


@pytest.mark.parametrize(
    ("said", "ended", "status"),
    [
        ({}, None, "open"),
        ({"state": "stable"}, None, "open"),
        ({"state": "resolved", "resolved": clock("11:00")}, clock("11:00"), "resolved"),
        # As in Datadog's own recording of one that was declared when all was over.
        ({"state": "resolved", "modified": clock("12:00")}, clock("12:00"), "resolved"),
        ({"state": "completed", "customer_impact_end": clock("11:30")}, clock("11:30"), "resolved"),
        ({"state": None}, None, "open"),
    ],
)
def test_when_it_is_over(account: Account, said: dict[str, object], ended: datetime | None, status: str) -> None:
    account.incidents = [incident(1, clock("09:00"), **said)]
    (event,) = ask(settings(account, ALL)).events
    assert (event.started_at, event.ended_at, event.status) == (clock("09:00"), ended, status)
    assert "severity" not in event.attrs


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"services": ["web"]}, [1, 3]),
        ({"services": ["{component}"], "teams": ["core"]}, [3]),
        ({"teams": ["CORE", "infra"]}, [2, 3]),
        ({"services": ["api"]}, []),
    ],
)
def test_incidents_are_a_components_by_service_and_team(
    account: Account, wanted: dict[str, object], numbers: list[int]
) -> None:
    account.incidents = [
        incident(1, clock("01:00"), services=["Web", "db"]),
        incident(2, clock("02:00"), services=["db"], teams=["core"]),
        incident(3, clock("03:00"), services="web", teams=["core"]),
        incident(4, clock("04:00")),
        incident(5, clock("05:00"), services=["web"], is_test=True),
    ]
    found = ask(settings(account, {"incidents": wanted}))
    assert [each.attrs["number"] for each in found.events] == numbers
    assert found.states == [("web", "incident", "complete" if numbers else "empty", "")]


def test_one_of_two_components_is_the_first_ones(account: Account) -> None:
    account.incidents = [incident(1, clock("01:00"), services=["web", "db"])]
    both = [{"component": name, "incidents": {"services": ["{component}"]}} for name in ("db", "web")]
    found = ask(settings(account, *both))
    assert [each.component for each in found.events] == ["db"]
    assert [state[:3] for state in found.states] == [("db", "incident", "complete"), ("web", "incident", "empty")]


@pytest.mark.parametrize(
    ("said", "is_told"),
    [
        ({}, False),
        ({"modified": clock("08:00")}, True),
        ({"resolved": clock("08:00"), "state": "resolved"}, True),
        ({"modified": clock("00:00", 1)}, False),
    ],
)
def test_it_is_told_again_when_it_changed(account: Account, said: dict[str, object], *, is_told: bool) -> None:
    account.incidents = [incident(1, clock("09:00", -5), **said)]
    assert len(ask(settings(account, ALL)).events) == is_told


@pytest.mark.parametrize(("many", "requests"), [(0, 1), (99, 1), (100, 2), (250, 3)])
def test_the_list_ends_with_a_page_that_is_not_full_and_is_read_once_a_run(
    account: Account, many: int, requests: int
) -> None:
    account.incidents = [incident(number, clock("01:00")) for number in range(1, many + 1)]
    configured = settings(account, ALL)
    with client(budget=Budget(per_second=1e9)) as polite:
        assert len(ask(configured, TODAY, polite).events) == many
        assert ask(configured, Window(clock("00:00", -1), clock("00:00")), polite).events == []
    assert len(account.asked) == requests
    assert {"page%5Bsize%5D=100" in each.path for each in account.asked} == {True}


def test_alerts_and_incidents_are_two_questions(account: Account) -> None:
    account.events, account.incidents = [told(clock("01:00"), "error")], [incident(1, clock("02:00"))]
    found = ask(settings(account, {"monitors": [7], "incidents": {}}, site="us5.datadoghq.com"))
    assert [each.url for each in found.events] == [
        "https://us5.datadoghq.com/monitors/7", "https://us5.datadoghq.com/incidents/1",
    ]  # fmt: skip
    assert [state[1] for state in found.states] == ["alert", "incident"]
