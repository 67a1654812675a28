"""Endpoints: how addresses are folded, and that the server counts each address exactly where we would."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.collect._elasticsearch.endpoint import Endpoint, explicit, folded, from_folded
from tests.collect.elasticsearch.osmem import Hit, ask, at, index_hits, settings

REQUESTS = "http.server.request.count"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "/"),
        ("", "/"),
        ("/jobs", "/jobs"),
        ("/jobs/", "/jobs"),
        ("/jobs//", "/jobs"),
        ("/jobs?q=tokyo", "/jobs"),
        ("/?q=tokyo", "/"),
        ("/jobs#top", "/jobs"),
        ("/jobs;jsessionid=A1/2", "/jobs"),
        ("/jobs/1", "/jobs/:id"),
        ("/jobs/-1", "/jobs/:id"),
        ("/jobs/00042/apply", "/jobs/:id/apply"),
        (f"/jobs/{UUID}", "/jobs/:id"),
        (f"/jobs/{UUID.upper()}/apply/", "/jobs/:id/apply"),
        ("/commits/deadbeef", "/commits/:id"),
        ("/commits/3f2a9c1", "/commits/3f2a9c1"),  # seven characters are a word
        ("/reports/2026-06-01", "/reports/:id"),
        ("/reports/2026-06", "/reports/:id"),
        ("/reports/2026-06-01T09:00:00Z/csv", "/reports/:id/csv"),
        ("/reports/2026/06/01", "/reports/:id/:id/:id"),
        ("/reset/4f1GhQ9pLm2ZxC7vBn3K", "/reset/:id"),
        ("/reset/eyJhbGciOiJI1zIUNiJ9xyz", "/reset/:id"),
        ("/rpc/getUserNotificationsV2", "/rpc/getUserNotificationsV2"),
        ("/mail/AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf=", "/mail/:id"),
        ("/settings/notifications", "/settings/notifications"),
        ("/api/v2/jobs/7", "/api/v2/jobs/:id"),
        ("/verify-your-mail-address", "/verify-your-mail-address"),
        ("/a.b/c+d/@me/~ken/(x)", "/a.b/c+d/@me/~ken/(x)"),
        ("/求人/12", "/求人/:id"),
    ],
)
def test_what_differs_each_time_is_folded(address: str, name: str) -> None:
    assert folded(address) == name
    assert re.fullmatch(from_folded(name).regexp, address, re.DOTALL)


SEGMENTS = st.one_of(
    st.sampled_from(
        ["", "jobs", "1", "-7", UUID, "2026-06-01", "deadbeef", "v2", ":id", "a.b", "x-y_z", "*", "?", "#a", ";s"]
    ),
    st.text(st.characters(exclude_characters="\n"), max_size=8),
    st.text("abc019-_=.", max_size=40),
)
ADDRESSES = st.lists(SEGMENTS, max_size=5).map(lambda segments: "/" + "/".join(segments))


@given(ADDRESSES, ADDRESSES)
def test_an_expression_fits_exactly_the_addresses_that_fold_to_its_name(one: str, other: str) -> None:
    # `:id` as an address of its own would be a pattern, and is in `other`.
    endpoint = from_folded(folded(one))
    if ":id" not in one.split("/"):
        assert re.fullmatch(endpoint.regexp, one, re.DOTALL)
        fits = re.fullmatch(endpoint.regexp, other, re.DOTALL) is not None
        assert fits == (folded(other) == endpoint.name) or ":id" in other.split("/")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("*", "it is no path"),
        ("https://a/b", "it is no path"),
        ("/" + "a" * 200, "nobody reads it"),
        ("/:id" * 9, "x"),
    ],
)
def test_some_endpoints_are_never_named(name: str, why: str) -> None:
    assert not from_folded(name).can_be_asked
    assert from_folded("/jobs/:id/apply/:id").can_be_asked


def fitting(endpoints: tuple[Endpoint, ...], address: str) -> list[str]:
    return [
        each.name
        for each in endpoints
        if re.fullmatch(each.regexp, address, re.DOTALL)
        and not any(re.fullmatch(other, address, re.DOTALL) for other in each.but)
    ]


def test_of_patterns_that_fit_the_first_counts() -> None:
    endpoints = explicit(["/jobs/export", "/jobs/:id", "/jobs/*", "/:any/export"])
    addresses = ["/jobs/export?all", "/jobs/7/", "/jobs/7/apply", "/users/export", "/jobs/", "/users"]
    expected = [["/jobs/export"], ["/jobs/:id"], ["/jobs/*"], ["/:any/export"], ["/jobs/*"], []]
    assert [fitting(endpoints, address) for address in addresses] == expected


def test_a_folded_endpoint_leaves_out_what_somebody_has_named() -> None:
    named = explicit(["/jobs/42"])
    folded_jobs = from_folded("/jobs/:id", named)
    assert fitting((*named, folded_jobs), "/jobs/42") == ["/jobs/42"]
    assert fitting((*named, folded_jobs), "/jobs/43") == ["/jobs/:id"]
    assert from_folded("/users/:id", named).but == ()


NASTY = [
    *("/", "", "/?a=1", "//", "/jobs/1", "/jobs/2?x=/y", "/jobs/3/", "/jobs/4;s=1", "/jobs/x", "/jobs/12#a"),
    *(f"/jobs/{UUID}", "/jobs/deadbeef", "/jobs/2026-06-01", "/jobs/2026-06-01T09:00:00+09:00", "/jobs/abcdef1234"),
    *(
        "/a.b",
        "/axb",
        "/a+b",
        "/a",
        "/aab",
        "/(x)",
        "/x",
        "/@me",
        "/~me",
        "/me",
        "/a&b",
        "/<1-9>",
        "/5",
        '/"q"',
        "/q",
    ),
    *("/a-b", "/a_b", "/[ab]", "/{a}", "/a|b", "/b", "/a$", "/^a", "/求人/12", "/求人", "/a b", "/a%20b", "/a,b:c=d"),
    *("*", "jobs/1", "/" + "y!" * 120),
]


def test_the_server_counts_every_address_where_we_would() -> None:
    """Escaping that one of the two grammars understood otherwise would count an address twice, or nowhere."""
    index_hits("nasty-1", [Hit(at(-4, 1, n), path) for n, path in enumerate(NASTY)])
    index_hits("nasty-1", [Hit(at(0, 1, n), path) for n, path in enumerate(NASTY)])
    result = ask(settings("nasty-*", top=100))
    expected = Counter(folded(path) if from_folded(folded(path)).can_be_asked else "other" for path in NASTY)
    assert {part: result.total(REQUESTS, part) for part in result.parts} == expected
    assert expected["other"] == 3
    assert result.total(REQUESTS) == len(NASTY)
