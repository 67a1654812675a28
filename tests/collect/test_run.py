"""The runner: what a source does to itself, it does to nobody else, and no secret gets out."""

from __future__ import annotations

import fcntl
import http.server
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, SecretStr, field_validator

from metrics import collect as sources
from metrics import config
from metrics.collect import Source, registry, run
from metrics.collect import http as polite
from metrics.collect.redaction import redacted
from metrics.collect.run import Outcome, Request, chosen, run_source, run_sources, store_of
from metrics.errors import ConfigError, InputError
from metrics.model import Coverage, Event, Points, Series, Snapshot, Window
from metrics.store import read
from tests.collect.folders import ROOT, configure, metrics

NOW = datetime(2026, 6, 8, tzinfo=UTC)
SECRET = "s3cr3t-of-the-board"


class Board(http.server.BaseHTTPRequestHandler):
    """The job board of docs/collectors.md."""

    status = 200

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == f"Bearer {SECRET}"
        hours = [NOW - timedelta(hours=n) for n in range(5, 0, -1)]
        body = json.dumps([{"at": at.isoformat(), "open": 100 + n} for n, at in enumerate(hours)]).encode()
        self.send_response(Board.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def board() -> Iterator[str]:
    Board.status = 200
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Board) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def with_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example of docs/collectors.md, as a file in the registry's folder."""
    page = (ROOT / "docs" / "collectors.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    guests = tmp_path / "guests"
    guests.mkdir()
    (guests / "board.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(guests)])
    registry.cache_clear()
    yield
    registry.cache_clear()


def collect(folder: Path, now: datetime = NOW, **environ: str) -> dict[str, Outcome]:
    settings = config.load(folder, {"BOARD_TOKEN": SECRET, **environ})
    return {outcome.source: outcome for outcome in run_sources(settings, chosen(settings, []), Request(now))}


def board_config(url: str) -> dict[str, object]:
    return {"kind": "board", "base_url": url, "token": "${BOARD_TOKEN}", "component": "job-board"}


@pytest.mark.usefixtures("with_board")
def test_the_example_in_the_docs_works(folder: Path, board: str) -> None:
    configure(folder, {"board": board_config(board)})
    assert collect(folder)["board"] == Outcome("board", "done", 5, 0, {"complete": 1}, "")
    assert collect(folder)["board"].rows == 0


@pytest.mark.usefixtures("with_board")
def test_a_hole_heals_with_the_next_run_that_works(folder: Path, board: str) -> None:
    configure(folder, {"board": board_config(board)})
    collect(folder, NOW - timedelta(hours=3))
    Board.status = 503
    failed = collect(folder, NOW - timedelta(hours=1))["board"]
    assert failed.state == "failed"
    assert "answered 503" in failed.detail
    with store_of(config.load(folder, {"BOARD_TOKEN": SECRET})).read() as db:
        answers = read.coverage(db)
        assert read.runs(db)["state"].tolist() == ["failed", "done"]
    assert answers["state"].tolist() == ["complete", "failed"]
    Board.status = 200
    assert collect(folder)["board"].state == "done"
    with store_of(config.load(folder, {"BOARD_TOKEN": SECRET})).read() as db:
        assert read.coverage(db)["state"].tolist() == ["complete"]


@pytest.mark.usefixtures("with_board")
def test_a_fault_of_ours_in_a_source_is_recorded_and_stops_no_other(
    folder: Path, board: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Garbage(Board):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"not JSON, but {self.headers['Authorization']}".encode())

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Garbage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        configure(folder, {"wild": board_config(url), "board": board_config(board)})
        outcomes = collect(folder)
        server.shutdown()
    assert outcomes["board"].state == "done"
    assert outcomes["wild"].state == "failed"
    assert outcomes["wild"].detail.startswith("a fault in the source itself: JSONDecodeError")
    assert "Traceback" in caplog.text


@pytest.mark.usefixtures("with_board")
def test_a_source_that_hangs_is_cut_off_and_stops_no_other(
    folder: Path, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polite, "READ_S", 0.2)
    is_over = threading.Event()

    class Silent(Board):
        def do_GET(self) -> None:
            is_over.wait(20)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        configure(folder, {"mute": board_config(url), "board": board_config(board)})
        outcomes = collect(folder)
        is_over.set()
        server.shutdown()
    assert (outcomes["board"].state, outcomes["board"].rows) == ("done", 5)
    assert outcomes["mute"].state == "failed"
    assert outcomes["mute"].detail.startswith("can't be reached: ReadTimeout")


@pytest.mark.usefixtures("with_board")
def test_a_budget_of_the_configuration_is_kept(folder: Path, board: str) -> None:
    configure(folder, {"board": {**board_config(board), "budget": 1}})
    assert collect(folder)["board"].state == "done"
    Board.status = 503
    outcome = collect(folder, NOW + timedelta(hours=1))["board"]
    assert outcome.state == "partial"
    assert outcome.detail == "its budget of 1 request a run is spent; the next run goes on from here"


@pytest.mark.usefixtures("with_board")
def test_a_configured_secret_is_taken_out_of_every_text(folder: Path, board: str) -> None:
    Board.status = 403
    configure(folder, {"board": {**board_config(f"{board}/${{BOARD_TOKEN}}")}})
    outcome = collect(folder)["board"]
    assert re.fullmatch(r"«secret»/open\?since=.* answered 403: may the token read it\?", outcome.detail)
    with store_of(config.load(folder, {"BOARD_TOKEN": SECRET})).read() as db:
        assert SECRET not in read.runs(db).to_csv()


@pytest.mark.usefixtures("with_board")
def test_a_source_that_is_not_there_is_no_bug(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    configure(folder, {"board": board_config("http://127.0.0.1:9")})
    outcome = collect(folder)["board"]
    assert outcome.state == "failed"
    assert outcome.detail.startswith("can't be reached: ConnectError")
    assert not caplog.records


def test_a_secret_never_reaches_screen_or_store(folder: Path) -> None:
    configure(folder, {"files": {"kind": "files", "path": "${BOARD_TOKEN}/*.csv"}})
    for verb in ("collect", "check"):
        done = metrics(folder, verb, BOARD_TOKEN=SECRET)
        assert done.returncode == 2
        assert "no file matches" in done.stdout
        assert SECRET not in done.stdout + done.stderr
    assert all(SECRET.encode() not in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("text", [f"at {SECRET}!", "GET /?t=a%2Fb%20c%25", "t=a%2Fb+c%25", "a/b c%"])
def test_secrets_are_known_in_addresses_too(text: str) -> None:
    assert "«secret»" in redacted(text, [SECRET, "a/b c%"])
    assert redacted(f"{SECRET}-and-more", [SECRET, f"{SECRET}-and-more"]) == "«secret»"


def test_two_runs_of_one_source_never_happen_at_once(folder: Path) -> None:
    configure(folder, {"me": {"kind": "host", "component": "me"}})
    settings = config.load(folder)
    (me,) = chosen(settings, [])
    now = datetime.now(UTC)
    (folder / ".locks").mkdir()
    with (folder / ".locks" / "me.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = run_source(settings, me, Request(now))
        assert (outcome.state, outcome.detail) == ("busy", "another run of it is under way")
    assert run_source(settings, me, Request(now)).state == "done"


def test_an_unknown_kind_names_the_known_ones(folder: Path) -> None:
    configure(folder, {"x": {"kind": "hots"}})
    outcome = collect(folder)["x"]
    assert outcome.state == "failed"
    assert f"sources.x.kind is 'hots'; use one of {', '.join(registry())}" in outcome.detail


def test_an_unknown_source_names_the_known_ones(folder: Path) -> None:
    with pytest.raises(InputError, match=f"use one of {', '.join(registry())}"):
        chosen(config.load(folder), ["hots"])
    with pytest.raises(ConfigError, match="add one under `sources`"):
        chosen(config.load(folder), [])


def test_a_source_says_whose_data_it_brings_where_there_are_several(folder: Path) -> None:
    (folder / "services").mkdir()
    for name in ("shop", "blog"):
        (folder / "services" / f"{name}.yaml").write_text(f"title: {name}\n", encoding="utf-8")
    configure(folder, {"me": {"kind": "host"}})
    assert "add `service:` with one of blog, shop" in collect(folder)["me"].detail


def test_the_past_of_a_host_is_answered_and_not_invented(folder: Path) -> None:
    configure(folder, {"me": {"kind": "host", "component": "me"}})
    outcome = collect(folder, NOW)["me"]
    assert (outcome.state, outcome.rows, set(outcome.answers)) == ("done", 0, {"empty"})


class Leaky(BaseModel, frozen=True, extra="forbid"):
    """The settings of a source that repeats what it was told."""

    header: str


def leak(settings: Leaky, window: Window, http: object) -> Iterator[Points | Event | Snapshot | Coverage]:
    token = settings.header.removeprefix("Bearer ")
    cpu = Series("default", "web", "system.cpu.utilization", "mean", "%", 0, "leaky")
    yield Points(cpu, np.array([NOW.replace(tzinfo=None)], dtype="datetime64[us]"), np.array([7.0]))
    yield Coverage("default", "web", "memory", "leaky", window, "forbidden", f"{token} may not read it")
    url = f"https://{token}@board/"
    yield Event("default", "build", "1", NOW, "leaky", NOW, title=token, url=url, status=token, attrs={"a": token})
    yield Snapshot("default", "web", "quota", NOW, "leaky", {"header": settings.header, "n": 3})
    raise ValueError(f"{token} was refused as {settings.header!r}")


@pytest.fixture
def _with_leaky(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("leaky", "Leaky.", Leaky, leak, None, timedelta(days=1), timedelta(0))  # type: ignore[arg-type]
    monkeypatch.setattr(run, "registry", lambda: {"leaky": source})


@pytest.mark.usefixtures("_with_leaky")
def test_a_secret_inside_a_longer_text_is_redacted_by_itself(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    configure(folder, {"leaky": {"header": "Bearer ${BOARD_TOKEN}"}})
    outcome = collect(folder)["leaky"]
    assert outcome.detail.endswith("ValueError: «secret» was refused as '«secret»'")
    assert SECRET not in caplog.text
    with store_of(config.load(folder, {"BOARD_TOKEN": SECRET})).read() as db:
        everything = [db.rows(f"FROM {table}") for table in ("runs", "coverage", "events", "snapshots")]
    assert all(everything)
    assert SECRET not in str(everything)


@pytest.mark.usefixtures("_with_leaky")
def test_what_a_source_brought_before_it_broke_is_kept(folder: Path) -> None:
    configure(folder, {"leaky": {"header": "Bearer ${BOARD_TOKEN}"}})
    outcome = collect(folder)["leaky"]
    assert (outcome.state, outcome.rows) == ("failed", 2)
    with store_of(config.load(folder, {"BOARD_TOKEN": SECRET})).read() as db:
        states = read.coverage(db).set_index("indicator")["state"].to_dict()
    assert states == {"memory": "forbidden", "system.cpu.utilization": "failed"}


def test_a_refused_setting_repeats_no_part_of_a_secret() -> None:
    class Picky(BaseModel):
        url: str

        @field_validator("url")
        @classmethod
        def _no_user(cls, url: str) -> str:
            raise ValueError(f"leave out {url.split('@')[0].removeprefix('https://')}")

    raw = {"url": SecretStr(f"https://{SECRET}@board/")}
    with pytest.raises(ConfigError) as refusal:
        config.validate_settings(config.SourceConfig("x", "x", raw, None, 1, secrets=(SECRET,)), Picky)
    assert SECRET not in str(refusal.value)


def test_nothing_is_asked_of_the_future(folder: Path) -> None:
    configure(folder, {"me": {"kind": "host", "component": "me"}})
    settings, now = config.load(folder), datetime.now(UTC)
    outcome = run_source(settings, chosen(settings, [])[0], Request(now, until=now + timedelta(days=900)))
    assert outcome.state == "done"
    with store_of(settings).read() as db:
        assert read.coverage(db)["window_end"].max() <= now
