"""The configuration is taken whole or refused with file, line, key, value and what is valid."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from metrics import config
from metrics.config import SourceConfig, load, parse_duration, validate_settings
from metrics.errors import ConfigError

NO_SECRETS = Path("no-such-file")
WEB = "components:\n  web:\n    kind: web\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data" / "services").mkdir(parents=True)
    return tmp_path / "data"


def refusal(folder: Path, *, platform: str = "", service: str = "", name: str = "jobs") -> str:
    (folder / "tomoni.yaml").write_text(platform)
    (folder / "services" / f"{name}.yaml").write_text(service)
    with pytest.raises(ConfigError) as refused:
        load(folder, {}, NO_SECRETS)
    return str(refused.value)


def test_an_empty_folder_is_a_configuration(tmp_path: Path) -> None:
    made = load(tmp_path / "none", {}, NO_SECRETS)
    assert (made.services, made.sources, made.collect_in_app, made.every) == ((), (), False, timedelta(minutes=5))


def test_the_annotated_example_of_the_documentation_loads(folder: Path) -> None:
    text = Path("docs/configuration.md").read_text()
    for name, block in re.findall(r"```yaml title=(\S+)\n(.*?)```", text, re.DOTALL):
        (folder / name).write_text(block)
    made = load(folder, {}, NO_SECRETS)
    (jobs,) = made.services
    assert (jobs.time_zone, jobs.week_start, jobs.environments[0]) == ("Asia/Tokyo", 0, "production")
    assert [component.name for component in jobs.components] == ["web", "aurora-main", "archive"]
    assert jobs.headline == ("web/http.server.request.duration.p95", "aurora-main/system.cpu.utilization")
    assert jobs.components[1].limits == {"db.client.connection.count": 2000}
    assert [(source.name, source.kind, source.every) for source in made.sources] == [
        ("host", "host", timedelta(minutes=1)),
        ("capacity-sheet", "files", timedelta(hours=1)),
    ]
    line = made.threshold("jobs", "web", "http.server.request.duration.p95")
    assert line
    assert (line.value, line.source) == (0.5, "data/services/jobs.yaml")


def test_a_line_that_nobody_drew_is_the_catalogues(folder: Path) -> None:
    made = load(folder, {}, NO_SECRETS)
    line = made.threshold("default", "disk", "system.filesystem.utilization")
    assert line
    assert (line.value, line.source) == (85, "Kubernetes node-pressure eviction: imagefs.available < 15 %")
    assert made.threshold("default", "web", "http.server.request.count") is None


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("tittle: x\n", "data/services/jobs.yaml:1: tittle is no key here; did you mean title?"),
        (
            "time_zone: Asia/Tokio\n",
            "data/services/jobs.yaml:1: time_zone is 'Asia/Tokio', which is no time zone; did you mean Asia/Tokyo",
        ),
        ("week_start: mon\n", "data/services/jobs.yaml:1: week_start is 'mon'; input should be 'monday', 'tuesday'"),
        (
            f"{WEB}    owner: dev\n",
            "data/services/jobs.yaml:4: components.web.owner is 'dev', which is no team; name the teams",
        ),
        (
            "components:\n  web:\n    kind: wbe\n",
            "data/services/jobs.yaml:3: components.web.kind is 'wbe'; did you mean web?",
        ),
        ("components:\n  web:\n    title: W\n", "data/services/jobs.yaml:2: components.web.kind is missing."),
        (
            f"{WEB}    thresholds:\n      cpu: 80 ms\n",
            "data/services/jobs.yaml:5: components.web.thresholds.cpu is wrong: '80 ms' is in 'ms'; use a number in %, ratio.",
        ),
        (
            f"{WEB}    thresholds:\n      cpuu: 80\n",
            "data/services/jobs.yaml:5: components.web.thresholds.cpuu is wrong: indicator 'cpuu' is not in the catalogue; did",
        ),
        (
            f"{WEB}  web:\n    kind: api\n",
            "data/services/jobs.yaml:4: components.web comes twice, first on line 2; keep one.",
        ),
        (
            f"{WEB}headline: [api/cpu]\n",
            "data/services/jobs.yaml:4: headline.0 is 'api/cpu': no component 'api'; use one of web.",
        ),
        ("headline: [cpu]\n", "data/services/jobs.yaml:1: headline.0 is 'cpu'; write component/indicator or"),
        ("- a\n", "data/services/jobs.yaml:1: the file must be keys and values, one `key: value` a line."),
        ("title: [\n", "data/services/jobs.yaml:2: is not valid YAML: "),
        (
            "environments: []\n",
            "data/services/jobs.yaml:1: environments is empty; name at least the one that users are on.",
        ),
    ],
)
def test_a_wrong_service_file_is_refused_in_one_line(folder: Path, service: str, said: str) -> None:
    text = refusal(folder, service=service)
    assert text.startswith(said)
    assert "\n" not in text


def test_a_service_is_named_like_a_file(folder: Path) -> None:
    assert "is named 'My Jobs'; name it in lower-case" in refusal(folder, service="title: x\n", name="My Jobs")


def test_more_faults_are_counted(folder: Path) -> None:
    text = refusal(folder, service="components:\n  a:\n    kind: x\n  b:\n    kind: y\n  c:\n    kind: z\n")
    assert text.startswith("data/services/jobs.yaml:3: components.a.kind is 'x'; ")
    assert text.endswith("(2 more after it)")


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ("sorces: {}\n", "data/tomoni.yaml:1: sorces is no key here; did you mean sources?"),
        (
            "collect:\n  every: 5x\n",
            "data/tomoni.yaml:2: collect.every is wrong: '5x' is no duration; write 30s, 5m, 1h or 1d.",
        ),
        (
            "sources:\n  host:\n    every: 0s\n",
            "data/tomoni.yaml:3: sources.host.every is wrong: '0s' is no duration; write",
        ),
        (
            "collect:\n  in_app: maybe\n",
            "data/tomoni.yaml:2: collect.in_app is 'maybe'; input should be a valid boolean",
        ),
        (
            "sources:\n  dd:\n    kind: datadog\n    api_key: ${DD_KEY}\n",
            "data/tomoni.yaml:4: sources.dd.api_key is '${DD_KEY}', but DD_KEY is not set; "
            "set it in the environment or in .streamlit/secrets.toml.",
        ),
    ],
)
def test_a_wrong_platform_file_is_refused_in_one_line(folder: Path, platform: str, said: str) -> None:
    text = refusal(folder, platform=platform)
    assert text.startswith(said)
    assert "\n" not in text


def test_secrets_are_filled_in_and_never_shown(folder: Path, tmp_path: Path) -> None:
    (folder / "tomoni.yaml").write_text("sources:\n  a:\n    key: ${ONE}\n    nested: {list: ['x ${TWO}']}\n")
    (tmp_path / "secrets.toml").write_text('ONE = "stored"\nTWO = "planted-2"\n[auth]\nx = 1\n')
    made = load(folder, {"ONE": "planted-1"}, tmp_path / "secrets.toml")
    assert "planted" not in repr(made)
    key, nested = made.sources[0].settings["key"], made.sources[0].settings["nested"]
    assert isinstance(key, SecretStr)
    assert key.get_secret_value() == "planted-1"  # the environment is over the file
    assert nested["list"][0].get_secret_value() == "x planted-2"  # type: ignore[index]


class Settings(BaseModel, frozen=True, extra="forbid"):
    url: str
    token: SecretStr
    limit: int = 5


def test_a_sources_settings_are_its_own_models() -> None:
    source = SourceConfig("a", "thing", {"url": SecretStr("http://x"), "token": SecretStr("t")}, None, 7)
    made = validate_settings(source, Settings)
    assert (made.url, made.token.get_secret_value(), made.limit) == ("http://x", "t", 5)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "u", "token": "t", "limt": 3}, "tomoni.yaml:7: sources.a.limt is no setting of thing; it has url, token, limit, kind, every."),
        ({"url": "u"}, "tomoni.yaml:7: sources.a.token is missing."),
        ({"url": "u", "token": "t", "limit": "x"}, "tomoni.yaml:7: sources.a.limit is 'x'; input should be a valid integer"),
        ({"url": "u", "token": "t", "limit": SecretStr("planted")}, "tomoni.yaml:7: sources.a.limit is not valid (it comes from a secret)."),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_without_their_secrets(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        validate_settings(SourceConfig("a", "thing", settings, None, 7), Settings)
    assert str(refused.value).startswith(said)
    assert "planted" not in str(refused.value)


def test_durations() -> None:
    assert [parse_duration(text) for text in ("30s", "5m", "2h", "1d")] == [
        timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=2), timedelta(days=1),
    ]  # fmt: skip


def test_a_broken_secrets_file_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("ONE = \n")
    with pytest.raises(ConfigError, match=r"secrets.toml: is not valid TOML"):
        config.load(folder, {}, tmp_path / "secrets.toml")
