"""The app in a process to kill, and a person on its Review page who speaks as a browser does: over the websocket.

What a person has seen is what the server sent to be shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.web import bootstrap

from metrics.ui.author import COOKIE

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 30

# A clean parent to fork from: importing what the pages need for each of the kills would take minutes.
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.meeting.person", "metrics.ui.review", "metrics.ui.speaking"])


class App:
    """The real server on a folder; `kill` is kill -9."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: BaseProcess = context.Process(target=_serve, args=(folder, self.port))
        self._process.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def _serve(folder: Path, port: int) -> None:
    os.environ["TOMONI_DATA"] = str(folder)
    os.chdir(ROOT)
    with (folder / "server.log").open("a") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    options = {"server.port": port, "server.address": "127.0.0.1", "server.headless": True,
               "server.fileWatcherType": "none", "browser.gatherUsageStats": False}  # fmt: skip
    bootstrap.load_config_options(options)
    bootstrap.run(str(ROOT / "app.py"), is_hello=False, args=[], flag_options=options)


class Person:
    """One tab on the Review page. `seen` are the texts of its newest run, `buttons` the ids by their keys."""

    def __init__(self, wire: websockets.ClientConnection) -> None:
        self._wire = wire
        self._query, self._is_begun = "", False
        self.seen: list[str] = []
        self._ids: dict[str, str] = {}

    async def look(self, **query: str) -> None:
        """Open an address of the page and wait until it is drawn."""
        self._query = urlencode(query)
        await self._ask()
        await self.until(lambda: False)

    async def click(self, key: str, **typed: str) -> None:
        """Press a button by its key, with texts in the fields of these keys; does not wait for an answer."""
        states = [WidgetState(id=self._id(name), string_value=text) for name, text in typed.items()]
        await self._ask([*states, WidgetState(id=self._id(key), trigger_value=True)])

    async def until(self, is_seen: Callable[[], bool]) -> bool:
        """Read until that is seen; False where the page was drawn to its end without."""
        while not is_seen():
            message = ForwardMsg()
            message.ParseFromString(await asyncio.wait_for(self._wire.recv(decode=False), PATIENCE_S))
            kind = message.WhichOneof("type")
            # The end of a run that was asked for earlier says nothing of this one.
            self._is_begun = self._is_begun or kind == "new_session"
            if not self._is_begun:
                continue
            if kind == "delta":
                self._hear(message.delta)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return is_seen()
        return True

    async def _ask(self, states: list[WidgetState] | None = None) -> None:
        self.seen, self._is_begun = [], False
        asked = BackMsg()
        asked.rerun_script.query_string, asked.rerun_script.page_name = self._query, "review"
        asked.rerun_script.widget_states.widgets.extend(states or [])
        await self._wire.send(asked.SerializeToString())

    def _hear(self, delta: Delta) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "markdown":
            self.seen.append(element.markdown.body)
        elif kind in ("exception", "alert"):
            self.seen.append(getattr(element, kind).SerializeToString().decode(errors="replace"))
        elif kind in ("button", "text_area"):
            self._ids[getattr(element, kind).id] = kind

    def _id(self, key: str) -> str:
        """Streamlit's id of a widget ends with its key."""
        return next(each for each in reversed(self._ids) if each.endswith(f"-{key}"))


@contextlib.asynccontextmanager
async def visiting(app: App, name: str) -> AsyncIterator[Person]:
    """A tab of a browser that remembers this name, as soon as the server answers."""
    for _ in range(20 * PATIENCE_S):
        try:
            wire = await websockets.connect(
                f"ws://127.0.0.1:{app.port}/_stcore/stream",
                subprotocols=[websockets.Subprotocol("streamlit")],
                additional_headers={"Cookie": f"{COOKIE}={quote(name, safe='')}"},
                max_size=None,
                close_timeout=0.1,  # a killed server answers nothing
            )
            break
        except OSError:
            await asyncio.sleep(0.05)
    else:
        raise RuntimeError("the app did not start")
    try:
        yield Person(wire)
    finally:
        with contextlib.suppress(OSError, websockets.WebSocketException):
            await wire.close()


def hold(visit: Coroutine[None, None, T]) -> T:
    """Run a visit to its end, in a thread of its own: a browser of other tests may keep this one's event loop."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, visit).result()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[App]:
    app = App(folder)
    try:
        yield app
    finally:
        app.kill()
