"""The platform's file, its secrets and its sources: taken whole, or refused in one sentence without any secret."""

from __future__ import annotations

import re
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, model_validator

from metrics.collect import registry
from metrics.config import COLLECT_KEYS, PLATFORM_KEYS, Config, SourceConfig, load, parse_duration, validate_settings
from metrics.errors import ConfigError
from metrics.model import Service
from metrics.notify_settings import NOTIFY_KEYS
from metrics.service_file import COMPONENT_KEYS, COUNTERMEASURE_KEYS, SERVICE_KEYS, TEAM_KEYS
from tests.documents import document
from tests.source_tree import ROOT

NO_SECRETS = Path("no-such-file")
# With what repr() and regular expressions would write differently.
SECRET = "it's \\ planted"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data" / "services").mkdir(parents=True)
    return tmp_path / "data"


def loaded(folder: Path, text: str, environ: dict[str, str] | None = None, secrets: Path = NO_SECRETS) -> Config:
    (folder / "tomoni.yaml").write_text(text, encoding="utf-8")
    return load(folder, environ or {}, secrets)


def refusal(folder: Path, text: str, environ: dict[str, str] | None = None, secrets: Path = NO_SECRETS) -> str:
    with pytest.raises(ConfigError) as refused:
        loaded(folder, text, environ, secrets)
    return str(refused.value)


# the files


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_files_is_one_service_without_sources(tmp_path: Path, exists: bool) -> None:
    here = tmp_path if exists else tmp_path / "none"
    assert load(here, {}, NO_SECRETS) == Config(
        folder=here,
        services=(Service("default", "default", "UTC", 0),),
        sources=(),
        collect_in_app=False,
        every=timedelta(minutes=5),
    )


def test_the_configuration_that_comes_with_tomoni_collects_this_machine() -> None:
    made = load(ROOT / "data", {}, NO_SECRETS)
    assert made.collect_in_app
    assert [(source.name, source.kind) for source in made.sources] == [("host", "host")]


def test_the_annotated_example_of_the_documentation_loads(folder: Path) -> None:
    """Both files as they stand there, and each source's settings by its own model."""
    platform, service = document("docs/configuration.md").blocks("yaml")
    (folder / "services" / "jobs.yaml").write_text(service, encoding="utf-8")
    made = loaded(
        folder,
        platform,
        {"EXPORTS": "/srv/exports", "DD_API_KEY": "a", "DD_APP_KEY": "b", "SLACK_ADDRESS": "json://localhost"},
    )
    assert (made.collect_in_app, made.every) == (True, timedelta(minutes=5))
    host, sheet, cloud, _ = made.sources
    assert (host.budget, cloud.budget, cloud.every) == (5000, 2000, timedelta(hours=1))
    assert validate_settings(host, registry()["host"].settings).model_dump()["service"] == "this-machine"
    assert (
        validate_settings(sheet, registry()["files"].settings).model_dump()["path"] == "/srv/exports/capacity-*.csv"
    )
    (jobs,) = made.services
    web, database, whole = jobs.components
    assert [line.value for line in web.thresholds] == [0.5, 1.0, 80.0]
    assert database.limits == {"db.client.connection.count": 2000.0, "system.filesystem.usage": 1.5 * 2**40}
    assert list(database.not_applicable) == ["system.filesystem.utilization"]
    assert [use.source for use in (*web.uses, *database.uses)] == ["cloudwatch", "datadog", "cloudwatch"]
    assert (web.owner, database.owner, whole.kind) == ("web-team", "platform", "service")
    assert jobs.headline[1] == "web//jobs/export/http.server.request.duration.p95"


def test_the_annotated_example_has_every_key() -> None:
    text = "".join(document("docs/configuration.md").blocks("yaml"))
    keys = {
        *PLATFORM_KEYS,
        *COLLECT_KEYS,
        *NOTIFY_KEYS,
        *SERVICE_KEYS,
        *TEAM_KEYS,
        *COMPONENT_KEYS,
        *COUNTERMEASURE_KEYS,
        "kind",
    }
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}:", text)] == []


def test_the_refusal_in_the_documentation_is_what_is_said(folder: Path) -> None:
    """The example's threshold for CPU in a wrong unit, on the line where it stands."""
    said = document("docs/configuration.md")
    service = said.blocks("yaml")[1].replace("cpu: 80 %", "cpu: 500 ms", 1)
    (folder / "services" / "jobs.yaml").write_text(service, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(folder, {}, NO_SECRETS)
    assert [str(refused.value)] == said.blocks("text")[0].splitlines()


def test_services_come_in_the_order_of_their_names(folder: Path) -> None:
    for name in ("b", "a", "c-2"):
        (folder / "services" / f"{name}.yaml").write_text(f"title: The {name}\n", encoding="utf-8")
    (folder / "services" / ".a.yaml.swp").write_text("left behind by an editor", encoding="utf-8")
    (folder / "services" / "._a.yaml").write_text("left behind by a file server", encoding="utf-8")
    made = load(folder, {}, NO_SECRETS)
    assert [(each.name, each.title) for each in made.services] == [("a", "The a"), ("b", "The b"), ("c-2", "The c-2")]
    assert made.service("b") == made.services[1]
    assert made.service("d") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tomoni.yml", "data/tomoni.yml: is not read; name it tomoni.yaml."),
        ("services/jobs.yml", "data/services/jobs.yml: is not read; name it jobs.yaml."),
    ],
)
def test_a_file_that_would_be_overlooked_is_refused(folder: Path, name: str, said: str) -> None:
    (folder / name).write_text("", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(folder, {}, NO_SECRETS)
    assert str(refused.value) == said


def test_a_refusal_names_the_folder_even_when_it_is_the_current_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert refusal(Path(), "sorces: {}\n").startswith("data/tomoni.yaml:1: sorces ")
    (folder / "tomoni.yaml").unlink()
    (folder / "services" / "jobs.yaml").write_text("tittle: x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^data/services/jobs\.yaml:1: tittle "):
        load(Path(), {}, NO_SECRETS)


def test_lines_are_the_components_own_or_the_catalogues(folder: Path) -> None:
    text = "components:\n  web: {kind: web, thresholds: {latency: 500 ms, storage: 70}}\n"
    (folder / "services" / "jobs.yaml").write_text(text, encoding="utf-8")
    made = load(folder, {}, NO_SECRETS)

    def line(component: str, indicator: str) -> float | None:
        found = made.threshold("jobs", component, indicator)
        return found.value if found else None

    assert line("web", "http.server.request.duration.p95") == 0.5
    assert line("web", "system.filesystem.utilization") == 70
    assert line("unheard-of", "system.filesystem.utilization") == 85
    assert line("web", "http.server.request.count") is None
    assert line("web", "no.such.indicator") is None
    own = made.threshold("jobs", "web", "system.filesystem.utilization")
    default = made.threshold("jobs", "unheard-of", "system.filesystem.utilization")
    assert own
    assert own.source == "data/services/jobs.yaml"
    assert default
    assert "Amazon RDS" in default.source
    assert made.component("jobs", "web") == made.services[0].components[0]
    assert made.component("jobs", "unheard-of") is None
    assert made.component("unheard-of", "web") is None


# tomoni.yaml


def test_sources_are_taken_as_they_are_written(folder: Path) -> None:
    text = "collect: {in_app: true, every: 10m}\nsources:\n  host:\n  aws:\n    kind: cloudwatch\n    every: 1h\n    region: x\n"
    made = loaded(folder, text)
    assert (made.collect_in_app, made.every) == (True, timedelta(minutes=10))
    host, aws = made.sources
    assert (host.name, host.kind, host.settings, host.every, host.line) == ("host", "host", {}, None, 3)
    assert (aws.name, aws.kind, aws.settings, aws.every, aws.line) == (
        "aws", "cloudwatch", {"region": "x"}, timedelta(hours=1), 4,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "collect:\nsources:\n", "collect:\n  every:\nsources: {}\n"])
def test_what_is_left_empty_has_a_default(folder: Path, text: str) -> None:
    made = loaded(folder, text)
    assert (made.sources, made.collect_in_app, made.every) == ((), False, timedelta(minutes=5))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sorces: {}\n", ":1: sorces is no key here; did you mean sources?"),
        ("components: {}\n", ":1: components is no key here; use one of collect, notify, sources."),
        ("collect:\n  evry: 5m\n", ":2: collect.evry is no key here; did you mean every?"),
        ("collect: 5m\n", ":1: collect is '5m'; write keys and values below it."),
        ("collect:\n  every: 5 minutes\n",
         ":2: collect.every is wrong: '5 minutes' is no duration; write 30s, 5m, 1h or 1d."),
        ("collect:\n  every: 300\n", ":2: collect.every is wrong: 300 is no duration; write 30s, 5m, 1h or 1d."),
        ("collect:\n  in_app: maybe\n", ":2: collect.in_app is 'maybe'; write true or false."),
        ("sources: [host]\n", ":1: sources is a list; write keys and values below it."),
        ("sources:\n  host: every minute\n", ":2: sources.host is 'every minute'; write keys and values below it."),
        ("sources:\n  host:\n    every: 0s\n",
         ":3: sources.host.every is wrong: '0s' is no duration; write 30s, 5m, 1h or 1d."),
        ("sources:\n  host:\n    kind: 5\n", ":3: sources.host.kind is 5; write text, in quotes."),
        ("sources:\n  a: {}\n  a: {}\n", ":3: sources.a comes twice, first on line 2; keep one."),
        ("sources:\n  ../a: {}\n",
         ":2: sources.../a is no name for a source; write letters, digits, -, _ and dots."),
        ("sources:\n  import: {kind: files}\n",
         ":2: sources.import is what the verb `import` writes its own data under; write another name."),
        ("sources:\n  demo: {kind: host}\n",
         ":2: sources.demo is what the verb `demo` writes its own data under; write another name."),
        ("sorces: {}\ncollect:\n  every: x\n  in_app: x\n",
         ":1: sorces is no key here; did you mean sources? (2 more after it)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(folder: Path, text: str, said: str) -> None:
    assert refusal(folder, text) == f"data/tomoni.yaml{said}"


def test_durations() -> None:
    every = [parse_duration(text) for text in ("30s", "5m", "2h", "1d")]
    assert every == [timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=2), timedelta(days=1)]


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "-5m", "1.5h", "5 m", "1w", "5M", "9999999999d", "٣m", None, 5])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_duration(text)
    assert str(refused.value) == f"{text!r} is no duration; write 30s, 5m, 1h or 1d"


# secrets


def test_secrets_are_filled_in_and_never_shown(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text('ONE = "stored"\nTWO = "planted-2"\n[auth]\nONE = "not this"\n')
    text = "sources:\n  a:\n    key: ${ONE}\n    nested: {list: ['x ${TWO} ${ONE}', plain]}\n"
    made = loaded(folder, text, {"ONE": "planted-1"}, tmp_path / "secrets.toml")
    assert "planted" not in repr(made)
    assert "planted" not in str(made)
    settings = made.sources[0].settings
    nested = settings["nested"]
    assert settings["key"] == SecretStr("planted-1")  # the environment is over the file
    assert nested == {"list": [SecretStr("x planted-2 planted-1"), "plain"]}


@pytest.mark.parametrize("environ", [{}, {"DD_KEY": ""}])
def test_a_missing_secret_is_named_with_the_places_to_set_it(folder: Path, environ: dict[str, str]) -> None:
    text = "sources:\n  dd:\n    kind: datadog\n    auth:\n      api_key: abc${DD_KEY}\n"
    assert refusal(folder, text, environ) == (
        "data/tomoni.yaml:5: sources.dd.auth.api_key names ${DD_KEY}, which is not set (or is empty); "
        "set it in the environment or in .streamlit/secrets.toml."
    )


@pytest.mark.parametrize("name", ["my-key", "", "a b", "1"])
def test_a_secret_has_a_name_that_the_environment_can_hold(folder: Path, name: str) -> None:
    text = f"sources:\n  a:\n    key: 'x${{{name}}}'\n"
    said = f"data/tomoni.yaml:3: sources.a.key names ${{{name}}}; write a name of letters, digits and _."
    assert refusal(folder, text, {name: "x"}) == said


def test_only_settings_of_sources_are_filled_in(folder: Path) -> None:
    (folder / "services" / "jobs.yaml").write_text("title: ${HOME}\n", encoding="utf-8")
    made = load(folder, {"HOME": "planted"}, NO_SECRETS)
    assert made.services[0].title == "${HOME}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"ONE = \n", ".streamlit/secrets.toml: is not valid TOML: Invalid value (at line 1, column 7)."),
        (b"\xff", ".streamlit/secrets.toml: can't be read; make it UTF-8 text that this user may read."),
    ],
)
def test_a_broken_secrets_file_is_refused(folder: Path, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "secrets.toml").write_bytes(content)
    assert refusal(folder, "", {}, tmp_path / "secrets.toml") == said


# a source's own settings


class Login(BaseModel, frozen=True, extra="forbid"):
    user: str
    password: SecretStr


class Settings(BaseModel, frozen=True, extra="forbid", populate_by_name=True):
    url: str
    token: SecretStr = SecretStr("")
    limit: int = Field(default=5, ge=1)
    mode: Literal["fast", "slow"] = "fast"
    content: str = Field(default="x", alias="as")
    headers: dict[str, str] = {}
    logins: tuple[Login, ...] = ()
    login: Login | None = None
    either: int | Literal["auto"] = "auto"

    @model_validator(mode="after")
    def _address(self) -> Settings:
        if not self.url.startswith("http"):
            raise ValueError(f"{self.url} is no address")
        return self


def validated(folder: Path, settings: str, **secrets: str) -> Settings:
    """Settings as lines 3 and on of tomoni.yaml, from the file to the model as a collector gets them."""
    below = "".join(f"    {line}\n" for line in settings.splitlines())
    made = loaded(folder, f"sources:\n  a:\n{below}", secrets)
    return validate_settings(made.sources[0], Settings)


def test_settings_become_their_own_model(folder: Path) -> None:
    made = validated(
        folder,
        "url: http://${HOST}\ntoken: ${TOKEN}\nas: y\nlimit:\nheaders: {Auth: 'Bearer ${TOKEN}'}\n"
        "logins: [{user: '${USER}', password: '${TOKEN}'}]",
        HOST="db.example", TOKEN="t", USER="u",
    )  # fmt: skip
    assert made == Settings(
        url="http://db.example",
        token=SecretStr("t"),
        content="y",
        headers={"Auth": "Bearer t"},
        logins=(Login(user="u", password=SecretStr("t")),),
    )


VALID = "url, token, limit, mode, as, headers, logins, login, either"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("limit: 3", ":2: sources.a.url is missing."),
        ("url: http://x\nlimt: 3", ":4: sources.a.limt is no key here; did you mean limit?"),
        ("url: http://x\nqqq: 3", f":4: sources.a.qqq is no key here; use one of {VALID}."),
        ("url: http://x\nlimit: lots", ":4: sources.a.limit is 'lots'; write a whole number."),
        ("url: http://x\nlimit: 0", ":4: sources.a.limit is 0; input should be greater than or equal to 1."),
        ("url: http://x\nlimit: ${PLANTED}", ":4: sources.a.limit is a secret; write a whole number."),
        ("url: http://x\nmode: fsat", ":4: sources.a.mode is 'fsat'; did you mean fast?"),
        ("url: http://x\nmode: ${PLANTED}", ":4: sources.a.mode is a secret; use one of fast, slow."),
        ("url: http://x\neither: some", ":4: sources.a.either is 'some'; write a whole number."),
        ("url: http://x\ntoken: [planted]", ":4: sources.a.token is a secret; write text, in quotes."),
        ("url: plain", ":2: sources.a is wrong: plain is no address."),
        ("url: ${PLANTED}", ":2: sources.a is wrong: «secret» is no address."),
        ("url: x-${PLANTED}\ntoken: ${PLANTED}", ":2: sources.a is wrong: «secret» is no address."),
        ("url: http://x\nlogin: ${PLANTED}", ":4: sources.a.login is a secret; write keys and values below it."),
        ("url: http://x\nlogin:\n  user: u", ":4: sources.a.login.password is missing."),
        ("url: http://x\nlogin:\n  user: u\n  password: [planted]",
         ":6: sources.a.login.password is a secret; write text, in quotes."),
        ("url: http://x\nlogin:\n  user: u\n  pasword: planted",
         ":4: sources.a.login.password is missing. (1 more after it)"),
        ("url: http://x\nlogins:\n  - {user: u, password: p}\n  - {user: u, password: p, pss: planted}",
         ":6: sources.a.logins.1.pss is no key here; use one of user, password."),
        ("url: http://x\nlogins: {user: u}", ":4: sources.a.logins is a mapping; write a list, as in [a, b]."),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_without_their_secrets(folder: Path, settings: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        validated(folder, settings, PLANTED=SECRET)
    assert str(refused.value) == f"data/tomoni.yaml{said}"
    assert "planted" not in "".join(traceback.format_exception(refused.value))


def test_a_source_without_configuration_says_where_to_write_it() -> None:
    with pytest.raises(ConfigError) as refused:
        validate_settings(SourceConfig("files", "files", {}, None, 0), Settings)
    said = "source files is not configured: url is missing. Add it under `sources` in tomoni.yaml."
    assert str(refused.value) == said


def test_a_component_may_only_use_a_source_that_is_configured(folder: Path) -> None:
    service = "components:\n  web:\n    kind: web\n    sources:\n      - {use: datadok}\n"
    (folder / "services" / "jobs.yaml").write_text(service, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        loaded(folder, "sources: {datadog: {}}\n")
    assert str(refused.value) == (
        "data/services/jobs.yaml:5: components.web.sources.0.use is 'datadok', which data/tomoni.yaml does not "
        "configure under `sources`; did you mean datadog?"
    )
    with pytest.raises(ConfigError, match="there is none yet"):
        loaded(folder, "")


@pytest.mark.parametrize("budget", ["0", "many"])
def test_a_budget_is_a_number_of_requests(folder: Path, budget: str) -> None:
    with pytest.raises(ConfigError, match=r"sources\.host\.budget"):
        loaded(folder, f"sources: {{host: {{budget: {budget}}}}}\n")
