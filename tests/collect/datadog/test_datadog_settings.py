"""What may be configured, and what is refused with a reason."""

from __future__ import annotations

import sys
from datetime import timedelta
from subprocess import run

import pydantic
import pytest
from datadog_api_client import Configuration

from metrics.collect.datadog import RECOLLECT_DAILY, SITES, SLICE, Settings
from metrics.collect.window import sliced
from metrics.model import Window
from tests.collect.datadog.asking import CPU, DAY

KEYS = {"api_key": "a", "app_key": "b"}


def one(query: dict[str, object], **rest: object) -> Settings:
    return Settings.model_validate({**KEYS, "targets": [{"component": "web", "queries": [query], **rest}]})


def test_all_sites_are_known() -> None:
    (first, *_) = Configuration().get_host_settings()
    assert sorted(set(first["variables"]["site"]["enum_values"])) == sorted(SITES)


def test_a_site_is_an_address_and_a_host_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DD_SITE", "datadoghq.eu")
    assert Settings(**KEYS).address == "https://api.datadoghq.com"
    assert Settings(**KEYS, site="ap1.datadoghq.com").address == "https://api.ap1.datadoghq.com"
    assert Settings(**KEYS, site="ap1.datadoghq.com", host="http://127.0.0.1:1/").address == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("site", "datadoghq.jp", "there is no site 'datadoghq.jp'; use one of datadoghq.com, us3"),
        ("host", "datadog-proxy", "'datadog-proxy' is no address"),
        ("host", "http://me:secret@proxy", "has a user in it"),
        ("period", "7m", "does not divide a day"),
        ("period", "30s", "is shorter than a minute"),
        ("period", "soon", "'soon' is no duration"),
    ],
)
def test_a_wrong_setting_is_refused(key: str, value: str, said: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        Settings.model_validate({**KEYS, key: value})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"indicator": "cpuu", "query": "avg:x{*}"}, "indicator 'cpuu' is not in the catalogue; did you mean cpu"),
        ({"indicator": "cpu", "query": "avg:x"}, "web: the query for system.cpu.utilization names no metric"),
        ({"indicator": "cpu", "query": "avg:x{*}", "unit": "ms"}, "unit 'ms' does not fit system.cpu.utilization"),
        (
            {"indicator": "cpu", "query": "avg:x{*}", "kind": "count"},
            "kind count does not fit system.cpu.utilization",
        ),
        ({"indicator": "cpu", "query": "avg:x{*}", "part": "host"}, "is not grouped by 'host'; add `by {host}`"),
        ({"indicator": "latency_p95", "query": "avg:x.95percentile{*}"}, "does not ask for a p95; write p95:METRIC"),
        ({"indicator": "latency_p95", "query": "p99:x{*}"}, "does not ask for a p95"),
        ({"indicator": "cpu", "query": "avg:x{host:{nod}}"}, "has {nod} in it, which nothing fills in"),
    ],
)
def test_a_wrong_query_is_refused(query: dict[str, object], said: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        one(query)
    assert said in str(refused.value)


def test_a_percentile_that_is_rolled_up_by_hand_is_its_authors_affair() -> None:
    query = {"indicator": "latency_p95", "query": "max:x.95percentile{*}.rollup(max, 300)"}
    assert one(query).questions[0].expression.queries == ("max:x.95percentile{*}.rollup(max, 300)",)


def test_an_indicator_is_asked_for_once() -> None:
    target = {"component": "web", "queries": [CPU, {**CPU, "indicator": "system.cpu.utilization"}]}
    with pytest.raises(pydantic.ValidationError, match=r"web has two queries for system\.cpu\.utilization"):
        Settings.model_validate({**KEYS, "targets": [target]})


@pytest.mark.parametrize(
    ("indicator", "query", "asked"),
    [
        ("cpu", "avg:x{*}", "avg:x{*}.rollup(avg, 300)"),
        ("cpu_max", "max:x{*}", "max:x{*}.rollup(max, 300)"),
        ("memory_free", "min:x{*}", "min:x{*}.rollup(min, 300)"),
        ("storage", "max:x{*}", "max:x{*}.rollup(avg, 300)"),
        ("requests", "sum:x{*}", "sum:x{*}.as_count().rollup(sum, 300)"),
        ("latency_p50", "p50:x{*}", "p50:x{*}.rollup(300)"),
        ("latency_p99", "p99:x{*}", "p99:x{*}.rollup(300)"),
    ],
)
def test_the_roll_up_is_the_indicators(indicator: str, query: str, asked: str) -> None:
    assert one({"indicator": indicator, "query": query}).questions[0].expression.queries == (asked,)


def test_the_period_is_the_settings_and_a_querys_own_goes_before_it() -> None:
    queries = [CPU, {"indicator": "memory", "query": "avg:x{*}.rollup(avg, 60)"}]
    target = {"component": "web", "queries": queries}
    settings = Settings.model_validate({**KEYS, "period": "1h", "targets": [target]})
    assert [each.period_s for each in settings.questions] == [3600, 60]


def test_the_keys_never_show() -> None:
    assert "planted" not in repr(Settings(api_key="planted", app_key="planted"))


def test_a_days_figure_is_asked_for_again_when_the_late_values_are_in() -> None:
    """The last run of the second, the first of the third: both whole days are asked for."""
    last_end, now = DAY + timedelta(days=1, hours=23, minutes=55), DAY + timedelta(days=2, minutes=5)
    pieces = list(sliced(Window(last_end - RECOLLECT_DAILY, now), SLICE))
    for start in (DAY, DAY + timedelta(days=1)):
        assert any(each.start <= start and start + timedelta(days=1) <= each.end for each in pieces)


def test_the_client_is_imported_only_when_it_is_needed() -> None:
    program = (
        "import sys; from metrics.collect import registry; registry(); print('datadog_api_client' in sys.modules)"
    )
    done = run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
