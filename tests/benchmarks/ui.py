"""The pages' figures on the big store: loads and reruns in a browser, many sessions, memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil
import websockets
from playwright.sync_api import Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.benchmarks import dataset

TURNS = 7
SESSIONS, THINK_S, CLICKS = 30, 8, 4
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
# A view is settled when the script has ended and nothing has been drawn for this long.
QUIET_MS = 100


def main() -> None:
    dataset.build("26m")
    with served(dataset.FOLDER / "26m") as (url, process):
        _browse(url)
        _server_time(url, process)
        _crowd(url, process)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The app on a folder, at an address of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.address",
               "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]  # fmt: skip
    with subprocess.Popen(
        command, env={**os.environ, "TOMONI_DATA": str(folder.resolve())}, stdout=subprocess.DEVNULL
    ) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            while not _healthy(url):
                time.sleep(0.1)
            yield url, psutil.Process(server.pid)
        finally:
            server.terminate()


def _healthy(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).status == 200)
    except OSError:
        return False


def _browse(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["TOMONI_CHROMIUM"] or None, args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        for path, name in (("/", "Home"), ("/explore", "Explore"), ("/sources", "Sources")):
            loads = [timed(page, lambda: page.goto(url + path)) for _ in range(TURNS + 1)][1:]  # noqa: B023
            print(f"{name}: warm load {median_of(loads)}")
        _drill(page, url)
        page.goto(url)
        settle(page)
        periods = ["4 weeks", "1 week"] * TURNS
        reruns = [timed(page, click(page, label)) for label in periods][2:]
        print(f"Home: full rerun (another period) {median_of(reruns)}")
        states = ["Over", "Any state"] * TURNS
        sections = [timed(page, click(page, label)) for label in states][2:]
        print(f"Home: one section (the table's filter) {median_of(sections)}")
        browser.close()


def _drill(page: Page, url: str) -> None:
    """Spikes over a day two days ago: the same one again, and days that nobody has looked into yet."""
    until = datetime.now(UTC).replace(minute=0) - timedelta(days=2)

    def window(days: int) -> str:
        since, end = (f"{until - timedelta(days=days + more):%Y-%m-%dT%H:%M}" for more in (1, 0))
        line = f"component-00/{dataset.indicators()[0].name}"
        return f"{url}/spikes?since={since}&until={end}&line={line}"

    loads = [timed(page, lambda: page.goto(window(0))) for _ in range(TURNS + 1)][1:]
    print(f"Spikes: warm load {median_of(loads)}")
    others = [timed(page, lambda: page.goto(window(days))) for days in range(1, TURNS + 1)]  # noqa: B023
    print(f"Spikes: warm load of another window {median_of(others)}")


def click(page: Page, label: str) -> Callable[[], object]:
    return lambda: (
        page.get_by_role("radio", name=label, exact=True)
        .or_(page.get_by_role("button", name=label, exact=True))
        .first.click()
    )


def timed(page: Page, act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    settle(page)
    return 1e3 * (time.perf_counter() - began) - QUIET_MS


def settle(page: Page) -> None:
    """Until the script has ended and the page has drawn nothing for QUIET_MS."""
    page.wait_for_selector(IDLE, timeout=60_000)
    page.evaluate(
        f"""() => new Promise(done => {{
            let timer = setTimeout(finish, {QUIET_MS});
            const watch = new MutationObserver(() => {{ clearTimeout(timer); timer = setTimeout(finish, {QUIET_MS}); }});
            function finish() {{ watch.disconnect(); done(); }}
            watch.observe(document.body, {{ childList: true, subtree: true, attributes: true }});
        }})"""
    )
    page.wait_for_selector(IDLE, timeout=60_000)


def _server_time(url: str, process: psutil.Process) -> None:
    async def one() -> tuple[list[float], float]:
        async with _session(url) as session:
            for query in ["", "period=4w", ""]:
                await _rerun(session, query)
            before = sum(process.cpu_times()[:2])
            took = [await _rerun(session, query) for query in ["period=4w", ""] * TURNS]
            return took, 1e3 * (sum(process.cpu_times()[:2]) - before) / len(took)

    took, cpu = asyncio.run(one())
    print(f"server: one rerun of Home with a warm cache {cpu:.0f} ms of CPU, {median_of(took)} until the last byte")


def _crowd(url: str, process: psutil.Process) -> None:
    """People who look at Home and change the period every 8 s, not all at the same moment."""

    async def person(number: int, took: list[float]) -> None:
        await asyncio.sleep(number * THINK_S / SESSIONS)
        async with _session(url) as session:
            await _rerun(session, "")
            for click in range(CLICKS):
                await asyncio.sleep(THINK_S)
                took.append(await _rerun(session, "period=4w" if click % 2 == 0 else ""))
            sizes.append(process.memory_info().rss)

    async def crowd() -> list[float]:
        took: list[float] = []
        await asyncio.gather(*(person(number, took) for number in range(SESSIONS)))
        return took

    sizes: list[int] = []
    before = process.memory_info().rss
    took = asyncio.run(crowd())
    grown = (max(sizes) - before) / SESSIONS / 1e6
    print(f"{SESSIONS} sessions, a click every {THINK_S} s: rerun p50 {np.quantile(took, 0.5):.0f} ms, "
          f"p95 {np.quantile(took, 0.95):.0f} ms; {grown:.1f} MB a session; server {before / 1e6:.0f} MB before")  # fmt: skip


def _session(url: str) -> websockets.connect:
    return websockets.connect(
        f"{url.replace('http', 'ws')}/_stcore/stream",
        subprotocols=[websockets.Subprotocol("streamlit")],
        max_size=None,
    )


async def _rerun(session: websockets.ClientConnection, query: str) -> float:
    """Milliseconds from asking for a rerun until the script has ended."""
    asked = BackMsg()
    asked.rerun_script.query_string = query
    began = time.perf_counter()
    await session.send(asked.SerializeToString())
    while True:
        message = ForwardMsg()
        message.ParseFromString(await asyncio.wait_for(session.recv(decode=False), 60))
        if message.WhichOneof("type") == "script_finished":
            return 1e3 * (time.perf_counter() - began)


def median_of(took: list[float]) -> str:
    return f"{statistics.median(took):.0f} ms (of {len(took)}: {min(took):.0f} to {max(took):.0f})"
