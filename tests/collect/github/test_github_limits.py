"""Pages, conditional requests and rate limits: manners that GitHub asks for."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from metrics.collect._github import memo
from metrics.collect._github.memo import KEPT, Memo
from metrics.errors import SourceError
from tests.collect.github.github_asked import collected
from tests.collect.github.github_server import TOKEN, Answer, Asked, Fault, Hub, day, refused


def once(*answers: Answer, where: str = "/deployments") -> Fault:
    """These in turn, then whatever is true."""
    left = list(answers)
    return lambda asked: left.pop(0) if left and asked.path.endswith(where) else None


def test_what_every_request_says(hub: Hub) -> None:
    collected(hub)
    headers = hub.asked[0].headers
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert all(each.query["per_page"] == "100" for each in hub.asked)


def test_pages_are_followed_by_their_link(hub: Hub) -> None:
    hub.per_page = 2
    for number in range(5):
        hub.deploy(day(2, number), ("success", 1))
    assert len(collected(hub).of("deployment")) == 5
    pages = [path for path in hub.paths() if path.startswith("/deployments?")]
    assert [path.partition("page=100")[2] for path in pages] == ["", "&page=2", "&page=3"]


@pytest.mark.parametrize(
    "link",
    ["https://evil.example.com/api/v3/repos/acme/jobs/deployments?page=2", "http://127.0.0.1:1/x", "http://[::1/"],
)
def test_the_token_goes_to_no_other_host(hub: Hub, link: str) -> None:
    hub.fault = lambda asked: (
        Answer(content=[], headers={"Link": f'<{link}>; rel="next"'}) if asked.path.endswith("/deployments") else None
    )
    came = collected(hub)
    assert came.states == {"deployment": "failed", "change": "empty", "incident": "empty"}
    assert "for its next page, which is not asked, since the token is for nobody else" in came.details["deployment"]
    assert not came.answers[0].retryable


def test_pages_in_a_circle_end(hub: Hub) -> None:
    def circle(asked: Asked) -> Answer | None:
        again = f'<{hub.url}{asked.path}?environment=production&per_page=100>; rel="next"'
        return Answer(content=[], headers={"Link": again}) if asked.path.endswith("/deployments") else None

    hub.fault = circle
    assert "was read already" in collected(hub).details["deployment"]


def test_what_did_not_change_is_not_sent_again(hub: Hub) -> None:
    hub.deploy(day(2), ("success", 1))
    hub.merge(7, day(3))
    first = collected(hub)
    before = len(hub.answered)
    assert collected(hub).events == first.events
    assert set(hub.answered[before:]) == {304}
    hub.deploy(day(4), ("success", 1))
    assert len(collected(hub).of("deployment")) == 2


def test_a_304_keeps_the_link_to_the_next_page(hub: Hub) -> None:
    hub.per_page = 2
    for number in range(5):
        hub.deploy(day(2, number), ("success", 1))
    collected(hub)
    assert len(collected(hub).of("deployment")) == 5


def test_what_one_token_saw_is_not_shown_to_another(hub: Hub) -> None:
    hub.deploy(day(2), ("success", 1))
    collected(hub)
    assert all(TOKEN not in str(key) for key in KEPT._kept)
    assert KEPT.get((f"{hub.url}/repos/acme/jobs/deployments?environment=production&per_page=100", "other")) is None


def test_the_memo_is_bounded_and_forgets_what_was_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "LARGEST_REPLY", 1_000)
    kept = Memo(largest=200)
    for number in range(100):
        kept.put((f"{number}", ""), "tag", b'["a"]', None)
        kept.get(("0", ""))
    assert 10 < len(kept) < 20
    assert kept.get(("0", "")) is not None
    assert kept.get(("1", "")) is None
    kept.put(("0", ""), "tag", bytes(range(256)), None)
    assert kept.get(("0", "")) is None


def test_a_secondary_limit_is_waited_for_as_it_asks(hub: Hub, waits: list[float]) -> None:
    hub.deploy(day(2), ("success", 1))
    hub.fault = once(refused(403, "You have exceeded a secondary rate limit", Retry_After="7"))
    assert collected(hub).states["deployment"] == "complete"
    assert waits == [7.0]


def test_a_secondary_limit_that_does_not_say_is_waited_for_a_minute(hub: Hub, waits: list[float]) -> None:
    hub.fault = once(refused(403, "You have exceeded a secondary rate limit. Please wait a few minutes."))
    assert collected(hub).states["deployment"] == "empty"
    assert waits == [60.0]


def test_a_primary_limit_is_waited_for_by_the_clock_of_the_server(hub: Hub, waits: list[float]) -> None:
    """It is an hour behind ours: by our clock the limit would be over long since."""
    theirs = int(time.time()) - 3_600
    hub.fault = once(
        refused(
            403, "API rate limit exceeded", Date=formatdate(theirs, usegmt=True), X_RateLimit_Remaining="0",
            X_RateLimit_Reset=f"{theirs + 30}",
        )
    )  # fmt: skip
    assert collected(hub).states["deployment"] == "empty"
    assert waits == [30.0]


def test_a_limit_that_lasts_ends_the_run_and_says_until_when(hub: Hub, waits: list[float]) -> None:
    hub.deploy(day(2), ("success", 1))
    theirs = 1_780_000_000
    spent = refused(
        403, "API rate limit exceeded", Date=formatdate(theirs, usegmt=True), X_RateLimit_Remaining="0",
        X_RateLimit_Reset=f"{theirs + 1_800}",
    )  # fmt: skip
    hub.fault = lambda asked: spent if "/pulls" in asked.path else None
    came = collected(hub)
    assert isinstance(came.error, SourceError)
    assert came.error.retryable
    assert "the rate limit of this token is used up until 20:56:40 UTC" in str(came.error)
    assert came.states == {"deployment": "complete", "change": "failed", "incident": "failed"}
    assert all(each.retryable for each in came.answers[1:])
    assert (len(came.events), waits) == (1, [])
    hub.fault = lambda _: None
    assert collected(hub).states == {"deployment": "complete", "change": "empty", "incident": "empty"}


def test_a_limit_that_comes_back_after_two_waits_is_given_up(hub: Hub, waits: list[float]) -> None:
    hub.fault = lambda _: refused(403, "You have exceeded a secondary rate limit", Retry_After="5")
    came = collected(hub)
    assert "secondary rate limit is used up" in str(came.error)
    assert waits == [5.0, 5.0]
    assert set(came.states.values()) == {"failed"}


def test_a_429_is_the_clients_to_wait_for(hub: Hub, waits: list[float]) -> None:
    hub.deploy(day(2), ("success", 1))
    hub.fault = once(refused(429, "Too many requests", Retry_After="1"))
    assert collected(hub).states["deployment"] == "complete"
    hub.fault = lambda _: refused(429, "Too many requests", Retry_After="1")
    before = len(hub.asked)
    came = collected(hub)
    assert isinstance(came.error, SourceError)
    assert came.error.retryable
    assert (len(hub.asked) - before, waits) == (6, [])


def test_a_missing_permission_is_not_waited_for(hub: Hub, waits: list[float]) -> None:
    hub.fault = once(refused(403, "Resource not accessible by personal access token", X_RateLimit_Remaining="4000"))
    assert collected(hub).states["deployment"] == "forbidden"
    assert waits == []
