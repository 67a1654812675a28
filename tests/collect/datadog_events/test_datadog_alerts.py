"""Notifications become episodes with the same name and beginning, whatever window is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.model import Window
from tests.collect.datadog_events.happening import ask, settings
from tests.collect.datadog_events_server import NINE, TODAY, Account, clock, downtime, told

HOUR = timedelta(hours=1)


def window(start: str, end: str, day: int = 0, until: int | None = None) -> Window:
    return Window(clock(start, day), clock(end, day if until is None else until))


def test_nine_notifications_are_seven_episodes(account: Account) -> None:
    account.events = [told(clock(at), status, group=group) for at, status, group in NINE]
    found = ask(settings(account))
    assert found.rows == [
        ("7 host:web-1 2026-06-03T01:00:00Z", "03 01:00:00", "03 01:20:00", "resolved"),
        ("7 host:web-2 2026-06-03T02:00:00Z", "03 02:00:00", None, "open"),
        ("7 host:web-1 2026-06-03T03:00:00Z", "03 03:00:00", None, "open"),
        ("7 host:web-3 2026-06-03T04:00:00Z", "03 04:00:00", None, "open"),
        ("7 host:web-4 2026-06-03T05:00:00Z", "03 05:00:00", None, "open"),
        ("7 host:web-5 2026-06-03T06:00:00Z", "03 06:00:00", None, "open"),
        ("7 host:web-6 2026-06-03T07:00:00Z", "03 07:00:00", None, "open"),
    ]
    assert found.states == [("web", "alert", "complete", "")]
    assert found.answers[0].window == TODAY
    twice = found.events[3]
    assert (twice.service, twice.component, twice.title) == ("jobs", "web", "CPU is high (host:web-3)")
    assert twice.url == "https://app.datadoghq.com/monitors/7"
    assert twice.observed_at == clock("04:10")  # when it was last told of
    assert twice.attrs == {
        "rule": "CPU is high", "monitor_id": 7, "group": "host:web-3", "severity": "error", "notifications": 2,
        "muted": False,
    }  # fmt: skip
    assert found.events[5].attrs["severity"] == "warn"


def test_from_warning_to_error_and_back_is_one_episode_of_its_worst(account: Account) -> None:
    steps = [("01:00", "warn"), ("01:10", "error"), ("01:20", "warn"), ("01:30", "ok"), ("01:31", "ok")]
    account.events = [told(clock(at), status) for at, status in steps]
    found = ask(settings(account))
    assert found.rows == [("7 host:web-1 2026-06-03T01:00:00Z", "03 01:00:00", "03 01:30:00", "resolved")]
    assert (found.events[0].attrs["severity"], found.events[0].attrs["notifications"]) == ("error", 4)


LONG = [
    told(clock("22:00:04", -4), "ok"),
    told(clock("23:00:07", -4), "error"),
    told(clock("12:00", -3), "error"),
    told(clock("12:00", -1), "error"),
    told(clock("06:00", 0), "error"),
    told(clock("09:00:00", 0), "ok", lasted=timedelta(days=3, hours=10) - timedelta(seconds=2)),
]
"""From 23:00:07 four days before to 09:00 today, with repetitions; its recovery says 23:00:02."""
NAME, BEGAN = "7 host:web-1 2026-05-30T23:00:07Z", "30 23:00:07"


@pytest.mark.parametrize(
    ("asked", "ended"),
    [
        (window("00:00", "00:00", -4, 1), "03 09:00:00"),  # all of it
        (window("08:00", "10:00"), "03 09:00:00"),  # nothing but the recovery, and a repetition a day before
        (window("05:00", "07:00"), None),  # a repetition
        (window("10:00", "13:00", -3), None),
        (window("22:00", "23:59", -4), None),  # its beginning
    ],
)
def test_an_episode_has_one_name_and_one_beginning_whatever_is_asked(
    account: Account, asked: Window, ended: str | None
) -> None:
    account.events = LONG
    rows = [row for row in ask(settings(account), asked).rows if not row[1].startswith("30 22")]
    assert rows == [(NAME, BEGAN, ended, "resolved" if ended else "open")]


@pytest.mark.parametrize("lasted", [None, timedelta(days=3, hours=10)])
def test_a_recovery_by_itself_completes_an_episode_that_began_days_before(
    account: Account, lasted: timedelta | None
) -> None:
    account.events = [*LONG[:2], told(clock("09:00"), "ok", lasted=lasted)]
    found = ask(settings(account))
    assert found.rows == [(NAME, BEGAN, "03 09:00:00", "resolved")]
    assert found.events[0].attrs["severity"] == "error"
    assert len(account.searches()) == (3 if lasted is None else 4)  # up to an earlier recovery, or to an empty page


def test_where_datadog_keeps_no_beginning_the_recovery_tells_it(account: Account) -> None:
    account.events = [told(clock("09:00"), "ok", lasted=10 * HOUR)]
    found = ask(settings(account))
    assert found.rows == [("7 host:web-1 2026-06-02T23:00:00Z", "02 23:00:00", "03 09:00:00", "resolved")]
    assert "severity" not in found.events[0].attrs


def test_a_recovery_that_nothing_tells_the_beginning_of_is_counted(account: Account) -> None:
    account.events = [told(clock("09:00"), "ok")]
    found = ask(settings(account))
    assert found.rows == []
    assert found.states == [("web", "alert", "empty", "recoveries that nothing tells the beginning of: 1")]


def test_an_episode_of_yesterday_costs_no_further_question(account: Account) -> None:
    account.events = [told(clock("20:00", -1), "error"), told(clock("08:00"), "ok", lasted=12 * HOUR)]
    assert [row[1] for row in ask(settings(account)).rows] == ["02 20:00:00"]
    assert len(account.searches()) == 2


def test_groups_of_one_monitor_are_looked_up_together(account: Account) -> None:
    groups = [f"host:web-{number}" for number in range(20)]
    account.events = [told(clock("20:00", -9), "error", group=group) for group in groups]
    account.events += [
        told(clock("08:00"), "ok", group=group, lasted=timedelta(days=8, hours=12)) for group in groups
    ]
    rows = ask(settings(account)).rows
    assert {row[1] for row in rows} == {"25 20:00:00"}
    assert len(rows) == 20
    assert len(account.searches()) == 4


@pytest.mark.parametrize(("page", "requests"), [(2, 6), (9, 2), (1_000, 2)])
def test_the_list_ends_where_no_after_comes(account: Account, page: int, requests: int) -> None:
    account.largest_page = page
    account.events = [told(clock(at), status, group=group) for at, status, group in NINE]
    configured, asked = settings(account), window("00:00", "23:00")
    rows = ask(configured, asked).rows
    assert len(rows) == 7
    of_the_window = [each for each in account.searches() if each["sort"] == "timestamp"]
    assert len(of_the_window) == requests
    assert {each["page"]["limit"] for each in of_the_window} == {1_000}


def test_a_list_that_repeats_its_cursor_ends(account: Account) -> None:
    account.events = [told(clock("01:00"), "error"), told(clock("01:10"), "ok", lasted=HOUR / 6)]
    account.change = lambda reply: {**reply, "meta": {"page": {"after": "MQ=="}}}
    assert len(ask(settings(account)).rows) == 1


@pytest.mark.parametrize(
    ("monitors", "query", "names"),
    [
        ([7], "source:alert (@monitor.id:7)", {"CPU is high"}),
        (["7", 8], "source:alert (@monitor.id:7 OR @monitor.id:8)", {"CPU is high", "Disk fills up"}),
        (["service:{component}"], "source:alert (service:web)", {"CPU is high"}),
        (["team:infra", 7], "source:alert (@monitor.id:7 OR team:infra)", {"CPU is high", "Disk fills up"}),
        (["Disk *"], "source:alert", {"Disk fills up"}),
        (["* high"], "source:alert", {"CPU is high", "Memory is high"}),
        (["disk *"], "source:alert", set()),
    ],
)
def test_monitors_are_named_by_id_by_tag_or_by_name(
    account: Account, monitors: list[object], query: str, names: set[str]
) -> None:
    account.events = [
        told(clock("01:00"), "error"),
        told(clock("02:00"), "error", 8, "", name="Disk fills up", tags=["team:infra"]),
        told(clock("03:00"), "error", 9, name="Memory is high", tags=["service:website"]),
    ]
    found = ask(settings(account, {"monitors": monitors}))
    assert account.searches()[0]["filter"]["query"] == query
    assert {str(each.attrs["rule"]) for each in found.events} == names
    assert found.states == [("web", "alert", "complete" if names else "empty", "")]


def test_each_component_has_its_own_and_a_monitor_of_two_is_the_plainer_ones(account: Account) -> None:
    account.events = [
        told(clock("01:00"), "error", 7),
        told(clock("02:00"), "error", 8, "", name="Disk fills up", tags=["service:db"]),
    ]
    targets = [
        {"component": "db", "monitors": ["service:db", "CPU*"]},
        {"component": "web", "monitors": [7]},
        {"component": "disk", "monitors": ["service:db"]},
        {"component": "idle", "monitors": [9]},
        {"service": "shop", "component": "cpu", "monitors": ["CPU*"]},
    ]
    found = ask(settings(account, *targets))
    assert sorted((each.service, each.component, each.id.split()[0]) for each in found.events) == [
        ("jobs", "db", "8"), ("jobs", "web", "7"), ("shop", "cpu", "7"),
    ]  # fmt: skip
    assert [state[:3] for state in found.states] == [
        ("db", "alert", "complete"), ("web", "alert", "complete"), ("disk", "alert", "empty"),
        ("idle", "alert", "empty"), ("cpu", "alert", "complete"),
    ]  # fmt: skip
    assert found.events[0].title == "Disk fills up"
    assert "group" not in found.events[0].attrs


def test_what_is_no_notification_is_left_out(account: Account) -> None:
    odd = told(clock("01:00"), "error")
    del odd["attributes"]["attributes"]["monitor_id"], odd["attributes"]["attributes"]["monitor"]
    nameless = told(clock("03:00"), "error", name=None)
    account.events = [odd, told(clock("02:00"), "info"), nameless, told(clock("00:00", 1), "error", 8)]
    found = ask(settings(account))
    assert [row[0] for row in found.rows] == ["7 host:web-1 2026-06-03T03:00:00Z"]
    assert found.events[0].attrs["rule"] == "None"  # its title, without what stands in brackets


@pytest.mark.parametrize(
    ("silent", "muted"),
    [
        ([downtime("d1", clock("00:30"), clock("02:00"))], True),
        ([downtime("d1", clock("01:30"), clock("02:00"))], False),
        ([downtime("d1", clock("00:30"), monitor=7)], True),
        ([downtime("d1", clock("00:30"), monitor=8)], False),
        ([downtime("d1", clock("00:30"), monitor_tags=["service:web", "env:prod"])], True),
        ([downtime("d1", clock("00:30"), monitor_tags=["service:web", "env:test"])], False),
        ([downtime("d1", clock("00:30"), scope='host:"web-1"')], True),
        ([downtime("d1", clock("00:30"), scope="host:web-1 AND env:prod")], True),
        ([downtime("d1", clock("00:30"), scope="host:web-2")], False),
        ([downtime("d1", clock("00:30"), scope="host:(web-1 OR web-2)")], False),  # more than a list of tags
        ([downtime("d1", clock("00:30"), clock("02:00"), canceled=clock("00:40").isoformat())], False),
        ([downtime("d1", clock("00:30"), status="scheduled")], False),
        ([], False),
    ],
)
def test_an_alert_in_a_downtime_is_marked_as_muted(
    account: Account, silent: list[dict[str, object]], *, muted: bool
) -> None:
    account.events, account.downtimes = [told(clock("01:00"), "error")], silent
    (event,) = ask(settings(account)).events
    assert event.attrs["muted"] is muted


def test_downtimes_are_kept_as_snapshots_of_the_components_they_silence(account: Account) -> None:
    recurring = {
        "current_downtime": {"start": clock("22:00").isoformat(), "end": clock("23:00").isoformat()},
        "recurrences": [{"rrule": "FREQ=DAILY", "duration": "1h", "start": "2026-01-01T22:00"}],
    }
    account.largest_page = 2
    account.downtimes = [
        downtime("d1", clock("01:00"), clock("02:00"), message="Release\n night"),
        downtime("d2", clock("03:00"), monitor=8),
        downtime("d3", clock("04:00"), monitor_tags=["service:web"], schedule=recurring),
    ]
    configured = settings(account, {"monitors": ["service:web"]}, {"component": "db", "monitors": [8]})
    found = ask(configured)
    assert [(each.component, each.kind, each.taken_at) for each in found.snapshots] == [
        ("web", "downtime d1", clock("01:00")), ("web", "downtime d3", clock("04:00")),
        ("db", "downtime d1", clock("01:00")), ("db", "downtime d2", clock("03:00")),
    ]  # fmt: skip
    assert found.snapshots[0].values == {
        "start": "2026-06-03T01:00:00+00:00", "end": "2026-06-03T02:00:00+00:00", "status": "active", "scope": "*",
        "monitor_id": None, "monitor_tags": "*", "message": "Release night",
    }  # fmt: skip
    assert found.snapshots[1].values["end"] == "2026-06-03T23:00:00+00:00"
    assert [each.path for each in account.of("")][-2:] == [
        "/api/v2/downtime?page%5Boffset%5D=0&page%5Blimit%5D=100",
        "/api/v2/downtime?page%5Boffset%5D=2&page%5Blimit%5D=100",
    ]


def test_without_downtimes_nobody_says_whether_it_was_muted(account: Account) -> None:
    account.events = [told(clock("01:00"), "error")]
    account.scopes.discard("monitors_downtime")
    found = ask(settings(account))
    assert "muted" not in found.events[0].attrs
    assert found.states[0][2] == "complete"
    assert "whether they were muted is not known: the application key may not read downtimes" in found.states[0][3]
    assert "(scope monitors_downtime)" in found.states[0][3]
    found = ask(settings(account, downtimes=False))
    assert found.states == [("web", "alert", "complete", "")]
