"""One trouble is one item, whoever's lines it shows on; what matters most comes first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics import catalog
from metrics.model import Component, Finding, Service, Window
from metrics.review.items import Context, belong_together, items
from metrics.ui.finding_words import item_sentence

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SERVICE = Service(
    "jobs", "Jobs", "UTC", 0,
    components=(Component("jobs", "web", "web", "Web", "dev"), Component("jobs", "db", "database", "Database", "infra")),
)  # fmt: skip


def finding(name="a", component="web", indicator="http.server.request.duration.p95", kind="shift", **more):
    told = {
        "since": MONDAY, "before": 0.2, "after": 0.3, "certainty": 0.9, "is_worse": True, "first_seen": MONDAY + DAY,
        "last_seen": MONDAY + DAY, "unit": catalog.load().get(indicator).unit,
    }  # fmt: skip
    return Finding(id=name, service="jobs", component=component, indicator=indicator, kind=kind, **(told | more))


def cpu(name="b", **more):
    told = {"before": 40.0, "after": 54.0}
    return finding(name, "db", "system.cpu.utilization", **(told | more))


def jumps(*minutes):
    starts = [MONDAY + m * MINUTE for m in minutes]
    return tuple(Window(start, start + 10 * MINUTE) for start in starts)


def context(then=(), headroom=None, service=SERVICE):
    return Context(
        service, catalog.load().indicators, MONDAY + 7 * DAY, MONDAY, {f.id: f for f in then}, headroom or {}
    )


def test_steps_at_one_time_are_one_item_of_both_teams():
    (item,) = items([finding(), cpu(since=MONDAY + timedelta(hours=11))], context())
    assert set(item.owners) == {"dev", "infra"}
    assert (item.since, item.until) == (MONDAY, None)


def test_steps_days_apart_are_two():
    assert len(items([finding(), cpu(since=MONDAY + 2 * DAY)], context())) == 2


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (jumps(0, 600, 4000), jumps(12, 612), True),
        (jumps(0, 600, 4000), jumps(300, 612, 2000), False),
        (jumps(0), jumps(30), True),
        (jumps(0), jumps(31), False),
    ],
    ids=["each beside one", "one of three", "half an hour apart", "more than half an hour apart"],
)
def test_lines_that_jump_together_are_one_trouble(one, other, together):
    a, b = finding(kind="burst", episodes=one), cpu(kind="burst", episodes=other)
    assert belong_together(a, b) is together


@pytest.mark.parametrize(("hours", "together"), [(2, True), (4, False)])
def test_a_late_alarm_belongs_to_a_jump_that_is_short(hours, together):
    whole = Window(MONDAY, MONDAY + timedelta(hours=hours))
    late = finding(kind="spike", episodes=(whole,)), cpu(kind="spike", episodes=jumps(65))
    assert belong_together(*late) is together


def test_a_source_that_falls_silent_is_one_item_not_fifty():
    lost = [
        finding(str(n), kind="silence", part=f"/{n}", is_worse=None, evidence={"source": "datadog"})
        for n in range(50)
    ]
    other = finding("x", kind="silence", is_worse=None, evidence={"source": "cloudwatch"})
    assert sorted(len(item.findings) for item in items([*lost, other], context())) == [1, 50]


def test_what_grows_with_demand_is_one_trend_and_a_disk_is_another():
    grown = {"kind": "drift", "evidence": {"driver": "demand"}}
    a, b = finding("a", **grown), cpu("b", **grown)
    disk = finding("c", "db", "system.filesystem.utilization", kind="forecast", before=40.0, after=60.0)
    assert belong_together(a, b)
    assert not belong_together(a, disk)
    assert not belong_together(b, disk)


def test_parts_of_one_thing_that_grow_are_one_trend():
    a, b = (finding(n, "db", "system.memory.utilization", kind="drift", part=n) for n in "ab")
    assert belong_together(a, b)
    assert not belong_together(a, replace(b, after=0.0))


def test_the_id_stays_as_others_join():
    late = cpu("0", first_seen=MONDAY + 3 * DAY)
    (item,) = items([finding("a"), late], context())
    assert item.id == "a"


def test_what_is_gone_neither_leads_nor_tells_the_news():
    """Its id stays: it was the first to be seen."""
    soon = {"early": (MONDAY + 40 * DAY).isoformat(), "limit": 100.0}
    gone = cpu("a", kind="forecast", after=90.0, evidence=soon, gone_at=MONDAY + DAY)
    here = cpu("b", kind="drift", part="disk", after=44.0, first_seen=MONDAY + 2 * DAY)
    (item,) = items([gone, here], context(then=[replace(gone, gone_at=None), replace(here, after=42.0)]))
    assert [each.id for each in item.findings] == ["b", "a"]
    assert (item.id, item.news) == ("a", "worse")
    assert "reaches" not in item_sentence(item, catalog.load().indicators, "UTC")


@pytest.mark.parametrize(
    ("now", "then", "news"),
    [
        (finding(), None, "new"),
        (finding(after=0.35), finding(), "worse"),
        (finding(after=0.31), finding(), "continuing"),
        (finding(after=0.25), finding(), "better"),
        (finding(gone_at=MONDAY), finding(), "over"),
        (finding(kind="burst", episodes=jumps(0, 99)), finding(kind="burst", episodes=jumps(0)), "worse"),
    ],
)
def test_news_is_against_the_last_review(now, then, news):
    (item,) = items([now], context([then] if then else []))
    assert item.news == news


@pytest.mark.parametrize(("days", "news"), [(30, "worse"), (40, "continuing"), (50, "better")])
def test_news_of_a_limit_is_its_date(days, news):
    def at(left):
        return finding(kind="forecast", evidence={"early": (MONDAY + left * DAY).isoformat(), "limit": 1.0})

    (item,) = items([at(days)], context([at(40)]))
    assert item.news == news


def test_users_come_first_and_what_is_over_last():
    user, machine = finding("a", kind="drift"), cpu("b", kind="drift", after=52.0)
    gone = finding("c", kind="spike", gone_at=MONDAY)
    demand = finding("d", "web", "demand.accounts", kind="drift", is_worse=None, before=100, after=120)
    ranked = items([demand, gone, machine, user], context(then=[gone]))
    assert [item.id for item in ranked] == ["a", "b", "d", "c"]


def test_a_limit_in_sight_outranks_the_same_trend_without_one():
    soon = (MONDAY + 14 * DAY).isoformat()
    dated = cpu("a", kind="forecast", evidence={"early": soon, "limit": 100.0})
    plain = finding("b", "db", "system.memory.utilization", kind="drift", before=40.0, after=54.0)
    first, second = items([plain, dated], context())
    assert (first.id, second.id) == ("a", "b")
    assert first.parts["nearness"] == pytest.approx(1 - 7 / 90)


def test_a_service_may_weigh_otherwise():
    users, big = finding("a", kind="drift"), cpu("b", kind="drift", before=40.0, after=70.0)
    lines = {"web/http.server.request.duration.p95": 0.5, "db/system.cpu.utilization": 0.5}
    assert items([users, big], context(headroom=lines))[0].id == "a"
    sizes = replace(SERVICE, ranking={"harm": 0.0, "size": 5.0})
    assert items([users, big], context(headroom=lines, service=sizes))[0].id == "b"


@pytest.mark.parametrize(
    ("start", "hours", "together"),
    [(MONDAY, 24, True), (MONDAY, 11, False), (MONDAY - DAY, 24, False)],
    ids=["for a day", "for less than half a day", "at another time"],
)
def test_a_line_that_jumped_for_long_when_another_stepped_is_one_trouble(start, hours, together):
    jump = cpu(kind="spike", episodes=(Window(start, start + timedelta(hours=hours)),))
    assert belong_together(finding(), jump) is together
    assert belong_together(jump, finding()) is together
