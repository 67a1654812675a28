"""Which Chromium the browser tests drive: `python -m tests.chromium` prints its path, and gets one if there is none.

In this order: the one that TOMONI_CHROMIUM names, Playwright's own, the system's; to get one, Playwright's
download, then Debian's package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NONE = (
    "The browser tests need a Chromium and none could be found or installed: "
    "install Chromium or Google Chrome (Debian: apt-get install chromium), or name one in TOMONI_CHROMIUM."
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
# Playwright tries five times and more; a machine that may not download should learn so in seconds.
ENOUGH_TO_CONNECT_MS = "5000"
ENOUGH_TO_DOWNLOAD_S = 300
ENOUGH_TO_INSTALL_S = 900


def find() -> str | None:
    """The path of a Chromium that starts on this machine; None where there is none."""
    return next((path for path in _candidates() if _starts(path)), None)


def find_or_install() -> str | None:
    """The same, after getting one where that is possible."""
    named = os.environ.get("TOMONI_CHROMIUM")
    if named:
        return named if _starts(named) else None
    # Without the system's libraries a downloaded browser does not start; then the system's own is the better one.
    if _playwrights_own() or _download():
        own = _playwrights_own()
        if own and _starts(own):
            return own
    return find() or (find() if _install() else None)


def _candidates() -> Iterator[str]:
    named = os.environ.get("TOMONI_CHROMIUM")
    if named:
        yield named
        return
    own = _playwrights_own()
    if own:
        yield own
    yield from filter(None, map(shutil.which, NAMES))
    yield from (str(path) for path in APPLICATIONS if path.exists())


def _playwrights_own() -> str | None:
    """Where Playwright keeps the browser of its own version, if it has been downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _starts(path: str) -> bool:
    """Whether it runs at all: a download may lack the system's libraries."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _download() -> bool:
    """Playwright's own browser; asked for once an environment, since a refusal is not likely to change."""
    refused = Path(sys.prefix) / "playwright-could-not-download"
    if refused.exists():
        return False
    environment = os.environ | {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": ENOUGH_TO_CONNECT_MS}
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if _said(command, ENOUGH_TO_DOWNLOAD_S, environment):
        return True
    refused.touch()
    return False


def _install() -> bool:
    """Debian's package, where this user may install it without being asked for a password."""
    if not shutil.which("apt-get"):
        return False
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    update = [*root, "apt-get", "update", "-qq"]
    install = [*root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    return all(_said(command, ENOUGH_TO_INSTALL_S, environment) for command in (update, install))


def _said(command: list[str], patience_s: float, environment: dict[str, str]) -> bool:
    """Whether it went well. Its words go to stderr, shortened to its fault: stdout belongs to the path."""
    sys.stderr.write(f"$ {' '.join(command)}\n")
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience_s
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"  {error}\n")
        return False
    if done.returncode != 0:
        faults = [line.strip() for line in (done.stdout + done.stderr).splitlines() if "rror" in line]
        sys.stderr.write(f"  exit status {done.returncode}: {faults[-1] if faults else 'no reason given'}\n")
    return done.returncode == 0


def main() -> int:
    path = find_or_install()
    (sys.stdout if path else sys.stderr).write(f"{path or NONE}\n")
    return 0 if path else 2


if __name__ == "__main__":
    sys.exit(main())
