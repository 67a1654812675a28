"""The catalogue holds together, says who drew its lines, and refuses what it doesn't know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from metrics import catalog
from metrics.catalog import parsed
from metrics.errors import InputError
from metrics.model import Indicator
from metrics.yaml_file import YamlFile
from tests.documents import document
from tests.source_tree import ROOT

PATH = ROOT / "metrics" / "catalog.yaml"
INDICATORS = catalog.load().indicators
# What an organisation's two teams asked to see, in the words that they may use for it.
NEEDED = """cpu memory storage storage_used_bytes connections connections_used replication_lag hit_ratio cache.hits
cache.requests evictions network_in network_out concurrency concurrency_used throttles quota_used requests latency_p50
latency_p95 latency_p99 4xx 5xx 4xx_rate error_rate mails bounces bounce_rate batch_duration batch_failures error_logs
build_duration deploy_duration image_size defects accounts postings records"""
# From the registry of OpenTelemetry's semantic conventions.
OTEL = """system.cpu.utilization system.memory.utilization system.filesystem.utilization system.filesystem.usage
system.network.io system.paging.usage db.client.connection.count http.server.request.duration faas.errors
faas.invoke_duration k8s.container.restart.count cicd.pipeline.run.duration"""


@pytest.mark.parametrize("alias", NEEDED.split())
def test_what_the_two_teams_watch_can_be_measured(alias: str) -> None:
    assert catalog.load().get(alias).title


@pytest.mark.parametrize("indicator", INDICATORS.values(), ids=INDICATORS)
def test_an_indicator_makes_sense(indicator: Indicator) -> None:
    assert re.fullmatch(r"[a-z0-9]+([._][a-z0-9]+)*", indicator.name)
    assert all(re.fullmatch(r"[a-z0-9_]+", alias) for alias in indicator.aliases)
    assert not indicator.title_ja.isascii()
    if indicator.unit == "1/s":
        assert indicator.rollup != "sum", "rates don't add up"
    if indicator.stat == "sum":
        assert indicator.rollup == "sum", "a count of five minutes has no mean that means anything"
    if indicator.stat.startswith("p"):
        assert indicator.rollup in ("p95", "max"), "percentiles are never averaged"
        assert indicator.name.endswith(f".{indicator.stat}")
    if indicator.rollup == "last":
        assert indicator.stat in ("last", "min", "max", "mean"), "a level; counts and percentiles are none"
    if indicator.perspective == "demand":
        assert indicator.better == "neutral", "more use is neither good nor bad"


def test_a_ratio_is_made_of_two_counts() -> None:
    for ratio in (each for each in INDICATORS.values() if each.rollup == "ratio"):
        assert ratio.unit == "%"
        for name in (ratio.numerator, ratio.denominator):
            assert name is not None
            assert (INDICATORS[name].unit, INDICATORS[name].rollup) == ("1", "sum")


def test_names_are_opentelemetrys_where_it_has_one() -> None:
    assert {each.otel for each in INDICATORS.values() if each.otel} == set(OTEL.split())
    for each in INDICATORS.values():
        if each.otel in OTEL.split() and each.name in OTEL.split():
            assert each.name == each.otel


def test_every_default_line_says_who_drew_it_in_the_line_above() -> None:
    """`threshold:` stands below a comment, and docs/metrics.md has a row with the same figure and source."""
    lines = PATH.read_text(encoding="utf-8").splitlines()
    drawn = [number for number, line in enumerate(lines) if re.search(r"\bthreshold: ", line)]
    assert all(lines[number - 1].strip().startswith("#") for number in drawn)
    with_line = [each for each in INDICATORS.values() if each.threshold is not None]
    assert len(with_line) == len(drawn) >= 3
    rows = document("docs/metrics.md").section("Default thresholds")
    for each in with_line:
        assert f"| `{each.name}` | {each.threshold:g} {each.unit} | {each.threshold_source} |" in rows
    assert rows.count("\n| `") == len(with_line)


def test_every_kind_of_component_needs_something() -> None:
    known = catalog.load()
    assert [kind for kind in known.kinds if not known.needed_by(kind)] == []
    assert known.needed_by("unheard of") == ()
    assert INDICATORS["system.cpu.utilization"] in known.needed_by("database")


def test_no_name_comes_twice_in_the_file() -> None:
    """YamlFile refuses a key that comes twice, where plain YAML takes the last."""
    names = YamlFile.parse(PATH.read_text(encoding="utf-8"), PATH.name).data["indicators"]
    assert list(names) == list(INDICATORS)


def test_names_and_short_names_are_each_one_indicator() -> None:
    known = catalog.load()
    for spelling, name in known.spellings.items():
        assert spelling in known
        assert known.get(spelling).name == name
    assert len(known.spellings) == sum(1 + len(each.aliases) for each in INDICATORS.values())


def test_the_catalogue_is_read_once_and_never_changed() -> None:
    known = catalog.load()
    assert known is catalog.load()
    with pytest.raises(TypeError):
        known.indicators["x"] = INDICATORS["mail.sent"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("latency_p59", "did you mean latency_p99 or latency_p95 or latency_p50?"),
        ("CPU", "did you mean cpu?"),
        ("system.cpu.utilisation", "did you mean system.cpu.utilization or system.cpu.utilization.max?"),
        ("zzzzzz", "see docs/metrics.md for all of them."),
    ],
)
def test_an_unknown_indicator_gets_the_nearest_names(name: str, said: str) -> None:
    assert name not in catalog.load()
    with pytest.raises(InputError) as refused:
        catalog.load().get(name)
    assert str(refused.value) == f"indicator {name!r} is not in the catalogue; {said}"


def entry(**changed: object) -> dict[str, Any]:
    plain = {
        "title": "T", "title_ja": "あ", "unit": "1", "better": "lower", "perspective": "app", "rollup": "sum", "stat": "sum",
    }  # fmt: skip
    return plain | changed


RATIO = {"rollup": "ratio", "unit": "%", "stat": "mean"}


@pytest.mark.parametrize(
    ("indicators", "said"),
    [
        ({"a": entry(unit="ms")}, "Input should be 's', 'By', '%', '1' or '1/s'"),
        ({"a": entry(better="up")}, "Input should be 'lower', 'higher' or 'neutral'"),
        ({"a": entry(colour="red")}, "Extra inputs are not permitted"),
        ({"a": entry(kinds=["web", "spaceship"])}, "a is needed by spaceship, which is no kind"),
        ({"a": entry(aliases=["x"]), "b": entry(aliases=["x"])}, "x names two indicators"),
        ({"a": entry(aliases=["b"]), "b": entry()}, "b names two indicators"),
        ({"a": entry(**RATIO)}, "a ratio, and nothing else, names a numerator and a denominator"),
        ({"a": entry(numerator="b", denominator="b"), "b": entry()}, "a ratio, and nothing else"),
        ({"a": entry(**RATIO, numerator="b", denominator="c"), "b": entry()}, "a is a ratio of c, which is no indicator"),
        ({"a": entry(threshold=5)}, "a default threshold names its source"),
        ({"a": entry(threshold_source="somebody")}, "a default threshold names its source"),
    ],
)  # fmt: skip
def test_a_catalogue_that_contradicts_itself_is_refused(indicators: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        parsed(yaml.safe_dump({"kinds": ["web"], "indicators": indicators}))


def test_the_comment_at_the_top_explains_every_field() -> None:
    top = Path(PATH).read_text(encoding="utf-8").partition("\nkinds:")[0]
    fields = set(catalog._Entry.model_fields) - {"numerator", "denominator", "threshold_source"}
    assert [name for name in fields if not re.search(rf"^#   .*\b{name}\b", top, re.MULTILINE)] == []
