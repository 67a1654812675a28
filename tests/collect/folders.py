"""A deployment's folder for a test, and the command line on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

__all__ = ["configure", "metrics"]

ROOT = Path(__file__).parents[2]


def configure(folder: Path, sources: Mapping[str, Mapping[str, object]], **rest: object) -> Path:
    """Write tomoni.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"sources": {name: dict(source) for name, source in sources.items()}, **rest})
    (folder / "tomoni.yaml").write_text(text, encoding="utf-8")
    return folder


def metrics(
    folder: Path, *words: str | Path, program: str | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """`python -m metrics --data folder …` as a process of its own; `program` stands in for `-m metrics`."""
    run = ["-c", program] if program else ["-m", "metrics"]
    return subprocess.run(
        [sys.executable, *run, "--data", str(folder), *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
