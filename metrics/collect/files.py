"""files: CSV and Parquet files in a folder, by path or pattern, read again whenever they change.

The runner reads each file in bounded memory (store/bulk.py); this module says which ones, and how they are laid out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Final

import httpx
from pydantic import Field

from metrics.collect import Sign
from metrics.collect.layout import Layout
from metrics.errors import InputError, SourceError
from metrics.model import Coverage, Series, Window
from metrics.store import Store, bulk, write

__all__ = ["FileToRead", "Settings", "check", "collect", "format_of", "read_file"]

_FORMATS: Final = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}
_COMPRESSED: Final = (".gz",)


class Settings(Layout, frozen=True, extra="forbid"):
    """Which files, and how they are laid out."""

    path: str = Field(min_length=1)
    """A file or a pattern (`exports/*.csv`, `**/` for any depth); a relative one starts at the data folder."""
    folder: Path = Path()
    """Where a relative path starts; the runner gives the data folder."""


@dataclass(frozen=True, slots=True)
class FileToRead:
    """One file for the runner to read, unless it is as it was when it was last read."""

    path: Path
    layout: Layout

    @property
    def name(self) -> str:
        """What the store remembers it as."""
        return f"file {self.path}"

    def identity(self) -> dict[str, int | str]:
        """What changes when the file does: its size, its time, and how it is understood."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise SourceError(f"{self.path}: {error.strerror}") from error
        return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "layout": self.layout.model_dump_json()}


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[FileToRead]:
    """Every file that matches, oldest name first; the window does not matter, since files change as a whole."""
    for path in _matches(settings):
        yield FileToRead(path, Layout(**settings.model_dump(exclude={"path", "folder"})))


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """How many files match."""
    found = _matches(settings)
    for path in found:
        format_of(path)
    yield Sign("fine", f"{len(found)} file{'s' if len(found) != 1 else ''}, the last is {found[-1].name}")


def format_of(path: Path) -> str:
    """csv or parquet, by the file's name."""
    ending = next((suffix.lower() for suffix in reversed(path.suffixes) if suffix not in _COMPRESSED), "")
    if ending not in _FORMATS:
        raise InputError(f"{path}: can't tell what it is by its name; name it .csv, .csv.gz or .parquet")
    return _FORMATS[ending]


def _matches(settings: Settings) -> list[Path]:
    # Not Path.glob: it takes no absolute pattern. The folder is no pattern, whatever it is called.
    names = glob(settings.path, root_dir=settings.folder, recursive=True)  # noqa: PTH207
    found = [path for path in (settings.folder / name for name in sorted(names)) if path.is_file()]
    if not found:
        raise SourceError(f"path {settings.path}: no file matches below {settings.folder}")
    return found


def read_file(
    store: Store, run_id: int, source: str, file: FileToRead, progress: bulk.Progress | None = None
) -> bulk.Result:
    """Take one file in, and say for each of its series from when to when it speaks."""
    result = bulk.import_file(store, run_id, file.path, file.layout.spec(format_of(file.path), source), progress)
    write.batches(store, run_id, (_coverage(series, window) for series, window in result.spans.items()))
    return result


def _coverage(series: Series, window: Window) -> Coverage:
    whose = (series.service, series.component, series.indicator, series.source)
    return Coverage(*whose, window, "complete", "all that the file has", series.part)
