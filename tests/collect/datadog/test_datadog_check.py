"""What `check` says of the keys, of each query, and of the rate limit."""

from __future__ import annotations

import httpx
import pytest

from metrics.collect import Sign
from metrics.collect.datadog import Settings, check
from metrics.collect.http import client
from tests.collect.datadog.asking import BY_HOST, HITS, P95, WRONG, settings
from tests.collect.datadog_server import Datadog, Fault


def signs(configured: Settings) -> list[Sign]:
    with client() as polite:
        return list(check(configured, polite))


def test_all_is_well(datadog: Datadog) -> None:
    datadog.limits = {
        "X-RateLimit-Remaining": "97",
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Period": "10",
        "X-RateLimit-Name": "metrics_query",
    }
    assert signs(settings(datadog, BY_HOST, HITS, P95)) == [
        Sign("note", "97 of 100 requests are left in each 10 s", "rate limit metrics_query"),
        Sign("fine", f"{datadog.url} accepts the keys; queries: 3, requests a run: 1"),
    ]
    assert datadog.asked[0].path == "/api/v1/validate"


def test_each_query_that_is_wrong_or_brings_nothing_is_named(datadog: Datadog) -> None:
    nothing = {"indicator": "storage", "query": "avg:no.such.metric{host:{component}}"}
    unitless = {"indicator": "batch_duration", "query": "max:custom.duration{*}"}
    found = signs(settings(datadog, HITS, WRONG, nothing, unitless))
    by = {sign.about: (sign.state, sign.said) for sign in found}
    assert by["web system.memory.utilization"][0] == "wrong"
    assert by["web system.memory.utilization"][1].startswith("Datadog refuses the query (400): Error parsing query")
    assert by["web system.filesystem.utilization"] == (
        "note",
        "query returns no series: avg:no.such.metric{host:web}: are the metric and its tags right?",
    )
    assert by["web batch.duration"][0] == "wrong"
    assert by["web batch.duration"][1].startswith("Datadog names no unit for it; write `unit:`")
    assert "fine" not in {sign.state for sign in found}


def test_a_missing_permission_is_said_once(datadog: Datadog) -> None:
    datadog.scopes.clear()
    found = [sign for sign in signs(settings(datadog, BY_HOST, HITS, P95)) if sign.state == "wrong"]
    assert [sign.about for sign in found] == ["app_key"]
    assert found[0].said.startswith("the application key may not read timeseries (scope timeseries_query)")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"api_key": "other"}, "does not know the API key"),
        ({"app_key": "other"}, "does not accept the keys"),
    ],
)
def test_wrong_keys(datadog: Datadog, keys: dict[str, str], said: str) -> None:
    (sign,) = signs(settings(datadog, HITS, **keys))
    assert sign.state == "wrong"
    assert said in sign.said


def test_a_wrong_address(datadog: Datadog) -> None:
    datadog.faults = [Fault(404, b"<html>", times=None)]
    (sign,) = signs(settings(datadog, HITS))
    assert (sign.state, sign.said) == (
        "wrong",
        f"Datadog at {datadog.url} answers 404: are `site` and `host` right? <html>",
    )


def test_a_host_that_is_not_there(datadog: Datadog) -> None:
    configured = settings(datadog, HITS)
    datadog.server_close()
    with pytest.raises(httpx.ConnectError):
        signs(configured)


def test_nobody_uses_it(datadog: Datadog) -> None:
    configured = settings(datadog, HITS).model_copy(update={"targets": ()})
    said = [(sign.state, sign.said) for sign in signs(configured)]
    assert said[-2:] == [
        ("note", "no component uses it: write `use: datadog` and its `queries` in a service's file"),
        ("fine", f"{datadog.url} accepts the keys; queries: 0, requests a run: 0"),
    ]
