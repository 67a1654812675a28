"""check: names every missing permission, wrong name and unreachable host."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from metrics.collect import Sign, elasticsearch, http
from metrics.collect.elasticsearch import Settings
from metrics.errors import SourceError
from tests.collect.elasticsearch.front import Front, error
from tests.collect.elasticsearch.osmem import Hit, at, index_errors, index_hits, settings, url


@pytest.fixture(scope="module", autouse=True)
def _logs() -> None:
    index_hits("check-access-1", [Hit(at(-1, 9), "/"), Hit(at(0, 9, 30), "/")])
    index_hits("check-access-2", [Hit(at(0, 8), "/")])
    index_errors("check-errors-1", [(at(0, 7), "error", None)])


def signs(asked: Settings) -> list[Sign]:
    with http.client(budget=http.Budget(per_second=1e6), tries=2) as client:
        return list(elasticsearch.check(asked, client))


def wrong(asked: Settings) -> list[tuple[str, str]]:
    found = signs(asked)
    assert {sign.state for sign in found} == {"wrong"}
    return [(sign.about, sign.said) for sign in found]


def test_all_is_well() -> None:
    assert signs(settings("check-access-*", error_index="check-errors-1")) == [
        Sign("fine", f"{url()} answers for web; at most 30 endpoints a day have names"),
        Sign("fine", "3 documents in 2 indexes, the newest of 2026-06-20 09:30Z", "web, check-access-*"),
        Sign("fine", "1 document in 1 index, the newest of 2026-06-20 07:00Z", "web, check-errors-1"),
    ]


@pytest.mark.parametrize(
    ("index", "more", "said"),
    [
        (
            "no-*",
            {},
            "no index matches `no-*`: is the name right, and has the login's role the privilege `read` on it?",
        ),
        ("no-1", {}, "no index matches `no-1`: write its name, or a pattern as in access-*"),
        (
            "check-access-1",
            {"fields": {"path": "uri"}},
            "there is no field `uri`: write what it is called under `fields`",
        ),
        (
            "check-access-1",
            {"fields": {"path": "message"}},
            "field `message` is text, which can't be counted: name a keyword under `fields`",
        ),
        (
            "check-access-1",
            {"fields": {"timestamp": "event.duration"}},
            "field `event.duration` is long: the timestamp has to be a date",
        ),
        (
            "check-access-1",
            {"fields": {"duration": "service.name"}},
            "field `service.name` is keyword: the duration has to be a number",
        ),
    ],
)
def test_a_wrong_name_is_named(index: str, more: dict[str, Any], said: str) -> None:
    assert wrong(settings(index, **more)) == [(f"web, {index}", said)]


def test_every_wrong_name_has_a_line() -> None:
    fields = {"path": "a", "status": "b", "duration": "c"}
    found = signs(settings("check-access-*", fields=fields, error_index="check-nothing-*"))
    assert [sign.said.partition(":")[0] for sign in found] == [
        *(f"there is no field `{name}`" for name in "abc"),
        "no index matches `check-nothing-*`",
    ]


def test_a_filter_that_lets_nothing_through_is_noted() -> None:
    found = signs(settings("check-access-*", filter={"service.name": "wbe"}))
    assert (found[-1].state, found[-1].said) == (
        "note",
        "2 indexes, and no document that `filter` lets through: is it right?",
    )


def test_a_missing_permission_is_named_for_each_index(front: Front) -> None:
    front.spoil(error(403, "security_exception", "unauthorized"), "/check-access-*/_field_caps")
    found = signs(settings("check-access-*", front.url, error_index="check-errors-1"))
    assert [(sign.state, sign.about) for sign in found] == [
        ("fine", ""),
        ("wrong", "web, check-access-*"),
        ("fine", "web, check-errors-1"),
    ]
    assert "give its role the privilege `read` on that index" in found[1].said


def test_a_refused_login_and_an_unreachable_host_are_faults_of_the_source(front: Front) -> None:
    front.spoil(error(401, "security_exception", "unable to authenticate"))
    with pytest.raises(SourceError, match="refused the login"):
        signs(settings("check-access-*", front.url))
    with pytest.raises(httpx.ConnectError):
        signs(settings("check-access-*", "http://127.0.0.1:9"))


def test_without_components_it_says_how_to_add_one() -> None:
    found = signs(Settings(base_url=url()))
    assert [sign.state for sign in found] == ["note", "fine"]
    assert "add `use: elasticsearch` and `index` to one in a service's file" in found[0].said
