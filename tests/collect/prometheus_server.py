"""A real Prometheus for tests: Debian's, fed with samples of any time, on a free loopback port.

`python -m tests.collect.prometheus_server` finds or installs it, and says where it is.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

__all__ = ["programs", "serving", "serving_for_good"]

NONE = (
    "The tests of the source `prometheus` need a real Prometheus, and none could be found or installed: put "
    "`prometheus` and `promtool` on the PATH (Debian: apt-get install prometheus)."
)
ENOUGH_TO_INSTALL_S = 240
ENOUGH_TO_START_S = 30

Samples = Mapping[str, Iterable[tuple[float, float]]]
"""`name{label="value"}` -> (Unix seconds, value), in order. The lines of one name stand together."""


@cache
def programs() -> tuple[str, str]:
    """The paths of prometheus and promtool, installed where that is possible. Fails where it is not."""
    found = shutil.which("prometheus"), shutil.which("promtool")
    if not all(found):
        _install()
        found = shutil.which("prometheus"), shutil.which("promtool")
    prometheus, promtool = found
    if prometheus is None or promtool is None:
        raise AssertionError(NONE)
    return prometheus, promtool


def _install() -> None:
    """Debian's package, where this user may install it without being asked for a password."""
    if not shutil.which("apt-get"):
        return
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    # A machine in run level 1 starts no service, and this one needs none.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "prometheus"]):
        command = [*root, "apt-get", *words]
        try:
            subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, timeout=ENOUGH_TO_INSTALL_S, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"$ {' '.join(command)}\n  {error}\n")
            return


@contextmanager
def serving(folder: Path, samples: Samples, *flags: str) -> Iterator[str]:
    """The address of a server that holds the samples and nothing else, for as long as the block lasts."""
    process, url = _started(folder, samples, *flags)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(ENOUGH_TO_START_S)


def serving_for_good(samples: Samples, *flags: str) -> str:
    """The same until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="prometheus-"))
    process, url = _started(folder, samples, *flags)

    def end() -> None:
        process.terminate()
        process.wait(ENOUGH_TO_START_S)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return url


def _started(folder: Path, samples: Samples, *flags: str) -> tuple[subprocess.Popen[bytes], str]:
    prometheus, promtool = programs()
    folder.mkdir(parents=True, exist_ok=True)
    data, log, empty = folder / "data", folder / "log", folder / "empty.yml"
    empty.touch()
    if samples:
        _feed(promtool, folder / "samples.txt", data, samples)
    command = [
        prometheus, "--web.listen-address=127.0.0.1:0", f"--storage.tsdb.path={data}", f"--config.file={empty}",
        "--storage.tsdb.retention.time=100y", *flags,
    ]  # fmt: skip
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
    until = time.monotonic() + ENOUGH_TO_START_S
    while time.monotonic() < until and process.poll() is None:
        told = re.search(r'"Listening on"[^\n]* address=(\S+)', log.read_text(encoding="utf-8"))
        if told and _is_ready(f"http://{told[1]}"):
            return process, f"http://{told[1]}"
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise AssertionError(f"Prometheus did not start:\n{log.read_text(encoding='utf-8')}")


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as reply:
            return reply.status == 200
    except urllib.error.HTTPError as error:
        return error.code == 401  # it asks for a login, so it is up
    except OSError:
        return False


def _feed(promtool: str, file: Path, data: Path, samples: Samples) -> None:
    """Blocks as Prometheus itself would have written them, whatever the samples' time."""
    with file.open("w", encoding="utf-8") as text:
        for name, points in samples.items():
            text.writelines(f"{name} {value} {at}\n" for at, value in points)
        text.write("# EOF\n")
    command = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--max-block-duration=24h",
        str(file),
        str(data),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    try:
        sys.stdout.write("\n".join(programs()) + "\n")
    except AssertionError as missing:
        sys.exit(str(missing))
