"""Figures out of access and error logs, computed by a real server: what a row is, and what is a 0, a gap or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from metrics.collect import elasticsearch
from metrics.collect._elasticsearch import listing
from metrics.model import Series, Window
from tests.collect.elasticsearch.front import Front
from tests.collect.elasticsearch.osmem import Hit, ask, at, index_errors, index_hits, settings
from tests.collect.folders import configure, metrics

REQUESTS, ERRORS = "http.server.request.count", "log.errors"
X4, X5 = "http.server.4xx.count", "http.server.5xx.count"
P50, P95, P99 = (f"http.server.request.duration.p{percent}" for percent in (50, 95, 99))
HOUR = Window(at(0, 9), at(0, 10))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    listing.forget()
    yield
    listing.forget()


@pytest.fixture(scope="module")
def jobs() -> str:
    """Nine o'clock of a small service: nothing from 09:10 to 09:15, and after 09:20 only a login."""
    every = [(0, "/jobs/1", 100, 200), (1, "/jobs/2?q=x", 300, 200), (2, "/jobs/3", 200, 404), (3, "/login", 10, 200)]
    hits = [Hit(at(0, 9, minute), path, ms, status) for minute, path, ms, status in every]
    hits += [
        Hit(at(0, 9, 6), "/jobs/1", 400, 503),
        Hit(at(0, 9, 7), "/login", 20, 200),
        Hit(at(0, 9, 20), "/login", 30),
    ]
    hits += [Hit(at(0, 9, 8), "/elsewhere", 9_000, 500, service="other-service")]
    index_hits("jobs-access-1", hits)
    return "jobs-access-*"


def of_jobs(jobs: str, **more: object) -> elasticsearch.Settings:
    return settings(jobs, filter={"service.name": "web"}, endpoints=["/jobs/:id", "/login"], **more)


def test_the_whole_component(jobs: str) -> None:
    result = ask(of_jobs(jobs), HOUR)
    assert result.rows(REQUESTS) == {"09:00": 4, "09:05": 2, "09:20": 1}
    assert result.rows(X4) == {"09:00": 1, "09:05": 0, "09:20": 0}
    assert result.rows(X5) == {"09:00": 0, "09:05": 1, "09:20": 0}
    assert result.rows(P50)["09:20"] == result.rows(P99)["09:20"] == 0.03
    assert result.rows(P99)["09:00"] == pytest.approx(0.3, rel=0.05)
    assert set(result.rows(P95)) == {"09:00", "09:05", "09:20"}


def test_by_endpoint(jobs: str) -> None:
    """No request of an endpoint is 0 where the component had any, and no figure where it had none."""
    result = ask(of_jobs(jobs), HOUR)
    assert result.parts == ["/jobs/:id", "/login", "other"]
    assert result.rows(REQUESTS, "/jobs/:id") == {"09:00": 3, "09:05": 1, "09:20": 0}
    assert result.rows(REQUESTS, "/login") == {"09:00": 1, "09:05": 1, "09:20": 1}
    assert result.rows(REQUESTS, "other") == {"09:00": 0, "09:05": 0, "09:20": 0}
    assert result.rows(X4, "/jobs/:id") == {"09:00": 1, "09:05": 0, "09:20": 0}
    assert result.rows(X5, "/jobs/:id") == {"09:00": 0, "09:05": 1, "09:20": 0}
    # The median of 100, 200 and 300 ms over three addresses, which no mean of three medians knows of.
    assert result.rows(P50, "/jobs/:id") == {"09:00": 0.2, "09:05": 0.4}
    assert result.rows(P50, "/login") == {"09:00": 0.01, "09:05": 0.02, "09:20": 0.03}
    assert result.answers(P50, "other") == [("empty", "no request in this time", False)]
    assert result.answers(REQUESTS, "other") == [("complete", "", False)]


def test_the_series_are_those_of_the_catalogue(jobs: str) -> None:
    result = ask(of_jobs(jobs), HOUR)
    series = [each.series for each in result.points if each.series.part == "/jobs/:id"]
    assert series[0] == Series("default", "web", REQUESTS, "sum", "1", 300, "elasticsearch", "/jobs/:id")
    assert [(each.stat, each.unit) for each in series[3:]] == [("p50", "s"), ("p95", "s"), ("p99", "s")]
    assert all(each.ts.dtype == np.dtype("datetime64[us]") for each in result.points)


def test_the_last_bucket_waits_until_it_is_over_and_settled(jobs: str) -> None:
    open_ = ask(of_jobs(jobs), Window(at(0, 9), at(0, 9, 14)))
    assert open_.rows(REQUESTS) == {"09:00": 4, "09:05": 2}
    assert ask(of_jobs(jobs), Window(at(0, 9), at(0, 9, 6))).rows(REQUESTS) == {}  # 09:00 is over for one minute
    assert ask(of_jobs(jobs), Window(at(0, 9, 1), at(0, 9, 12))).rows(REQUESTS) == {"09:05": 2}
    early = ask(of_jobs(jobs), Window(at(0, 9, 1), at(0, 9, 4)))
    assert early.answers(REQUESTS) == [("empty", "no bucket of it is over yet", False)]


def test_midnight_is_no_present_to_wait_for(front: Front) -> None:
    """The runner cuts at midnight: the last bucket of a day would never be asked for."""
    index_hits("night-1", [Hit(at(0, 23, 57), "/"), Hit(at(1, 0, 1), "/"), Hit(at(1, 0, 6), "/")])
    night = settings("night-*", front.url, endpoints=["/"])
    assert ask(night, Window(at(0, 23), at(1))).rows(REQUESTS) == {"23:55": 1}
    front.heal()
    both = ask(night, Window(at(0, 23), at(1, 0, 30)))
    assert both.rows(REQUESTS) == {"23:55": 1, "00:00": 1, "00:05": 1}
    whole = [
        asked.body["query"]["bool"]["filter"][0]["range"]["@timestamp"]
        for asked in front.asked
        if asked.kind == "whole"
    ]
    newest, oldest = [(span["gte"][:16], span["lt"][:16]) for span in whole]
    assert newest == ("2026-06-21T00:00", "2026-06-21T00:25")
    assert oldest == ("2026-06-20T23:00", "2026-06-21T00:00")


def test_no_question_is_about_more_than_a_day_or_wants_too_much(front: Front) -> None:
    index_hits("wide-1", [Hit(at(-day, 1), f"/page{chr(97 + n)}") for day in range(19) for n in range(20)])
    ask(settings("wide-*", front.url), Window(at(-1), at(1)))
    assert front.asked
    for asked in front.asked:
        span = asked.body["query"]["bool"]["filter"][0]["range"]["@timestamp"]
        assert span["gte"][:10] >= "2026-06-01"
        assert np.datetime64(span["lt"][:19]) - np.datetime64(span["gte"][:19]) <= np.timedelta64(1, "D")
        assert asked.params == {"allow_partial_search_results": ["false"]}
        assert asked.headers["Content-Type"] == "application/json"
        assert (asked.body["size"], asked.body["track_total_hits"]) == (0, True)
        if asked.kind == "parts":
            assert len(asked.body["aggs"]["parts"]["filters"]["filters"]) * (1 + 288 * 3) < 10_000
    # 20 endpoints and `other` in two requests a day; of 16 days before, both days share 14.
    assert (front.count("whole"), front.count("parts"), front.count("listing")) == (2, 4, 15 * 2)


def test_no_data_is_empty_and_no_zero() -> None:
    index_hits("quiet-1", [Hit(at(-20), "/")])
    for result in (ask(settings("quiet-*")), ask(settings("quiet-*", filter={"service.name": "nobody"}))):
        assert result.points == ()
        assert result.answers(REQUESTS) == [("empty", "no document of `quiet-*` matches in this time", False)]
        assert result.states == {"empty"}
    nowhere = ask(settings("nowhere-*"))
    assert nowhere.answers(REQUESTS) == [
        (
            "empty",
            "no index matches `nowhere-*`: is the name right, and has the login's role the privilege `read` on it?",
            False,
        )
    ]


def test_a_field_that_nobody_writes_is_named_instead_of_counted_as_zero() -> None:
    index_hits("bare-1", [Hit(at(0, 9, n), None, None, None) for n in range(3)])
    result = ask(settings("bare-*", endpoints=["/jobs"]), HOUR)
    assert result.rows(REQUESTS) == {"09:00": 3}
    for indicator, field in ((X4, "http.response.status_code"), (P95, "event.duration")):
        (answer,) = result.answers(indicator)
        assert answer == (
            "empty",
            f"no document has a field `{field}`: write what it is called under `fields`",
            False,
        )
    assert result.answers(REQUESTS, "/jobs")[0][:2] == (
        "empty",
        "no document has a field `url.path`: write what it is called under `fields`",
    )


def test_figures_that_are_no_durations_are_left_out_and_counted() -> None:
    index_hits("clock-1", [Hit(at(0, 9), "/", ms=-5), Hit(at(0, 9, 6), "/", ms=50)])
    result = ask(settings("clock-*", endpoints=["/"]), HOUR)
    assert result.rows(P95) == {"09:05": 0.05}
    said = ("complete", "1 figures were no numbers of seconds and are left out", False)
    assert result.answers(P95) == result.answers(P95, "/") == [said]


def test_requests_without_a_path_are_others() -> None:
    index_hits("half-1", [Hit(at(0, 9), "/jobs/1"), Hit(at(0, 9, 1), None), Hit(at(0, 9, 2), "/x")])
    result = ask(settings("half-*", endpoints=["/jobs/:id"]), HOUR)
    assert [result.total(REQUESTS, part) for part in (None, "/jobs/:id", "other")] == [3, 1, 2]


def test_error_logs_by_endpoint() -> None:
    index_errors(
        "applog-1",
        [
            (at(0, 9, 0), "error", "/jobs/1"),
            (at(0, 9, 1), "FATAL", "/jobs/2"),
            (at(0, 9, 2), "info", "/jobs/1"),
            (at(0, 9, 3), "critical", "/login"),
            (at(0, 9, 6), "info", "/login"),
        ],
    )
    index_hits("applog-access-1", [Hit(at(0, 9), "/jobs/1")])
    result = ask(settings("applog-access-*", error_index="applog-1", endpoints=["/jobs/:id"]), HOUR)
    assert result.rows(ERRORS) == {"09:00": 3, "09:05": 0}
    assert result.rows(ERRORS, "/jobs/:id") == {"09:00": 2, "09:05": 0}
    assert result.rows(ERRORS, "other") == {"09:00": 1, "09:05": 0}
    only = ask(settings("applog-access-*", error_index="applog-1", error_filter={"log.level": "FATAL"}), HOUR)
    assert only.rows(ERRORS) == {"09:00": 1, "09:05": 0}


def test_error_logs_without_paths_are_counted_as_a_whole() -> None:
    index_errors("pathless-1", [(at(0, 9), "error", None)])
    index_hits("pathless-access-1", [Hit(at(0, 9), "/jobs/1")])
    result = ask(settings("pathless-access-*", error_index="pathless-1", endpoints=["/jobs/:id"]), HOUR)
    assert result.rows(ERRORS) == {"09:00": 1}
    assert [result.answers(ERRORS, part)[0][0] for part in ("/jobs/:id", "other")] == ["empty", "empty"]


def test_without_an_error_index_nobody_asks_for_error_logs(jobs: str) -> None:
    assert ERRORS not in {each.indicator for each in ask(of_jobs(jobs), HOUR).coverage}


def test_other_names_and_units_of_fields_and_a_longer_step() -> None:
    index_hits("nginx-1", [Hit(at(0, 9, n), "/", ms=0.0015 * (n + 1)) for n in range(60)])
    result = ask(settings("nginx-*", duration_unit="us", step="1h"), Window(at(0, 9), at(0, 11)))
    assert result.rows(REQUESTS) == {"09:00": 60}
    assert result.rows(P50)["09:00"] == pytest.approx(0.0015 * 30 * 1e6 / 1e6, rel=0.05)
    assert {each.series.period_s for each in result.points} == {3600}


def test_a_component_without_parts(jobs: str) -> None:
    result = ask(settings(jobs, top=0), HOUR)
    assert result.parts == []
    assert result.total(REQUESTS) == 8


def test_asked_again_after_late_logs_it_brings_the_whole(front: Front) -> None:
    index_hits("late-1", [Hit(at(0, 9), "/")])
    late = settings("late-*", front.url, endpoints=["/"])
    assert ask(late, HOUR).rows(REQUESTS) == {"09:00": 1}
    index_hits("late-1", [Hit(at(0, 9, 1), "/"), Hit(at(0, 9, 2), "/x")])
    again = ask(late, HOUR)
    assert (again.rows(REQUESTS), again.rows(REQUESTS, "/")) == ({"09:00": 3}, {"09:00": 2})
    assert (timedelta(hours=6), timedelta(hours=48)) == (elasticsearch.RECOLLECT, elasticsearch.RECOLLECT_DAILY)
    assert (timedelta(days=30), timedelta(days=1)) == (elasticsearch.BACKFILL, elasticsearch.SLICE)


def test_logs_from_a_clock_that_is_ahead_wait_for_their_time() -> None:
    index_hits("ahead-1", [Hit(at(0, 9), "/"), Hit(at(0, 9, 40), "/")])
    ahead = settings("ahead-*", top=0)
    assert ask(ahead, Window(at(0, 9), at(0, 9, 30))).rows(REQUESTS) == {"09:00": 1}
    assert ask(ahead, Window(at(0, 9), at(0, 9, 50))).rows(REQUESTS) == {"09:00": 1, "09:40": 1}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"base_url": "logs.internal"}, "no address of a server"),
        ({"base_url": "https://me:secret@logs.internal"}, "has a login in it"),
        ({"username": "me"}, "go together"),
        ({"username": "me", "password": "x", "api_key": "y"}, "either `api_key`"),
        ({"api_key": "me:secret\n"}, "is no API key"),
        ({"step": "7m"}, "days don't divide into it"),
        ({"step": "30s"}, "days don't divide into it"),
        ({"step": "five"}, "is no duration"),
        ({"endpoints": ["jobs"]}, "is no endpoint"),
        ({"endpoints": ["/a/*/b"]}, "is no endpoint"),
        ({"error_index": "a/b"}, "is no index"),
        ({"duration_unit": "h"}, "'ns', 'us', 'ms' or 's'"),
        ({"filter": {"a": {"b": 1}}}, "filter"),
        ({"fields": {"method": "x"}}, "method"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as refused:
        settings("access-*", **({"base_url": "https://logs.internal"} | wrong))
    assert "me:secret" not in str(refused.value.errors(include_input=False))


def test_a_login_in_the_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    folder = configure(tmp_path, {"elasticsearch": {"base_url": "https://me:hunter22@logs.internal"}})
    done = metrics(folder, "collect")
    assert "sources.elasticsearch is wrong: `base_url` has a login in it" in done.stdout + done.stderr
    assert "hunter22" not in done.stdout + done.stderr


def test_days_are_asked_for_newest_first() -> None:
    index_hits("order-1", [Hit(at(-day, 5), "/") for day in range(3)])
    result = ask(settings("order-*", endpoints=["/"], top=1), Window(at(-2), at(1)))
    days = [str(each.ts[0])[:10] for each in result.points if each.series == result.points[0].series]
    assert days == ["2026-06-20", "2026-06-19", "2026-06-18"]
