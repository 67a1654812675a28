"""A real server and a real browser: what AppTest can't see."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.pages import deployments

ROOT = Path(__file__).parents[2]
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
PATIENCE_MS = 30_000


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The app on a free port of this machine, on that data folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"],
            cwd=ROOT, env=os.environ | {"TOMONI_DATA": str(folder)}, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait(health: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), urllib.request.urlopen(health, timeout=1) as answer:
            if answer.status == 200:
                return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(log.read_text())


@pytest.fixture(scope="session")
def demo_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(deployments.demo(tmp_path_factory, weeks=4)) as url:
        yield url


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                  "--no-first-run", "--disable-sync", "--disable-extensions"],
        )  # fmt: skip
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address; at the end of the test nothing may have gone wrong and nobody else been asked."""
    faults: list[str] = []
    contexts = []

    def open_it(
        url: str, *, width: int = 1440, height: int = 900, scheme: str = "light", storage: object = None
    ) -> Page:
        """In a browser of its own, or in one that remembers what the `storage` of another says."""
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            storage_state=storage,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on("console", lambda message: faults.extend(_fault(message)))
        page.on("request", lambda request: faults.extend(_stranger(request)))
        page.goto(url)
        ready(page)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not faults, faults


def ready(page: Page) -> None:
    """Streamlit is idle, and no exception is on the page."""
    page.wait_for_selector(IDLE)
    page.wait_for_function("!document.querySelector('[data-stale=true]')")
    assert page.get_by_test_id("stException").count() == 0, page.get_by_test_id("stException").all_inner_texts()


def visit(page: Page, url: str) -> None:
    """Another address in the same tab, with its cache."""
    page.goto(url)
    ready(page)


def _fault(message: ConsoleMessage) -> list[str]:
    """On a deep link Streamlit looks for its server below the page's own address first, and hears 404 twice."""
    expected = "404" in message.text and "/_stcore/" in message.location.get("url", "")
    return [f"console: {message.text}"] if message.type == "error" and not expected else []


def _stranger(request: Request) -> list[str]:
    local = request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
    return [] if local else [f"asked another host: {request.url}"]
