"""The agenda's limits: counted back from the earliest day by the quickest countermeasure, and none told twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from metrics.meeting.sections import capacity
from metrics.model import Component, Countermeasure, Entry, Finding, Threshold, Window
from metrics.review.actions import Action, entry
from metrics.store import Store, entries, findings
from tests.meeting import shop

CPU, STORAGE = "system.cpu.utilization", "system.filesystem.utilization"
WAYS = (Countermeasure("shard it", timedelta(weeks=8), "Z"), Countermeasure("delete old logs", timedelta(days=3)))


def described(*ways: Countermeasure):
    db = Component(
        "shop", "db", "host", "Database host", "infra",
        thresholds=(Threshold(CPU, 80.0, "services/shop.yaml"),), limits={STORAGE: 100.0}, countermeasures=ways,
    )  # fmt: skip
    return replace(shop.SHOP, components=(shop.SHOP.components[0], db))


def ahead(days: float, name: str = "f-1", severity: str = "low") -> findings.Judged:
    early = shop.UNTIL + timedelta(days=days)
    times = {"early": early.isoformat(), "crosses_at": (early + timedelta(days=5)).isoformat(), "late": None}
    found = Finding(
        name, "shop", "db", STORAGE, "%", "forecast", shop.UNTIL - timedelta(days=20), 60.0, 75.0, 0.9, True,
        shop.UNTIL - timedelta(days=7), shop.UNTIL, evidence={**times, "limit": 100.0},
    )  # fmt: skip
    return findings.Judged(found, severity, "")


def section(folder: Path, service, *judged: findings.Judged, cpu: float = 50.0, words: Sequence[Entry] = ()):
    """The section, and what is told of the same limits where they moved."""
    rows = [shop.line("db", CPU, [cpu] * 336), shop.line("db", STORAGE, [75.0] * 336)]
    store = shop.fill(folder, *rows)
    seen = findings.Pass("shop", shop.UNTIL, shop.UNTIL, 2, judged)
    findings.write(store, seen, Window(shop.UNTIL - timedelta(hours=1), shop.UNTIL + timedelta(hours=1)))
    entries.add(store, *words)
    with store.read() as db:
        setting = shop.setting(db, service=service)
        return capacity.section(setting), capacity.limits(setting, [each.finding for each in judged])


@pytest.mark.parametrize(
    ("ways", "days", "told"),
    [
        (WAYS, 20, "decide by Thu 10 Dec"),
        ((), 20, "decide before Sun 13 Dec"),
        (WAYS, 2.9, "decide by Mon 23 Nov"),
        (WAYS, 2, "decide now"),
        (WAYS, 91, ""),
    ],
)
def test_what_moved_says_in_a_few_words_until_when_to_decide(tmp_path: Path, ways, days, told):
    seen = ahead(days)
    section(tmp_path, described(*ways), seen)
    with Store(tmp_path / "tomoni.duckdb").read() as db:
        setting = shop.setting(db, service=described(*ways))
        assert capacity.deadline(setting, [seen.finding]) == told
        assert capacity.deadline(setting, [replace(seen.finding, indicator=CPU)]) == ""
        assert capacity.deadline(setting, []) == ""


def test_the_day_to_decide_is_counted_back_by_the_quickest_countermeasure(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: ())
    found, told = section(tmp_path, described(*WAYS), ahead(20))
    (topic,) = found.topics
    assert (topic.subject, topic.tag, topic.owners) == (f"limit/db/{STORAGE}", "decide", ("infra",))
    assert topic.sentence.startswith("Decide by Thu 10 Dec: db storage will reach 100 % about Fri 18 Dec")
    # Of what is told already, as the lead of what moved, only the ways to answer.
    assert told == {"f-1": ("Decide by Thu 10 Dec: delete old logs takes 3 days; shard it (Z) takes 2 months",)}
    assert topic.detail == ("delete old logs takes 3 days: decide by Thu 10 Dec.",
                            "shard it (Z) takes 2 months: no longer in time.")  # fmt: skip
    assert topic.figures[0].value == 75.0
    assert (topic.limit, topic.extreme) == (100.0, "highest")
    assert topic.curve[-1][1] == 75.0
    assert [value for _, value in topic.trend] == [60.0, 75.0], "the level that its sentence says is now"


@pytest.mark.parametrize(("peak", "levels"), [(78.0, [60.0, 75.0]), (90.0, [])])
def test_a_level_far_below_the_peaks_is_not_drawn_below_their_curve(tmp_path: Path, monkeypatch, peak, levels):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: ())
    seen = ahead(20)
    found = replace(seen.finding, evidence={**seen.finding.evidence, "peak": peak})
    (topic,) = section(tmp_path, described(*WAYS), replace(seen, finding=found))[0].topics
    assert [value for _, value in topic.trend] == levels
    assert f"highest hour of the last week {peak:.0f} %" in topic.sentence


def test_what_is_done_about_a_limit_already_is_told_with_it(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: ())
    done = Action("a-1", "shop", "Shard it", "prevention", f"limit/db/{STORAGE}", "", "infra", date(2026, 12, 14))
    here = replace(done, id="a-2", what="Buy disks", review="2026-11-23")
    words = [entry(each, shop.UNTIL - timedelta(days=9), "Mika") for each in (done, here)]
    (topic,) = section(tmp_path, described(*WAYS), ahead(20), words=words)[0].topics
    assert topic.detail[0] == "Action: Shard it (not started; verdict due Mon 14 Dec)."
    assert "Buy disks" not in "".join(topic.detail)


def test_without_countermeasures_it_says_how_to_add_them(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: ())
    (topic,) = section(tmp_path, described(), ahead(20))[0].topics
    assert topic.sentence.startswith("Decide before Sun 13 Dec:")
    assert "name `countermeasures`" in topic.detail[0]
    assert "data/services/shop.yaml" in topic.detail[0]


def test_too_late_is_overdue_and_far_off_is_not_told(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: ())
    (topic,) = section(tmp_path, described(*WAYS), ahead(2))[0].topics
    assert topic.tag == "overdue"
    assert topic.sentence.startswith("Decide now (it was due by Sun 22 Nov)")
    (tmp_path / "later").mkdir()
    found, _ = section(tmp_path / "later", described(*WAYS), ahead(91))
    assert (found.topics, found.nothing[:17]) == ((), "No limit is expec")


def test_what_is_to_be_decided_today_is_not_overdue_before_the_day_is_over(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: ())
    (topic,) = section(tmp_path, described(*WAYS), ahead(2.9))[0].topics
    assert topic.tag == "decide"
    assert topic.sentence.startswith("Decide by Mon 23 Nov:")
    assert topic.detail[0] == "delete old logs takes 3 days: decide by Mon 23 Nov."


def test_a_share_and_its_count_are_one_limit(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: ())
    share = ahead(20)
    counted = {**share.finding.evidence, "limit": 2000.0, "early": (shop.UNTIL + timedelta(days=19)).isoformat()}
    count = replace(
        share.finding, id="f-2", indicator="system.filesystem.usage", unit="By", after=1500.0, evidence=counted
    )
    found, told = section(tmp_path, described(*WAYS), findings.Judged(count, "low", ""), share)
    (topic,) = found.topics
    assert topic.sentence.startswith("Decide by Thu 10 Dec: db storage will reach 100 % about Fri 18 Dec")
    assert topic.detail[0] == "That is 1.46 KiB of 1.95 KiB now."
    assert told["f-2"] == ()
    assert told["f-1"] == (topic.sentence, topic.detail[0])


def test_what_is_near_by_share_and_by_count_is_one_topic(tmp_path: Path):
    db = replace(
        described().components[1],
        limits={"db.client.connection.utilization": 100.0, "db.client.connection.count": 2000.0},
    )
    service = replace(shop.SHOP, components=(shop.SHOP.components[0], db))
    store = shop.fill(
        tmp_path, shop.line("db", "db.client.connection.utilization", [95.0] * 336),
        shop.line("db", "db.client.connection.count", [1900.0] * 336, unit="1"),
    )  # fmt: skip
    with store.read() as reader:
        (topic,) = capacity.section(shop.setting(reader, service=service)).topics
    assert (topic.subject, topic.tag) == ("limit/db/db.client.connection.utilization", "near")
    assert [figure.value for figure in topic.figures] == [95.0, 1900.0]


def test_what_is_among_the_moved_is_not_told_twice(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: tuple(every))
    found, told = section(tmp_path, described(*WAYS), ahead(20))
    assert (found.topics, found.nothing) == ((), "All limits in sight are among what moved.")
    assert list(told) == ["f-1"]


def test_a_short_jump_of_the_same_line_hides_no_limit(tmp_path: Path, monkeypatch):
    def of_jumps(every):
        return tuple(item for item in every if item.lead.kind == "spike")

    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", of_jumps)
    limit = ahead(20)
    when = Window(shop.UNTIL - timedelta(days=2), shop.UNTIL - timedelta(days=2, hours=-1))
    spike = replace(limit.finding, id="f-2", kind="spike", since=when.start, until=when.end, episodes=(when,))
    found, _ = section(tmp_path, described(*WAYS), limit, findings.Judged(spike, "low", ""))
    assert [topic.sentence[:20] for topic in found.topics] == ["Decide by Thu 10 Dec"]


def test_what_comes_now_and_then_has_no_hours(tmp_path: Path):
    """A build is its own length, whenever it runs."""
    builds = shop.line("db", CPU, [74.0] * 336)
    store = shop.fill(tmp_path, replace(builds, series=replace(builds.series, period_s=0)))
    with store.read() as reader:
        (topic,) = capacity.section(shop.setting(reader, service=described())).topics
    assert (topic.limit, topic.extreme, topic.fine) == (80.0, "highest", None)


def test_a_line_with_less_than_a_tenth_left_is_told_and_one_beyond_says_so(tmp_path: Path):
    (topic,) = section(tmp_path, described(), cpu=74.0)[0].topics
    assert (topic.subject, topic.tag) == (f"limit/db/{CPU}", "near")
    assert topic.sentence == "db CPU stands at 74 % in 16 – 23 Nov 2026; it must not get beyond 80 %"
    assert (topic.limit, topic.extreme, topic.fine) == (80.0, "highest", timedelta(hours=1))
    for name, cpu, tags in (("room", 71.0, []), ("over", 85.0, ["beyond"])):
        (tmp_path / name).mkdir()
        assert [each.tag for each in section(tmp_path / name, described(), cpu=cpu)[0].topics] == tags
