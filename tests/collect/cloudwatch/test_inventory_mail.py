"""SES: an account's send statistics and quota, and a configuration set's metrics; moto's statistics are one point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from metrics.collect._cloudwatch import mail
from metrics.collect._cloudwatch.session import Account
from metrics.model import Coverage, Points, Snapshot, Window
from tests.collect.cloudwatch.moto_account import (
    NOON,
    account,
    emptied,
    inventory,
    moto,
    refuse,
    row,
    stubbed,
    target,
)

# An exact hour, so that what is over and what is late can be told apart.
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COUNTS = ("mail.sent", "mail.bounced", "mail.complaints", "mail.rejected")


def at(text: str, day: int = 24) -> datetime:
    return datetime(2026, 11, day, *map(int, text.split(":")), tzinfo=UTC)


def counted(
    moment: datetime, sent: int, bounced: int = 0, complaints: int = 0, rejected: int = 0
) -> dict[str, object]:
    return {
        "Timestamp": moment, "DeliveryAttempts": sent, "Bounces": bounced, "Complaints": complaints, "Rejects": rejected,
    }  # fmt: skip


@contextmanager
def ses(of: Account, *points: Mapping[str, object], most: float = 1000) -> Iterator[None]:
    """An account that has counted these."""
    quota = {"Max24HourSend": most, "MaxSendRate": 14, "SentLast24Hours": 1}
    with stubbed(of, "ses", ("get_send_statistics", {}, {"SendDataPoints": points}), ("get_send_quota", {}, quota)):
        yield


def collected(window: Window, *points: Mapping[str, object], most: float = 1000) -> list[Points | Coverage]:
    it = account(moto())
    with ses(it, *points, most=most):
        return list(mail.collect(it, target("mail", ses=True), window, NOW))


def values(batches: Iterable[object], indicator: str) -> list[tuple[str, float]]:
    return [
        (f"{ts.item():%H:%M}", float(value))
        for each in batches
        if isinstance(each, Points) and each.series.indicator == indicator
        for ts, value in zip(each.ts, each.values, strict=True)
    ]


def answers(batches: Iterable[object], indicator: str) -> list[tuple[str, str, str]]:
    """(from, until, how it ended)"""
    return [
        (f"{each.window.start:%d %H:%M}", f"{each.window.end:%d %H:%M}", each.state)
        for each in batches
        if isinstance(each, Coverage) and each.indicator == indicator
    ]


def test_counts_fall_on_the_clock_wherever_ses_begins_its_quarters():
    """Two quarters that begin at 9:02 and 9:17, and one outside the window."""
    batches = collected(
        Window(at("9:00"), at("10:00")),
        counted(at("9:17"), 30, bounced=2, complaints=1, rejected=3),
        counted(at("9:02"), 20),
        counted(at("8:47"), 99),
    )
    assert values(batches, "mail.sent") == [("09:00", 20), ("09:15", 30)]
    assert values(batches, "mail.bounced") == [("09:00", 0), ("09:15", 2)]
    assert values(batches, "mail.complaints") == [("09:00", 0), ("09:15", 1)]
    assert values(batches, "mail.rejected") == [("09:00", 0), ("09:15", 3)]
    for name in COUNTS:
        assert answers(batches, name) == [("24 09:00", "24 10:00", "complete")]
    series = {each.series for each in batches if isinstance(each, Points)}
    assert {(each.component, each.stat, each.unit, each.period_s, each.source) for each in series} == {
        ("mail", "sum", "1", 900, "cloudwatch"), ("mail", "max", "%", 900, "cloudwatch"),
    }  # fmt: skip


def test_two_that_fall_into_one_quarter_are_added_up():
    batches = collected(Window(at("9:00"), at("10:00")), counted(at("9:01"), 1), counted(at("9:14"), 2))
    assert values(batches, "mail.sent") == [("09:00", 3)]


def test_a_quarter_that_is_not_over_or_may_still_change_is_left_for_the_next_run():
    batches = collected(Window(at("11:00"), NOW), *(counted(at(f"11:{m}"), 1) for m in ("02", "17", "32", "47")))
    assert values(batches, "mail.sent") == [("11:00", 1), ("11:15", 1), ("11:30", 1)]
    assert answers(batches, "mail.sent") == [("24 11:00", "24 12:00", "complete")]


def test_the_quota_is_used_by_what_was_sent_in_the_24_hours_before():
    batches = collected(
        Window(at("9:00"), at("10:00")),
        counted(at("9:00", 23), 100),
        counted(at("9:30", 23), 200),
        counted(at("9:15"), 50),
    )
    # At 9:15 yesterday's quarter of 9:00 has just left the 24 hours; at 9:45 that of 9:30 leaves.
    assert values(batches, "mail.quota.utilization") == [
        ("09:00", 20.0),
        ("09:15", 25.0),
        ("09:30", 5.0),
        ("09:45", 5.0),
    ]
    assert answers(batches, "mail.quota.utilization") == [("24 09:00", "24 10:00", "complete")]


def test_an_account_without_a_quota_has_no_share_of_it():
    batches = collected(Window(at("9:00"), at("10:00")), counted(at("9:00"), 5), most=-1)
    assert values(batches, "mail.sent") == [("09:00", 5)]
    assert answers(batches, "mail.quota.utilization") == [("24 09:00", "24 10:00", "empty")]


def test_an_account_that_sends_nothing_is_empty_not_zero():
    batches = collected(Window(at("9:00"), at("10:00")))
    assert not [each for each in batches if isinstance(each, Points)]
    for name in (*COUNTS, "mail.quota.utilization"):
        assert answers(batches, name) == [("24 09:00", "24 10:00", "empty")]


def test_what_ses_no_longer_keeps_is_said_to_be_gone():
    start = NOW - timedelta(days=15)
    batches = collected(Window(start, NOW - timedelta(days=12)), counted(NOW - timedelta(days=12, hours=6), 10))
    assert answers(batches, "mail.sent") == [("09 12:00", "10 12:00", "empty"), ("10 12:00", "12 12:00", "complete")]
    # Nobody knows what was sent in the 24 hours before the first day that is kept.
    assert answers(batches, "mail.quota.utilization") == [
        ("09 12:00", "11 12:00", "empty"), ("11 12:00", "12 12:00", "complete"),
    ]  # fmt: skip
    assert values(batches, "mail.quota.utilization")[:1] == [("12:00", 0.0)]


def test_a_window_before_all_that_is_kept_is_not_asked_for():
    window = Window(NOW - timedelta(days=30), NOW - timedelta(days=20))
    it = account(moto())
    with stubbed(it, "ses"):
        batches = list(mail.collect(it, target("mail", ses=True), window, NOW))
    assert {(each.indicator, each.state, each.detail) for each in batches if isinstance(each, Coverage)} == {
        (name, "empty", "SES keeps its send statistics for two weeks") for name in (*COUNTS, "mail.quota.utilization")
    }


def test_without_permission_each_indicator_says_which_one_is_missing():
    it = account(moto())
    refuse(it, "ses", "get_send_statistics")
    batches = list(mail.collect(it, target("mail", ses=True), Window(at("9:00"), at("10:00")), NOW))
    assert len(batches) == 5
    for each in batches:
        assert isinstance(each, Coverage)
        assert (each.state, each.retryable) == ("forbidden", False)
        assert each.detail.startswith("ses:GetSendStatistics is not allowed")


def test_without_permission_for_the_quota_the_counts_are_there():
    it = account(moto())
    stub = refuse(it, "ses")
    stub.add_response("get_send_statistics", {"SendDataPoints": [counted(at("9:00"), 5)]})
    stub.add_client_error("get_send_quota", "AccessDenied", "not authorized", 403)
    batches = list(mail.collect(it, target("mail", ses=True), Window(at("9:00"), at("10:00")), NOW))
    assert values(batches, "mail.sent") == [("09:00", 5)]
    assert answers(batches, "mail.quota.utilization") == [("24 09:00", "24 10:00", "forbidden")]


def test_an_account_takes_from_cloudwatch_only_what_its_statistics_lack():
    emptied()
    found = inventory(target("mail", ses=True))
    assert [(*row(metric), metric.dimensions) for metric in found.metrics] == [
        (None, "mail.delivered", "Delivery", "Sum", "0 with Send", ()),
        (None, "mail.reputation.bounce_rate", "Reputation.BounceRate", "Average", "x 100", ()),
        (None, "mail.reputation.complaint_rate", "Reputation.ComplaintRate", "Average", "x 100", ()),
    ]
    assert [each.component for each in found.mails] == ["mail"]
    hour = NOON.replace(minute=0)
    quota = {"max_24_hour_send": 200.0, "max_send_rate": 1.0, "sent_last_24_hours": 0.0}
    assert found.snapshots == (Snapshot("jobs", "mail", "quota", hour, "cloudwatch", quota),)


def test_no_indicator_of_mail_is_fed_twice():
    emptied()
    it = account(moto())
    found = inventory(target("mail", ses=True), of=it)
    own = {each.indicator for each in found.beside(it, Window(at("9:00"), at("10:00"))) if isinstance(each, Coverage)}
    assert own == {*COUNTS, "mail.quota.utilization"}
    assert own.isdisjoint(metric.indicator for metric in found.metrics)


def test_a_configuration_set_takes_all_its_counts_from_cloudwatch():
    found = inventory(target("news", ses="newsletters"))
    assert [row(metric)[1:] for metric in found.metrics] == [
        ("mail.sent", "Send", "Sum", ""),
        ("mail.bounced", "Bounce", "Sum", "0 with Send"),
        ("mail.complaints", "Complaint", "Sum", "0 with Send"),
        ("mail.rejected", "Reject", "Sum", "0 with Send"),
        ("mail.delivered", "Delivery", "Sum", "0 with Send"),
        ("mail.reputation.bounce_rate", "Reputation.BounceRate", "Average", "x 100"),
        ("mail.reputation.complaint_rate", "Reputation.ComplaintRate", "Average", "x 100"),
    ]
    assert {metric.dimensions for metric in found.metrics} == {(("ses:configuration-set", "newsletters"),)}
    assert (found.mails, found.snapshots) == ((), ())


def test_motos_own_statistics_are_read_over_http():
    """One point, stamped now: too young to be told before the next run."""
    emptied()
    it = account(moto())
    it.client("ses").verify_email_identity(EmailAddress="us@example.com")
    message = {"Subject": {"Data": "hello"}, "Body": {"Text": {"Data": "hello"}}}
    it.client("ses").send_email(
        Source="us@example.com", Destination={"ToAddresses": ["a@example.com"]}, Message=message
    )
    now = datetime.now(UTC) + timedelta(hours=1)
    batches = list(mail.collect(it, target("mail", ses=True), Window(now - timedelta(hours=3), now), now))
    assert [value for _, value in values(batches, "mail.sent")] == [1.0]
    assert values(batches, "mail.quota.utilization")[-1][1] == 0.5
