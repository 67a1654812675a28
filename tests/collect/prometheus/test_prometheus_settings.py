"""What may stand in the configuration, what `check` says of it, and what the documentation promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from metrics import config
from metrics.collect.prometheus import RECOLLECT, RECOLLECT_DAILY, Settings
from metrics.collect.run import Request, chosen, run_source, settings_of, store_of
from metrics.errors import ConfigError, SourceError
from metrics.store import read
from tests.collect.folders import configure, metrics
from tests.collect.prometheus_asked import check_signs, hours, settings
from tests.collect.prometheus_replay import Answer, Asked, failure, replaying, success
from tests.collect.prometheus_samples import HOURS, server
from tests.documents import document

ADDRESS = "https://prometheus.example.com"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"base_url": "prometheus:9090"}, "is no address; write one such as https://prometheus.example.com"),
        ({"base_url": "http://"}, "is no address"),
        ({"base_url": "https://me:secret@prometheus"}, "has a login in it; write it under username and password"),
        ({"username": "tomoni"}, "username and password go together"),
        ({"username": "a", "password": "b", "token": "c"}, "not both"),
        ({"token": "with a line break\n"}, "characters that no header may have"),
        ({"step": "7m"}, "7m does not divide an hour; write 1m, 5m, 15m or 1h"),
        ({"step": "2h"}, "2h does not divide an hour"),
        ({"step": "5"}, "'5' is no duration"),
        ({"delay": "2h"}, "is longer than an hour"),
        ({"targets": [{"component": "web", "queries": {"cpuu": "a"}}]}, "did you mean cpu"),
        ({"targets": [{"component": "web", "queries": {"cpu": {"query": "a", "unit": "ms"}}}]},
         "unit 'ms' does not fit cpu; use one of %, ratio"),
        ({"targets": [{"component": "web", "queries": {"error_rate": "a"}}]},
         "error_rate is worked out from http.server.5xx.count and http.server.request.count; ask for those instead"),
        ({"targets": [{"component": "web", "queries": [{"indicator": i, "query": "a"} for i in ("cpu", "cpu")]}]},
         "web system.cpu.utilization has two queries without `part`; keep one"),
        ({"targets": [{"component": "web", "query": "a"}]}, "Extra inputs are not permitted"),
        ({"targets": [{"component": "web"}]}, "Field required"),
        ({"targets": [{"component": "web", "queries": []}]}, "at least 1 item"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_settings_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"base_url": ADDRESS, **wrong})
    assert says in str(caught.value)


def test_each_run_asks_for_so_much_again_that_the_longest_step_is_seen_whole() -> None:
    it = settings(ADDRESS, {}, step="1h", delay="1h")
    assert it.step + it.delay <= RECOLLECT < RECOLLECT_DAILY


@pytest.mark.parametrize("written", [ADDRESS, f"{ADDRESS}/", f"{ADDRESS}/api/v1", f"{ADDRESS}/api/v1/"])
def test_an_address_may_be_written_in_several_ways(written: str) -> None:
    assert settings(written, {}).base_url == ADDRESS


def service(folder: Path, components: object, url: str, **rest: object) -> Path:
    """A folder with tomoni.yaml and services/jobs.yaml."""
    configure(folder, {"prometheus": {"base_url": url, **rest}})
    (folder / "services").mkdir()
    written = yaml.safe_dump({"components": components}, sort_keys=False)
    (folder / "services" / "jobs.yaml").write_text(written, encoding="utf-8")
    return folder


def test_queries_stand_in_the_services_file_and_names_are_filled_in(tmp_path: Path) -> None:
    web = {
        "kind": "web", "use": "prometheus", "with": {"env": "prod", "selector": 'job="web"'},
        "queries": {"requests": 'sum(increase(a{service="{service}",of="{component}",env="{env}",{selector}}[{step}]))'},
    }  # fmt: skip
    folder = service(tmp_path, {"web": web}, ADDRESS, step="1m")
    asked: list[str] = []
    with replaying(
        lambda request: (asked.append(request.form["query"]), success({"resultType": "matrix", "result": []}))[1]
    ) as it:
        configure(folder, {"prometheus": {"base_url": it.url, "step": "1m"}})
        settings = config.load(folder)
        run_source(settings, settings.sources[0], Request(HOURS.end, HOURS.start))
    assert set(asked) == {'sum(increase(a{service="jobs",of="web",env="prod",job="web"}[60s]))'}


def test_a_wrong_query_is_refused_by_its_place_in_the_services_file(tmp_path: Path) -> None:
    folder = service(tmp_path, {"web": {"kind": "web", "use": "prometheus", "queries": {"latency": {"query": "a", "unit": "%"}}}}, ADDRESS)  # fmt: skip
    found = config.load(folder)
    with pytest.raises(ConfigError, match=r"services/jobs.yaml:\d+: components.web.*unit '%' does not fit latency"):
        settings_of(found, found.sources[0])


def test_check_names_each_wrong_query_and_what_to_do(tmp_path: Path) -> None:
    queries = {
        "nodes": "count(kube_node_info", "requests": "sum(rate(http_requests_total{job={job}}[5m]))", "cpu": "1 +",
        "restarts": "absent_metric",
    }  # fmt: skip
    signs = check_signs(settings(server(), queries))
    assert [(state, about) for state, about, _ in signs] == [
        ("wrong", "web k8s.node.count"), ("wrong", "web http.server.request.count"),
        ("wrong", "web system.cpu.utilization"), ("note", "web k8s.container.restarts"), ("note", ""),
    ]  # fmt: skip
    assert "unclosed left parenthesis" in signs[0][2]
    assert signs[1][2].endswith("; nothing fills in {job}: name it under `with`")
    assert signs[3][2] == "the query finds nothing now: are its names right?"
    assert signs[4][2] == "it keeps 100y; the first run asks for 90 days"


def test_check_looks_at_the_series_that_a_query_returns() -> None:
    def say(asked: Asked) -> Answer:
        if "query" not in asked.form:
            return Answer(404)
        value = [1_748_822_400, "1"]
        if asked.form["query"] == "scalar(1)":
            return success({"resultType": "scalar", "result": value})
        found = [{"metric": {"node": node}, "value": value} for node in ("a", "b")]
        return success({"resultType": "vector", "result": found}, warnings=["a store is away"])

    queries = [
        {"indicator": "nodes", "query": "all"}, {"indicator": "cpu", "query": "all", "part": "node"},
        {"indicator": "memory", "query": "all", "part": "pod"}, {"indicator": "swap", "query": "scalar(1)"},
    ]  # fmt: skip
    with replaying(say) as replay:
        signs = check_signs(settings(replay.url, queries))
    assert signs == [
        ("wrong", "web k8s.node.count",
         "the query returns 2 series: aggregate it, or name the label that tells them apart under `part` (node)"),
        ("note", "web system.cpu.utilization", "the server warns: a store is away"),
        ("wrong", "web system.memory.utilization",
         "a series of the query lacks the label pod, which `part` names; it has: node"),
    ]  # fmt: skip


def test_check_says_who_answers_and_that_nothing_is_asked() -> None:
    signs = check_signs(Settings(base_url=server()))
    assert signs[0] == ("note", "", "no component uses it: name it under `use` in a service's file, with `queries`")
    assert signs[1][0] == "fine"
    assert signs[1][2].startswith("127.0.0.1 answers (version ")
    assert signs[1][2].endswith(": 0 queries")


def test_check_reports_a_forbidden_query_and_an_unreachable_server(tmp_path: Path) -> None:
    with replaying(lambda asked: failure(403, "x", "not you") if asked.path.endswith("query") else Answer(404)) as it:
        assert check_signs(settings(it.url, {"nodes": "a"})) == [
            ("wrong", "web k8s.node.count", "not allowed to ask this (403): let the user or token read it: not you")
        ]
        it.say = lambda _: Answer(401)
        with pytest.raises(SourceError, match=r"refused the login \(401\)"):
            check_signs(settings(it.url, {"nodes": "a"}))
    folder = configure(tmp_path, {"prometheus": {"base_url": "http://127.0.0.1:9"}})
    done = metrics(folder, "check")
    assert done.returncode == 2
    assert "can't be reached" in done.stdout


def recipes() -> dict[str, Any]:
    """Every component of the page's recipes."""
    text = document("docs/collectors/prometheus.md").section("Recipes")
    blocks = [block.split("```")[0] for block in text.split("```yaml\n")[1:]]
    assert len(blocks) == 3
    return {name: each for block in blocks for name, each in yaml.safe_load(block).items()}


def test_every_recipe_of_the_page_works(tmp_path: Path) -> None:
    """node_exporter's and kube-state-metrics' series in a real Prometheus, through the runner, into a store."""
    found = stored(service(tmp_path, recipes(), server()))
    asked = {(name, query) for name, each in recipes().items() for query in each["queries"]}
    assert len(asked) == len(found.groupby(["component", "indicator"])) == 17
    assert set(found["source"]) == {"prometheus"}
    whole = (36, "00:00", "02:55")
    expected = {
        ("machines", "a", "system.cpu.utilization"): (50, *whole),
        ("machines", "b", "system.cpu.utilization"): (25, *whole),
        ("machines", "a", "system.memory.utilization"): (75, *whole),
        ("machines", "b", "system.memory.available"): (6e9, *whole),
        ("machines", "a", "system.swap.usage"): (0.25e9, *whole),
        ("machines", "a//", "system.filesystem.utilization"): (80, *whole),
        ("machines", "b//data", "system.filesystem.utilization"): (50, *whole),
        ("machines", "b//", "system.filesystem.available"): (60e9, *whole),
        ("machines", "a", "system.network.receive"): (30_000, *whole),
        ("machines", "b", "system.network.transmit"): (30_000, *whole),
        ("cluster", None, "k8s.node.count"): (2, *whole),
        ("cluster", None, "k8s.node.failed"): (1, *whole),
        ("cluster", "jobs", "k8s.container.restarts"): (1, *whole),
        ("cluster", "kube-system", "k8s.container.restarts"): (0, *whole),
        ("batches", "nightly", "batch.duration"): (1200, 1, "01:20", "01:20"),
        ("batches", "nightly", "batch.failures"): (1, *whole),
        ("web", None, "http.server.request.count"): (3000, *whole),
        ("web", None, "http.server.5xx.count"): (30, *whole),
        ("web", None, "http.server.request.duration.p95"): (0.1 + 0.4 * 7 / 9, 30, "00:00", "02:55"),
        ("web", None, "http.server.request.duration.p50"): (0.06, 30, "00:00", "02:55"),
    }
    for (component, part, indicator), (highest, rows, first, last) in expected.items():
        of_part = found["part"].isna() if part is None else found["part"] == part
        mine = found[(found["component"] == component) & of_part & (found["indicator"] == indicator)]
        said = (len(mine), f"{mine['ts'].min():%H:%M}", f"{mine['ts'].max():%H:%M}")
        assert said == (rows, first, last), (component, part, indicator)
        assert mine["value"].max() == pytest.approx(highest, rel=0.3 if "restarts" in indicator else 1e-6), indicator
    parts = set(found[found["indicator"] == "system.filesystem.utilization"]["part"])
    assert parts == {"a//", "b//", "b//data"}  # and no tmpfs
    failed = found[(found["indicator"] == "batch.failures") & (found["value"] > 0)]
    assert [f"{at:%H:%M}" for at in failed["ts"]] == ["02:05"]


def stored(folder: Path) -> pd.DataFrame:
    settings = config.load(folder)
    (it,) = chosen(settings, [])
    outcome = run_source(settings, it, Request(HOURS.end, HOURS.start))
    assert (outcome.state, outcome.detail) == ("done", "")
    with store_of(settings).read() as db:
        series = read.series(db)
        return read.samples(db, list(series["series_id"]), hours(-1, 4)).merge(series, on="series_id")


def test_the_other_examples_of_the_page_are_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tomoni.yaml and services/jobs.yaml as they stand there."""
    text = document("docs/collectors/prometheus.md").text
    blocks = dict(part.split("```")[0].split("\n", 1) for part in text.split("```yaml title=")[1:])
    assert set(blocks) == {"tomoni.yaml", "services/jobs.yaml"}
    (tmp_path / "services").mkdir()
    for name, block in blocks.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    monkeypatch.setenv("PROMETHEUS_TOKEN", "a-token")
    found = config.load(tmp_path)
    it = settings_of(found, found.sources[0])
    assert isinstance(it, Settings)
    assert [(each.component, len(each.queries)) for each in it.targets] == [("web", 2), ("api", 2)]
