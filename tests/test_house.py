"""The house's own commands: what `make run` and `make test` do on a machine that lacks something."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from metrics.collect import demo
from tests import chromium
from tests.source_tree import ROOT

# Notes down what it was called with; fails at the word that STOP_AT names.
STUB = """\
#!/bin/sh
cat > /dev/null
echo "$*" >> "$0.log"
case "$*" in *"$STOP_AT"*) exit 1 ;; esac
"""


def script(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / name, *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def port_in_use() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_in_use_is_one_sentence(port_in_use: int, tmp_path: Path):
    done = script("run", sys.executable, str(port_in_use), TOMONI_DATA=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == (
        f"Port {port_in_use} can't be used (address already in use): "
        f"choose another one, as in `make run PORT={port_in_use + 1}`.\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["", "abc", "0", "65536", "-1", "8501; true"])
def test_a_port_that_is_none_is_one_sentence(port: str):
    done = script("run", sys.executable, port)
    assert done.returncode == 2
    assert done.stderr.startswith(f"PORT={port} is not a port: ")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    path = tmp_path / "python"
    path.write_text(STUB)
    path.chmod(0o755)
    return path


def called(stub: Path, folder: Path, stop_at: str = "nowhere") -> list[str]:
    """What a run calls after it has looked at the port: the demo or not, and the app."""
    log = stub.with_name("python.log")
    log.unlink(missing_ok=True)
    script("run", str(stub), "8501", TOMONI_DATA=str(folder), STOP_AT=stop_at)
    return [line.removeprefix("-m ").split()[0:2][-1] for line in log.read_text().splitlines()[1:]]


def test_an_empty_folder_gets_the_demo(stub: Path, folder: Path):
    assert called(stub, folder) == ["demo", "run"]


def test_a_folder_with_a_store_is_left_alone(stub: Path, folder: Path):
    (folder / "tomoni.duckdb").touch()
    assert called(stub, folder) == ["run"]


@pytest.mark.parametrize(
    "own", ["services/shop.yaml", "services/jobs.yaml", "services/shop.yml", "tomoni.yaml", "reviews/2026-11-20.json"]
)
def test_a_folder_with_anything_of_somebodys_own_gets_no_demo(stub: Path, folder: Path, own: str):
    """Also where it is named like the demo's service, or only the sources are written down yet."""
    path = folder / own
    path.parent.mkdir(exist_ok=True)
    path.write_text("sources: {mine: {kind: prometheus, url: http://prometheus.example}}\n")
    assert called(stub, folder) == ["run"]


def test_what_ships_and_what_the_demo_leaves_are_nobodys_own(stub: Path, folder: Path):
    shutil.copy(ROOT / "data" / "tomoni.yaml", folder)
    (folder / "services").mkdir()
    (folder / "services" / "jobs.yaml").write_text(demo.service_file(), encoding="utf-8")
    assert called(stub, folder) == ["demo", "run"]


def test_a_demo_that_was_cut_is_made_again(stub: Path, folder: Path):
    assert called(stub, folder, stop_at="demo") == ["demo"]
    (folder / "tomoni.duckdb").touch()
    assert called(stub, folder) == ["demo", "run"]
    assert called(stub, folder) == ["run"]


def test_no_python_is_one_sentence(tmp_path: Path):
    """A PATH with an old Python and no uv."""
    for tool in ("dirname", "rm"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    house = tmp_path / "house"
    shutil.copytree(ROOT / "scripts", house / "scripts")
    done = subprocess.run(
        ["/bin/sh", house / "scripts" / "environment", "requirements.txt"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Tomoni needs Python 3.11 or later, and none is on PATH")


def test_every_make_target_is_explained():
    """`make help` lists the targets that .PHONY names."""
    text = (ROOT / "Makefile").read_text()
    phony = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)[0].split()
    command = ["make", "--no-print-directory", "help"]  # `make test` runs this inside another make
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in listed.splitlines()] == phony


def test_the_environment_may_name_the_browser(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOMONI_CHROMIUM", sys.executable)
    assert chromium.find() == chromium.find_or_install() == sys.executable
    monkeypatch.setenv("TOMONI_CHROMIUM", "/nowhere/chromium")
    assert chromium.find() is chromium.find_or_install() is None


def test_no_browser_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(chromium, "find_or_install", lambda: None)
    assert chromium.main() == 2
    assert capsys.readouterr() == ("", chromium.NONE + "\n")
    assert chromium.NONE.count("\n") == 0


def test_a_download_that_lacks_libraries_gives_way_to_the_system(monkeypatch: pytest.MonkeyPatch):
    """Playwright's browser is there but does not start: the system's is taken."""
    monkeypatch.delenv("TOMONI_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "_playwrights_own", lambda: "/nowhere/chromium")
    monkeypatch.setattr(shutil, "which", lambda name: sys.executable if name == "google-chrome" else None)
    assert chromium.find_or_install() == sys.executable
