"""Where reviews are kept as files: data/reviews/<date>.json and .md once closed, <date>.open.json while one is held.

While a review is held, both sides see the numbers as they were when it was opened; a file says so to every browser
and survives a restart.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import psutil
from pydantic import TypeAdapter, ValidationError

from metrics.errors import StoreError
from metrics.review.minutes import FORMAT, Review

__all__ = ["Shelf", "closed_until", "dumped"]

_REVIEW = TypeAdapter(Review)
OPEN = ".open"
MADE = ".review-"
UNKNOWN = "?"
"""No service has such a name."""
# A review says whose it is in its second field.
HEAD_BYTES = 1_024
SERVICE = re.compile(rb'^\{\s*"id":\s*"[^"\\]*",\s*"service":\s*("(?:[^"\\]|\\.)*")')


class Shelf:
    """The reviews of one service in a deployment's folder."""

    def __init__(self, folder: Path, service: str) -> None:
        self._reviews = folder / "reviews"
        self._service = service

    def closed(self) -> tuple[str, ...]:
        """The ids of its closed reviews, oldest first."""
        return tuple(sorted({self._id(path) for path in self._mine() if OPEN not in path.stem}))

    def opened(self) -> tuple[str, ...]:
        """The ids of those that were opened and not closed, oldest first."""
        mine = self._mine()
        held, closed = (
            {self._id(path) for path in mine if (OPEN in path.stem) is is_held} for is_held in (True, False)
        )
        return tuple(sorted(held - closed))

    def read(self, name: str) -> Review | None:
        """The closed review, else the one that is held; None without either. Raises StoreError for a broken file."""
        # Whoever closes it takes the open file away between two looks: then the closed one is there.
        for ending in ("", OPEN, ""):
            with suppress(FileNotFoundError):
                return _parsed(self.path(name, ending))
        return None

    def open(self, review: Review) -> Review:
        """Keep it as it was prepared. Where somebody was faster, theirs is the one that is held."""
        path = self.path(review.id, OPEN)
        with suppress(FileExistsError):
            _write(path, dumped(review), replace=False)
        return self.read(review.id) or review

    def renew(self, review: Review) -> None:
        """Prepared anew while it is held: the later numbers take the place of the earlier ones."""
        _write(self.path(review.id, OPEN), dumped(review), replace=True)

    def close(self, review: Review, text: str) -> bool:
        """Freeze it, with its text for people; False where it was closed already, and then nothing changes.

        The file itself comes last: whoever is killed before that leaves a review that is still open.
        """
        with _alone(self._reviews):
            path = self.path(review.id)
            if path.exists():
                return False
            _write(path.with_suffix(".md"), text, replace=True)
            _write(path, dumped(review), replace=False)
            self.path(review.id, OPEN).unlink(missing_ok=True)
            _sweep(self._reviews)
            return True

    def mend(self, review: Review, text: Callable[[], str]) -> None:
        """Finish what was cut short after the file that counts was there: its text for people, its open one gone."""
        path = self.path(review.id)
        if not path.with_suffix(".md").exists():
            _write(path.with_suffix(".md"), text(), replace=True)
        self.path(review.id, OPEN).unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Take a review away: only the demo does so, with its own."""
        for path in (self.path(name), self.path(name).with_suffix(".md"), self.path(name, OPEN)):
            path.unlink(missing_ok=True)

    def path(self, name: str, ending: str = "") -> Path:
        """The file's name is the date; where that is another service's, it has this one's name too.

        A review keeps its name when the other one is taken away.
        """
        stems = (name, f"{name}-{self._service}")
        files = {
            stem: [path for path in (self._file(stem), self._file(stem, OPEN)) if path.exists()] for stem in stems
        }
        for is_ours in (self._is_own, self._may_be_own):
            for stem, found in files.items():
                if any(is_ours(path) for path in found):
                    return self._file(stem, ending)
        return self._file(stems[1] if files[name] else name, ending)

    def _file(self, stem: str, ending: str = "") -> Path:
        return self._reviews / f"{stem}{ending}.json"

    def _mine(self) -> list[Path]:
        found = self._reviews.glob("????-??-??*.json")
        return [path for path in found if _is_review(path.name, self._service) and self._has(path)]

    def _has(self, path: Path) -> bool:
        return self._is_own(path) or self._may_be_own(path)

    def _is_own(self, path: Path) -> bool:
        return _service_of(path) == self._service

    def _may_be_own(self, path: Path) -> bool:
        """A file that can't be read is that of whoever it is named after, or anybody's: somebody must be told."""
        return _service_of(path) == UNKNOWN

    def _id(self, path: Path) -> str:
        return path.name[:10]


def closed_until(folder: Path, service: str, before: datetime | None = None) -> datetime | None:
    """Up to when the newest closed review of a service looked, of those that looked no farther than `before`."""
    shelf = Shelf(folder, service)
    for name in reversed(shelf.closed()):
        review = shelf.read(name)
        if review is not None and (before is None or review.until < before):
            return review.until
    return None


def dumped(review: Review) -> str:
    """A review as JSON: a field for each of its own, times in ISO 8601 and UTC."""
    return _REVIEW.dump_json(review, indent=1).decode() + "\n"


@lru_cache(maxsize=4096)
def _is_review(file: str, service: str) -> bool:
    """Whether it is the file of a review, and no copy that somebody laid beside it: asked of each by every click."""
    name, rest = file[:10], file[10:].removesuffix(".json").removesuffix(OPEN)
    with suppress(ValueError):
        return date.fromisoformat(name).isoformat() == name and rest in ("", f"-{service}")
    return False


def _service_of(path: Path) -> str:
    """Whose review a file is; UNKNOWN where it is broken, empty where it was taken away meanwhile."""
    try:
        status = path.stat()
        return _told_service(path, status.st_mtime_ns, status.st_ino)
    except FileNotFoundError:
        return ""
    except StoreError:
        return UNKNOWN


@lru_cache(maxsize=4096)
def _told_service(path: Path, changed_ns: int, inode: int) -> str:
    """From its beginning: to parse three years of reviews takes a second and a hundred megabytes."""
    found = SERVICE.match(_content(path, HEAD_BYTES))
    return str(json.loads(found.group(1))) if found else _read(path, changed_ns, inode).service


def _parsed(path: Path) -> Review:
    status = path.stat()
    return _read(path, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=256)
def _read(path: Path, changed_ns: int, inode: int) -> Review:
    """Once for each state of a file."""
    content = _content(path)
    try:
        review = _REVIEW.validate_json(content)
    except ValidationError as error:
        _refuse_newer(path, _format_of(content))
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StoreError(_broken(path, f"{where or 'the file'}: {first['msg']}")) from None
    _refuse_newer(path, review.format)
    said = (*(each.at for each in review.decisions), *(each.at for each in review.notes))
    for at in (review.since, review.until, review.prepared_at, review.meets_at, review.closed_at, *said):
        if at is not None and at.tzinfo is None:
            raise StoreError(_broken(path, f"the time {at.isoformat()} has no time zone, as Z for UTC"))
    return review


def _broken(path: Path, why: str) -> str:
    return (
        f"{path.parent.name}/{path.name} is no review that Tomoni can read: {why}; take the file from a backup, or "
        "move it away."
    )


def _content(path: Path, size: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(_broken(path, error.strerror or str(error))) from None


def _format_of(content: bytes) -> int:
    """Which form a file says that it has, where the rest of it means nothing; 0 if it does not."""
    with suppress(ValueError):
        found = json.loads(content)
        told = found.get("format") if isinstance(found, dict) else None
        return told if isinstance(told, int) else 0
    return 0


def _refuse_newer(path: Path, form: int) -> None:
    if form > FORMAT:
        raise StoreError(
            f"{path.parent.name}/{path.name} has format {form}, made by a newer Tomoni; this one knows up to "
            f"{FORMAT}. Update Tomoni."
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time, in this process and others; the system gives it up for whoever is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Take away what processes left that were killed while they wrote."""
    for left in folder.glob(f"{MADE}*"):
        owner = left.name.removeprefix(MADE).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            left.unlink(missing_ok=True)


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Whole or not at all, on the disk before anybody is told. Raises FileExistsError unless it may replace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f"{MADE}{os.getpid()}-", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made = Path(file.name)
    try:
        made.chmod(0o644)
        if replace:
            made.replace(path)
        else:
            os.link(made, path)
    finally:
        made.unlink(missing_ok=True)
    _keep_names(path.parent)


def _keep_names(folder: Path) -> None:
    """A file is safe only when the name that it has is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
