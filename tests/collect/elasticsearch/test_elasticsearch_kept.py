"""Which endpoints a day names: what grew, what is big, and the same whenever somebody asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from metrics.collect._elasticsearch import listing
from metrics.collect._elasticsearch.listing import Use, ranked
from metrics.model import Window
from tests.collect.elasticsearch.front import Fault, Front, shards_failed
from tests.collect.elasticsearch.osmem import DAY, Hit, ask, at, index_hits, settings

REQUESTS = "http.server.request.count"
P95 = "http.server.request.duration.p95"
TODAY = Window(DAY, at(1))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    listing.forget()
    yield
    listing.forget()


def test_one_place_in_two_goes_to_what_grew_and_the_other_to_what_is_big() -> None:
    last = {"/big": Use(1000, 0, 100), "/mid": Use(500, 0, 50), "/grew": Use(60, 0, 6), "/failed": Use(10, 9, 1)}
    before = {"/big": Use(1000, 0, 100), "/mid": Use(600, 0, 60), "/grew": Use(10, 0, 1), "/gone": Use(99, 99, 99)}
    assert ranked(last, before) == ["/failed", "/big", "/grew", "/mid"]


def test_time_counts_as_much_as_requests_and_errors() -> None:
    last = {"/many": Use(90, 0, 1), "/slow": Use(10, 0, 900), "/same": Use(50, 0, 10)}
    before = {"/many": Use(80, 0, 1), "/slow": Use(10, 0, 100), "/same": Use(50, 0, 10)}
    assert ranked(last, before)[0] == "/slow"


def test_a_quiet_service_names_its_biggest_endpoints() -> None:
    same = {"/a": Use(1, 0, 1), "/b": Use(3, 0, 3), "/c": Use(2, 0, 2), "/d": Use(2, 0, 2)}
    assert ranked(same, same) == ["/b", "/c", "/d", "/a"]
    assert ranked({}, same) == []


def test_a_little_more_is_noise() -> None:
    last = {"/big": Use(1000), "/mid": Use(500), "/tiny": Use(15)}
    assert ranked(last, {"/big": Use(1000), "/mid": Use(500), "/tiny": Use(5)}) == ["/big", "/mid", "/tiny"]
    assert ranked(last, {"/big": Use(1000), "/mid": Use(485)}) == ["/big", "/mid", "/tiny"]
    assert ranked(last | {"/tiny": Use(40)}, {"/big": Use(1000), "/mid": Use(500)})[0] == "/tiny"


def steady(index: str, days: range, *paths: str, each: int = 4) -> None:
    index_hits(index, [Hit(at(day, 10, n), path, 100) for day in days for path in paths for n in range(each)])


def test_the_top_are_kept_and_the_tail_is_other() -> None:
    """Counts add up, and the percentile of the tail is the server's own, not one made from its endpoints'."""
    steady("tail-1", range(-16, 0), "/", "/jobs/1", "/jobs/2")
    index_hits("tail-1", [Hit(at(-3, 11, n), "/jobs/export", 900, 500) for n in range(20)])
    index_hits("tail-1", [Hit(at(day, 11), path) for day in (-4, -11) for path in ("/rare/1", "/seldom")])
    index_hits("tail-1", [Hit(at(0, 9, n), "/seldom", 1000 if n < 2 else 10) for n in range(40)])
    index_hits("tail-1", [Hit(at(0, 9, n), "/rare/7", 10) for n in range(60)])
    index_hits("tail-1", [Hit(at(0, 9), "/jobs/9", 70), Hit(at(0, 9), "/", 70), Hit(at(0, 9), "/jobs/export", 70)])
    result = ask(settings("tail-*", top=3, step="1h"), TODAY)
    assert result.parts == ["/jobs/export", "/jobs/:id", "/", "other"]
    counts = {part: result.total(REQUESTS, part) for part in (None, *result.parts)}
    assert counts == {None: 103, "/jobs/export": 1, "/jobs/:id": 1, "/": 1, "other": 100}
    # Two in a hundred took a second: neither endpoint's p95 alone, nor their mean, is the 10 ms of all.
    assert result.rows(P95, "other")["09:00"] == pytest.approx(0.01, abs=0.001)
    assert result.rows("http.server.request.duration.p99", "other")["09:00"] > 0.5


def test_every_part_of_a_day_names_the_same_endpoints() -> None:
    """Else requests would be counted under an endpoint in the morning's answer and in `other` in the evening's."""
    steady("same-1", range(-16, -2), "/a", "/b")
    for hour, path in ((1, "/new"), (13, "/b"), (13, "/newer")):
        index_hits("same-1", [Hit(at(0, hour, n), path) for n in range(50)])
    steady("same-1", range(-2, 0), "/late", each=50)  # not settled when the day begins
    windows = [Window(DAY, at(0, 6)), Window(at(0, 12), at(0, 15)), TODAY, Window(at(-1, 12), at(0, 12))]
    answers = [ask(settings("same-*", top=2), window) for window in windows]
    assert {tuple(answer.parts) for answer in answers} == {("/a", "/b", "other")}
    whole = sum(answers[2].total(REQUESTS, part) for part in answers[2].parts)
    assert whole == answers[2].total(REQUESTS) == 150


def test_logs_that_come_a_day_late_do_not_change_what_is_kept() -> None:
    steady("settled-1", range(-16, -2), "/a", "/b")
    asked = settings("settled-*", top=1)
    index_hits("settled-1", [Hit(at(0, 1), "/a")])
    before = ask(asked, TODAY)
    listing.forget()
    steady("settled-1", range(-2, 0), "/b", each=500)
    assert before.parts == ask(asked, TODAY).parts == ["/a", "other"]


def test_an_endpoint_of_one_day_is_answered_for_on_the_other() -> None:
    """A question about two days covers both for every part."""
    steady("turn-1", range(-17, -9), "/old", each=9)
    steady("turn-1", range(-9, -3), "/old", each=1)
    steady("turn-1", range(-3, -2), "/new", each=90)  # settled for the second day only
    steady("turn-1", range(-1, 1), "/old", "/new", each=2)
    result = ask(settings("turn-*", top=1), Window(at(-1), at(1)))
    assert result.parts == ["/new", "other", "/old"]
    states = {part: [state for state, _, _ in result.answers(REQUESTS, part)] for part in result.parts}
    assert states == {"/new": ["complete", "empty"], "/old": ["complete", "empty"], "other": ["complete"] * 2}
    assert "its requests are in `other`" in result.answers(REQUESTS, "/new")[1][1]


def test_a_day_that_can_not_be_listed_says_so_of_the_other_days_endpoints(front: Front) -> None:
    steady("blind-1", range(-17, 1), "/a")
    asked = settings("blind-*", front.url, top=1)
    ask(asked, TODAY)  # what the second day needs is listed and remembered
    front.spoil(Fault(body=shards_failed), "listing")
    result = ask(asked, Window(at(-1), at(1)))
    for part in ("/a", "other"):
        newest, older = result.answers(REQUESTS, part)
        assert newest == ("complete", "", False)
        assert (older[0], older[2]) == ("partial", True)
    assert result.answers(REQUESTS) == [("complete", "", False)] * 2


def test_what_is_written_down_is_always_kept() -> None:
    steady("named-1", range(-16, 0), "/a", "/b", "/jobs/1", "/jobs/new")
    index_hits("named-1", [Hit(at(0, 9), "/jobs/new"), Hit(at(0, 9), "/jobs/5"), Hit(at(0, 9), "/b")])
    result = ask(settings("named-*", endpoints=["/never", "/jobs/:id"], top=3), TODAY)
    assert result.parts == ["/never", "/jobs/:id", "/a", "other"]
    counts = [result.total(REQUESTS, part) for part in result.parts]
    assert counts == [0, 2, 0, 1]  # `/jobs/new` fits the pattern
    only = ask(settings("named-*", endpoints=["/never", "/jobs/:id"], top=1), TODAY)
    assert only.parts == ["/never", "/jobs/:id", "other"]


def test_addresses_are_listed_page_by_page(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 4)
    index_hits("pages-1", [Hit(at(-3, 9, n), f"/page-{'abcdefghij'[n]}/{n}") for n in range(10)])
    index_hits("pages-1", [Hit(at(0, 9), "/page-j/77")])
    result = ask(settings("pages-*", front.url), TODAY)
    assert len(result.parts) == 11
    assert result.total(REQUESTS, "/page-j/:id") == 1
    afters = [
        asked.body["aggs"]["addresses"]["composite"].get("after")
        for asked in front.asked
        if asked.kind == "listing"
        and "2026-06-17T" in str(asked.body["query"]["bool"]["filter"][0]["range"]["@timestamp"]["gte"])
    ]
    assert afters == [None, {"path": "/page-d/3"}, {"path": "/page-h/7"}, {"path": "/page-j/9"}]


def test_an_endpoint_of_too_many_addresses_is_counted_and_no_longer_listed(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million jobs are one endpoint: after the first thousand the rest are not listed, and the count is exact."""
    monkeypatch.setattr(listing, "PAGE", 10)
    monkeypatch.setattr(listing, "MANY", 15)
    index_hits("many-1", [Hit(at(-3, 9, n % 60), f"/jobs/{n}", 1, 500 if n % 2 else 200) for n in range(400)])
    index_hits("many-1", [Hit(at(-3, 9, n), "/zoo", 1) for n in range(50)])
    index_hits("many-1", [Hit(at(0, 9), "/jobs/9999")])
    result = ask(settings("many-*", front.url, top=5), TODAY)
    assert result.parts == ["/jobs/:id", "/zoo", "other"]
    assert front.count("listing") <= 13 + 5
    (uses,) = [uses for uses in listing._memory.days.values() if uses]
    assert (uses["/jobs/:id"].requests, uses["/jobs/:id"].errors, uses["/zoo"].requests) == (400, 200, 50)
    assert uses["/jobs/:id"].seconds == pytest.approx(0.4)


def test_a_day_of_endlessly_many_endpoints_leaves_only_those_that_are_written_down(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 5)
    monkeypatch.setattr(listing, "PAGES", 3)
    letters = "abcdefghijklmnopqrst"
    index_hits("endless-1", [Hit(at(-3, 9, n), f"/company/{letter}") for n, letter in enumerate(letters)])
    index_hits("endless-1", [Hit(at(0, 9), "/company/x"), Hit(at(0, 9), "/jobs/1")])
    result = ask(settings("endless-*", front.url, endpoints=["/jobs/:id"]), TODAY)
    assert [result.total(REQUESTS, part) for part in (None, "/jobs/:id", "other")] == [2, 1, 1]
    assert front.count("listing") == 3
    ((state, detail, _),) = result.answers(REQUESTS, "other")
    assert state == "complete"
    assert "more than 15 different paths on 2026-06-17; write patterns" in detail
    ask(settings("endless-*", front.url, endpoints=["/jobs/:id"]), TODAY)
    assert front.count("listing") == 3  # it is as settled as what can be listed
    named = ask(settings("endless-*", front.url, endpoints=["/jobs/:id", "/company/:name"]), TODAY)
    assert named.total(REQUESTS, "/company/:name") == 1


def test_settled_days_are_listed_once(front: Front) -> None:
    steady("once-1", range(-17, 1), "/a")
    asked = settings("once-*", front.url)
    ask(asked, Window(DAY, at(0, 6)))
    assert front.count("listing") == 14 * 2  # a page, and the one that is empty
    front.heal()
    ask(asked, TODAY)
    assert front.count("listing") == 0
    ask(asked, Window(at(-1), DAY))
    assert front.count("listing") == 1 * 2
    front.heal()
    ask(settings("once-*", front.url, endpoints=["/b"]), TODAY)  # another question
    assert front.count("listing") == 14 * 2


def test_a_young_index_has_no_names_yet() -> None:
    steady("young-1", range(-1, 1), "/a")
    result = ask(settings("young-*"), TODAY)
    assert result.parts == ["other"]
    assert result.total(REQUESTS, "other") == result.total(REQUESTS) == 4
