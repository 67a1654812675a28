"""A planted secret of every source comes out nowhere, whatever a server repeats of what it was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from streamlit.testing.v1 import AppTest

from metrics.collect import registry
from tests.collect.folders import ROOT, configure, metrics

PLANTED = {name: f"planted-{name.lower()}-7Kq9" for name in ("KEY", "APP", "PASSWORD", "TOKEN", "SESSION")}
SERVICE = """
components:
  db: {use: cloudwatch, rds_cluster: aurora-main}
  images: {kind: registry, use: ecr, repository: jobs/web}
  queue: {kind: worker, use: cloudwatch_alarms, alarms: ["queue-*"]}
  nightly: {kind: batch, use: kubernetes, namespace: jobs}
  closing: {kind: batch, use: kubernetes-of-eks, namespace: jobs}
  pipeline:
    kind: ci
    sources:
      - {use: concourse, pipeline: web, jobs: {image: build}}
      - {use: concourse-by-token, pipeline: web, jobs: {release: deployment}}
  web:
    kind: web
    sources:
      - {use: github, repository: jobs/web}
      - {use: datadog, queries: [{indicator: cpu, query: "avg:system.cpu.user{*}"}]}
      - {use: datadog_events, monitors: ["service:web"], incidents: {}}
      - {use: prometheus, queries: {cpu: up}}
      - {use: prometheus-by-token, queries: {memory: up}}
      - {use: elasticsearch, index: "access-*"}
      - {use: elasticsearch-by-login, index: "access-*"}
"""


class Parrot(BaseHTTPRequestHandler):
    """Repeats all that it was told, in every way that an error page may."""

    status = 403

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        told = f"{self.path} {dict(self.headers)} {self.rfile.read(size).decode(errors='replace')}"
        body = '{"errors": ["%s"], "error": "%s", "message": "%s", "status": "error"}'.replace("%s", _plain(told))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Told", _plain(told)[:2000])
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815 - as http.server calls it

    def log_message(self, *_: object) -> None:
        pass


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char not in '"\\')


@pytest.fixture(params=[401, 403, 500, 200])
def parrot(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Handler", (Parrot,), {"status": request.param})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def sources(url: str) -> Mapping[str, Mapping[str, object]]:
    """Every way to log in that a source has."""
    aws = {"access_key_id": "${KEY}", "secret_access_key": "${PASSWORD}", "session_token": "${SESSION}"}
    return {
        "cloudwatch": {"endpoint_url": url, "region": "eu-west-1", **aws},
        "cloudwatch_alarms": {"endpoint_url": url, "region": "eu-west-1", **aws},
        "ecr": {"endpoint_url": url, "region": "eu-west-1", **aws},
        "kubernetes": {"base_url": url, "token": "${TOKEN}"},
        "kubernetes-of-eks": {
            "kind": "kubernetes", "base_url": url, "eks_cluster": "jobs", "endpoint_url": url, "region": "eu-west-1", **aws,
        },
        "concourse": {"base_url": url, "username": "tomoni", "password": "${PASSWORD}"},
        "concourse-by-token": {"kind": "concourse", "base_url": url, "token": "${TOKEN}"},
        "github": {"base_url": url, "token": "${TOKEN}"},
        "datadog": {"host": url, "api_key": "${KEY}", "app_key": "${APP}"},
        "datadog_events": {"host": url, "api_key": "${KEY}", "app_key": "${APP}"},
        "prometheus": {"base_url": url, "username": "tomoni", "password": "${PASSWORD}"},
        "prometheus-by-token": {"kind": "prometheus", "base_url": url, "token": "${TOKEN}"},
        "elasticsearch": {"base_url": url, "api_key": "${KEY}"},
        "elasticsearch-by-login": {
            "kind": "elasticsearch", "base_url": url, "username": "tomoni", "password": "${PASSWORD}",
        },
    }  # fmt: skip


def found_in(text: str) -> list[str]:
    return [name for name, secret in PLANTED.items() if secret in text]


# Six tries with their waits, in a process of its own, would take a minute for each source. The pace is a budget's.
QUICK = "import functools, metrics.collect.http as h, sys; h.FIRST_S = h.LONGEST_S = 0.001\n"
QUICK += "h.Budget = functools.partial(h.Budget, per_second=1e6)\n"
QUICK += "from metrics import cli; sys.exit(cli.main(sys.argv[1:]))"


def test_no_secret_comes_out_anywhere(parrot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = configure(tmp_path / "data", sources(parrot))
    (folder / "services").mkdir()
    (folder / "services" / "jobs.yaml").write_text(SERVICE, encoding="utf-8")
    for name, secret in PLANTED.items():
        monkeypatch.setenv(name, secret)
    for words in (("collect",), ("check",)):
        done = metrics(folder, *words, program=QUICK)
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        assert found_in(done.stdout + done.stderr) == []
        assert done.returncode == 2
        assert all(name in done.stdout for name in sources(parrot))
    stored = metrics(folder, "export", "v_coverage").stdout
    assert "datadog" in stored
    assert found_in(stored) == []
    for path in folder.rglob("*"):
        assert found_in(path.read_bytes().decode("latin-1") if path.is_file() else "") == [], path
    assert found_in(_page(folder, monkeypatch)) == []


def _page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """All that Sources says, its tables included."""
    monkeypatch.setenv("TOMONI_DATA", str(folder))
    page = AppTest.from_file(ROOT / "app.py", default_timeout=60).switch_page("pages/9_sources.py").run()
    assert not page.exception
    frames = [element.value.to_csv() for element in page.dataframe]
    assert any("cloudwatch" in frame for frame in frames)
    return str(page) + "".join(frames)


def test_every_source_with_a_secret_is_here() -> None:
    with_secrets = {kind for kind, source in registry().items() if "SecretStr" in str(source.settings.model_fields)}
    assert with_secrets == {str(each.get("kind", name)) for name, each in sources("http://127.0.0.1:9").items()}
