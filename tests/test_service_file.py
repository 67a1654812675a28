"""A service's file is taken whole, or refused in one sentence with file, line, key, value and what is valid."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from metrics.errors import ConfigError
from metrics.model import Component, Countermeasure, Service, Team, Threshold, Use
from metrics.service_file import read_service

NAME = "data/services/jobs.yaml"
WEB = "components:\n  web:\n    kind: web\n"
KINDS = (
    "web, api, worker, batch, database, cache, mail, function, object_storage, registry, ci, node, kubernetes, host, "
    "service"
)


def read(tmp_path: Path, text: str, stem: str = "jobs") -> Service:
    path = tmp_path / f"{stem}.yaml"
    path.write_text(text, encoding="utf-8")
    return read_service(path, NAME)


def refusal(tmp_path: Path, text: str, stem: str = "jobs") -> str:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text, stem)
    return str(refused.value)


WHOLE = """
title: Jobs
time_zone: Asia/Tokyo
week_start: sunday
environments: [production, staging]
teams:
  dev: {title: Development, perspective: dev}
  infra: {title: Infrastructure, perspective: infra}
components:
  web:
    kind: web
    title: Web
    owner: dev
    thresholds: {latency_p95: 800 ms, error_rate: 1, system.cpu.utilization: 80 %}
  db:
    kind: database
    owner: infra
    limits: {connections: 2 k, storage_used_bytes: 1.5 GiB}
    not_applicable: {replication_lag: there is no replica}
    countermeasures:
      - {what: a pooler, axis: X, lead_time: 3 weeks}
      - {what: keep less, lead_time: 1 day}
demand: [web/requests]
headline: [web/latency, web//jobs/export/latency_p95, db/system.cpu.utilization]
"""


def test_a_whole_service(tmp_path: Path) -> None:
    web = Component(
        "jobs", "web", "web", "Web", "dev",
        thresholds=(
            Threshold("http.server.request.duration.p95", 0.8, NAME),
            Threshold("http.server.error_rate", 1.0, NAME),
            Threshold("system.cpu.utilization", 80.0, NAME),
        ),
    )  # fmt: skip
    database = Component(
        "jobs", "db", "database", "db", "infra",
        limits={"db.client.connection.count": 2000.0, "system.filesystem.usage": 1.5 * 2**30},
        not_applicable={"db.replication.lag": "there is no replica"},
        countermeasures=(
            Countermeasure("a pooler", timedelta(weeks=3), "X"),
            Countermeasure("keep less", timedelta(days=1)),
        ),
    )  # fmt: skip
    assert read(tmp_path, WHOLE) == Service(
        name="jobs",
        title="Jobs",
        time_zone="Asia/Tokyo",
        week_start=6,
        teams=(Team("dev", "Development", "dev"), Team("infra", "Infrastructure", "infra")),
        components=(web, database),
        environments=("production", "staging"),
        demand=("web/http.server.request.count",),
        headline=(
            "web/http.server.request.duration.p95",
            "web//jobs/export/http.server.request.duration.p95",
            "db/system.cpu.utilization",
        ),
    )


@pytest.mark.parametrize(
    "text", ["", "title:\ntime_zone:\nteams:\ncomponents:\ndemand:\nheadline:\n", "# nothing but words\n"]
)
def test_what_is_left_out_or_left_empty_has_a_default(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == Service("jobs", "jobs", "UTC", 0)


def test_a_component_says_where_its_data_comes_from(tmp_path: Path) -> None:
    text = """
sources:
  datadog: {queries: [a], with: {env: prod}}
components:
  db: {use: cloudwatch, rds_cluster: aurora-main}
  web:
    kind: web
    sources:
      - {use: datadog, with: {env: test}}
      - use: cloudwatch
        load_balancer: app/web/1
  both:
    use: cloudwatch
    bucket: images
    kind: registry
    sources: [{use: datadog}]
"""
    database, web, both = read(tmp_path, text).components
    assert (database.kind, both.kind) == ("database", "registry")
    cluster = {"rds_cluster": "aurora-main"}
    assert database.uses == (Use("cloudwatch", cluster, NAME, 5, "components.db"),)
    assert web.uses == (
        Use("datadog", {"queries": ["a"], "with": {"env": "test"}}, NAME, 9, "components.web.sources.0"),
        Use("cloudwatch", {"load_balancer": "app/web/1"}, NAME, 10, "components.web.sources.1"),
    )
    assert both.uses == (
        Use("cloudwatch", {"bucket": "images"}, NAME, 12, "components.both"),
        Use("datadog", {"queries": ["a"], "with": {"env": "prod"}}, NAME, 16, "components.both.sources.0"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # a wrong key
        ("tittle: x\n", ":1: tittle is no key here; did you mean title?"),
        ("source: {}\n", ":1: source is no key here; did you mean sources?"),
        ("tittle:\n", ":1: tittle is no key here; did you mean title?"),
        (f"{WEB}    treshold: {{}}\n", ":4: components.web.treshold is no key here; did you mean thresholds?"),
        ("teams:\n  a: {title: A, perspective: dev, lead: x}\n",
         ":2: teams.a.lead is no key here; use one of title, perspective."),
        (f"{WEB}    sources: [{{index: x}}]\n", ":4: components.web.sources.0.use is missing."),
        (f"{WEB}    sources: {{use: x}}\n", ":4: components.web.sources is a mapping; write a list, as in [a, b]."),
        ("components:\n  web: {use: x}\n", ":2: components.web.kind is missing."),
        # a wrong shape
        ("- a\n", ":1: the file must be keys and values, one `key: value` a line."),
        ("just words\n", ":1: the file must be keys and values, one `key: value` a line."),
        ("title: 2024\n", ":1: title is 2024; write text, in quotes."),
        ("title: no\n", ":1: title is false; write text, in quotes."),
        ("components: [web, api]\n", ":1: components is a list; write keys and values below it."),
        ("components:\n  web:\n", ":2: components.web is empty; write keys and values below it."),
        (f"{WEB}    thresholds: 80\n", ":4: components.web.thresholds is 80; write keys and values below it."),
        ("environments: production\n", ":1: environments is 'production'; write a list, as in [a, b]."),
        ("environments:\n  - a\n  - 1\n", ":3: environments.1 is 1; write text, in quotes."),
        ("environments: []\n", ":1: environments is empty; name at least the one that users are on."),
        # a missing key
        ("components:\n  web:\n    title: W\n", ":2: components.web.kind is missing."),
        ("teams:\n  a:\n    title: A\n", ":2: teams.a.perspective is missing."),
        # a word that is not one of those that are known
        ("week_start: Monday\n", ":1: week_start is 'Monday'; did you mean monday?"),
        ("week_start: 1\n", ":1: week_start is 1; use one of monday, tuesday, wednesday, thursday, friday, saturday, "
                            "sunday."),
        ("teams:\n  a:\n    title: A\n    perspective: ops\n",
         ":4: teams.a.perspective is 'ops'; use one of dev, infra."),
        ("components:\n  web:\n    kind: wbe\n", ":3: components.web.kind is 'wbe'; did you mean web?"),
        ("components:\n  web:\n    kind: qqq\n", f":3: components.web.kind is 'qqq'; use one of {KINDS}."),
        ("time_zone: Asia/Tokio\n",
         ":1: time_zone is 'Asia/Tokio', which is no time zone; did you mean Asia/Tokyo?"),
        ("time_zone: xxxx\n", ":1: time_zone is 'xxxx', which is no time zone; use a name such as Asia/Tokyo or UTC."),
        ("time_zone: localtime\n",
         ":1: time_zone is 'localtime', which is no time zone; use a name such as Asia/Tokyo or UTC."),
        # an owner
        (f"{WEB}    owner: dev\n",
         ":4: components.web.owner is 'dev', which is no team; name the teams under `teams` first."),
        (f"teams:\n  platform: {{title: P, perspective: infra}}\n{WEB}    owner: plattform\n",
         ":6: components.web.owner is 'plattform', which is no team; did you mean platform?"),
        # a component
        (f"{WEB}  web:\n    kind: api\n", ":4: components.web comes twice, first on line 2; keep one."),
        ("components:\n  a/b: {kind: web}\n",
         ":2: components.a/b is no name for a component, since a slash divides it from its parts; write one without."),
        # indicators and amounts
        (f"{WEB}    thresholds:\n      cpuu: 80\n",
         ":5: components.web.thresholds.cpuu is wrong: indicator 'cpuu' is not in the catalogue; did you mean cpu?"),
        (f"{WEB}    limits:\n      zzzzzz: 80\n",
         ":5: components.web.limits.zzzzzz is wrong: indicator 'zzzzzz' is not in the catalogue; "
         "see docs/metrics.md for all of them."),
        (f"{WEB}    not_applicable:\n      evictionz: no cache\n",
         ":5: components.web.not_applicable.evictionz is wrong: indicator 'evictionz' is not in the catalogue; "
         "did you mean evictions?"),
        (f"{WEB}    thresholds:\n      cpu: 80 ms\n",
         ":5: components.web.thresholds.cpu is wrong: '80 ms' is no percentage; write a number, or one with % or ratio."),
        (f"{WEB}    thresholds:\n      latency: 80 %\n",
         ":5: components.web.thresholds.latency is wrong: '80 %' is no duration; "
         "write a number of seconds, or one with ns, us, µs, ms, s, min, h or d."),
        (f"{WEB}    limits:\n      connections: 5 GiB\n",
         ":5: components.web.limits.connections is wrong: '5 GiB' is no count; write a number, or one with k or M."),
        (f"{WEB}    thresholds:\n      cpu: true\n",
         ":5: components.web.thresholds.cpu is wrong: True is no percentage; write a number, or one with % or ratio."),
        (f"{WEB}    thresholds:\n      cpu:\n",
         ":5: components.web.thresholds.cpu is wrong: None is no percentage; write a number, or one with % or ratio."),
        (f"{WEB}    thresholds:\n      cpu: -5\n",
         ":5: components.web.thresholds.cpu is -5; nothing that is measured is below 0."),
        (f"{WEB}    thresholds:\n      cpu: 80\n      system.cpu.utilization: 90\n",
         ":6: components.web.thresholds.system.cpu.utilization is the same indicator as cpu; keep one."),
        (f"{WEB}    not_applicable:\n      cpu: 5\n",
         ":5: components.web.not_applicable.cpu is 5; write text, in quotes."),
        # countermeasures
        (f"{WEB}    countermeasures:\n      - {{what: a pooler, lead_time: soon}}\n",
         ":5: components.web.countermeasures.0.lead_time is 'soon'; write days or weeks, as in 3 weeks."),
        (f"{WEB}    countermeasures:\n      - {{what: a pooler, axis: W, lead_time: 3 weeks}}\n",
         ":5: components.web.countermeasures.0.axis is 'W'; use one of X, Y, Z."),
        # references
        ("headline: [cpu]\n", ":1: headline.0 is 'cpu'; write component/indicator or component/part/indicator."),
        (f"{WEB}headline: [api/cpu]\n", ":4: headline.0 is 'api/cpu': no component 'api'; use one of web."),
        ("demand: [api/cpu]\n", ":1: demand.0 is 'api/cpu': no component 'api'; there are none to choose from yet."),
        (f"{WEB}demand:\n  - web/requests\n  - web/request\n",
         ":6: demand.1 is wrong: indicator 'request' is not in the catalogue; did you mean requests?"),
        # several
        ("components:\n  a:\n    kind: qqq\n  b:\n    kind: qqq\n  c:\n    kind: qqq\n",
         f":3: components.a.kind is 'qqq'; use one of {KINDS}. (2 more after it)"),
        ("demand: 5\ntittle: x\ntitle: 5\n", ":1: demand is 5; write a list, as in [a, b]. (2 more after it)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text) == f"{NAME}{said}"


def test_a_service_is_named_like_a_file(tmp_path: Path) -> None:
    said = ":1: the file is named 'My Jobs'; name it in lower-case letters, digits, - and _."
    assert refusal(tmp_path, "title: x\n", "My Jobs") == f"{NAME}{said}"


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    text = refusal(tmp_path, f"week_start: {'x' * 500}\n")
    assert text.startswith(f"{NAME}:1: week_start is '{'x' * 59}…; use one of monday, ")


def test_a_service_may_weigh_findings_otherwise_and_name_its_holidays(tmp_path: Path) -> None:
    made = read(tmp_path, "holidays: JP\nranking: {nearness: 4, harm: 0}\n")
    assert (made.holidays, made.ranking) == ("JP", {"nearness": 4.0, "harm": 0.0})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("holidays: Japan", "holidays is 'Japan', which is no country; use two letters, as in JP."),
        ("ranking: {harm: -1}", "ranking.harm"),
        (
            "ranking: {urgency: 1}",
            "ranking.urgency is no key here; use one of harm, size, certainty, news, nearness.",
        ),
    ],
)
def test_weights_and_holidays_that_make_no_sense_are_refused(text: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(tmp_path, text)
