"""ecr: container images pushed to Amazon ECR, and their size.

A list of what a repository holds now is all that ECR tells. Each image is kept by its digest from when it was first
seen, so that what is re-tagged, or expires, stays known.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final

import httpx
import numpy as np
from pydantic import Field, model_validator

from metrics import catalog
from metrics.collect import Sign
from metrics.collect import target as targets
from metrics.collect._cloudwatch.session import Access, Account, NotAllowedError, RefusedError
from metrics.errors import SourceError
from metrics.model import Coverage, CoverageState, Points, Series, Snapshot, Window

__all__ = ["BACKFILL", "RECOLLECT", "SLICE", "Settings", "Target", "check", "collect"]

# As far back as any source reaches; what a lifecycle policy has deleted since is gone.
BACKFILL = timedelta(days=455)
RECOLLECT = timedelta(hours=1)
# The list is the same whatever time it is asked for.
SLICE = None
# Tags are moved after a push ("production"), mostly in the first weeks: for so long they are read again.
TAGS_MOVE = timedelta(days=30)
# A list that was answered longer than this after the window's end does not tell what was stored then.
STILL_NOW = timedelta(hours=1)
# The sum of sizes speaks for at most this long before it was read; a longer silence is a gap.
SPEAKS_FOR = timedelta(days=1)
# An index ("multi-arch image") is pushed last, right after the images that it is made of.
INDEX_FOLLOWS = timedelta(minutes=10)
PAGE: Final = 1000

SIZE: Final = "image.size"
STORED: Final = "storage.used"
ACTION: Final = "ecr:DescribeImages"
_INDEX: Final = re.compile(r"manifest\.list|image\.index")
# What `docker push` pushes; charts, signatures and bills of material have other types.
_RUNS: Final = re.compile(r"container\.image|oci\.image\.config")
_SIGNATURE: Final = re.compile(r"sha256-[0-9a-f]{64}(\..+)?")


_Name = Annotated[str, Field(min_length=2, max_length=256)]


class Target(targets.Target, frozen=True, extra="forbid"):
    """Which repositories are a component's."""

    repository: _Name | None = None
    repositories: Annotated[tuple[_Name, ...], targets.Several, Field(min_length=1)] | None = None
    tag_pattern: str | None = Field(default=None, min_length=1)
    """Only images with such a tag: `v*`."""
    registry_id: str | None = Field(default=None, pattern=r"^\d{12}$")
    """The account whose registry it is, where that is another one."""

    @model_validator(mode="after")
    def _one_way(self) -> Target:
        if (self.repository is None) == (self.repositories is None):
            raise ValueError("write `repository`, or `repositories` where there are several: one of the two")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return self.repositories or (str(self.repository),)


class Settings(Access, frozen=True, extra="forbid"):
    """How to get into the account, and the components whose images are in it."""

    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class _Image:
    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime
    size: float
    is_index: bool
    is_run: bool
    """Whether containers are started from it: no chart, signature or bill of material."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """All that a repository holds."""

    images: tuple[_Image, ...]
    answered_at: datetime | None
    """By ECR's clock."""
    unclear: int
    """How many entries tell no digest, time or size."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A repository of a component; `part` is its name where the component has several."""

    target: Target
    repository: str
    part: str | None

    def answer(
        self, name: str, window: Window, state: CoverageState, detail: str = "", *, retryable: bool = False
    ) -> Coverage:
        service, component = self.target.service, self.target.component
        return Coverage(
            service, component, name, "ecr", window, state, detail[:300], self.part, retryable=retryable
        )  # fmt: skip

    def points(self, name: str, values: Mapping[datetime, float]) -> Points:
        it = catalog.load().get(name)
        series = Series(
            self.target.service, self.target.component, name, it.stat, it.unit, 0, "ecr", self.part
        )  # fmt: skip
        ts = np.array([at.replace(tzinfo=None) for at in sorted(values)], dtype="datetime64[us]")
        return Points(series, ts, np.array([values[at] for at in sorted(values)], dtype=np.float64))


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Points | Snapshot | Coverage]:
    """The images that were pushed in the window, and how much is stored at its end."""
    account = Account(settings, http)
    read: dict[tuple[str, str | None], _Listed | RefusedError] = {}
    for asked in _all(settings.targets):
        key = asked.repository, asked.target.registry_id
        if key not in read:
            read[key] = _listed(account, *key)
        listed = read[key]
        if isinstance(listed, RefusedError):
            yield from _refused(asked, listed, account, window)
            continue
        images = _counted(listed.images, asked.target.tag_pattern)
        yield from _snapshots(asked, images, window)
        yield from _pushed(asked, images, listed, window)
        yield from _stored(asked, listed, window)


def _all(them: Sequence[Target]) -> list[_Asked]:
    """Each repository of each component once, however often it is named."""
    asked: dict[tuple[str, str, str], Target] = {}
    for each in them:
        for name in each.names:
            asked.setdefault((each.service, each.component, name), each)
    count = Counter((service, component) for service, component, _ in asked)
    return [
        _Asked(each, name, name if count[service, component] > 1 else None)
        for (service, component, name), each in asked.items()
    ]


def _listed(account: Account, repository: str, registry_id: str | None) -> _Listed | RefusedError:
    """Page by page. Raises SourceError where no other repository could be listed either."""
    about = {"repositoryName": repository, **({"registryId": registry_id} if registry_id else {})}
    images: list[_Image] = []
    answered_at, unclear = None, 0
    try:
        call = account.client("ecr").describe_images
        for page in account.pages(call, ACTION, PaginationConfig={"PageSize": PAGE}, **about):
            answered_at = _date(page)
            if "imageDetails" not in page:
                raise SourceError(f"{ACTION} was answered with no list of images: check `endpoint_url`, or any proxy")
            for row in page["imageDetails"]:
                try:
                    images.append(_image(row))
                except KeyError:
                    unclear += 1
    except RefusedError as error:
        return error
    return _Listed(tuple(sorted(images, key=lambda each: (each.pushed_at, each.digest))), answered_at, unclear)


def _image(row: Mapping[str, Any]) -> _Image:
    """Raises KeyError where it lacks what makes an image."""
    tags = tuple(sorted(row.get("imageTags") or ()))
    runs = _RUNS.search(row.get("artifactMediaType") or "container.image") is not None
    signs = bool(tags) and all(_SIGNATURE.fullmatch(tag) for tag in tags)
    return _Image(
        digest=row["imageDigest"],
        tags=tags,
        pushed_at=row["imagePushedAt"].astimezone(UTC),
        size=float(row["imageSizeInBytes"]),
        is_index=_INDEX.search(row.get("imageManifestMediaType") or "") is not None,
        is_run=runs and not signs and not row.get("subjectManifestDigest"),
    )


def _date(page: Mapping[str, Any]) -> datetime | None:
    said = page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except ValueError:
        return None


def _counted(images: Sequence[_Image], pattern: str | None) -> list[_Image]:
    """What is one image to whoever pushed it: an index counts, what it is made of doesn't."""
    runs = [image for image in images if image.is_run]
    if pattern is not None:
        return [image for image in runs if any(fnmatchcase(tag, pattern) for tag in image.tags)]
    indexes = [image.pushed_at for image in runs if image.is_index]
    return [image for image in runs if image.tags or image.is_index or not _is_of_an_index(image, indexes)]


def _is_of_an_index(image: _Image, indexes: Iterable[datetime]) -> bool:
    return any(timedelta(0) <= at - image.pushed_at <= INDEX_FOLLOWS for at in indexes)


def _snapshots(asked: _Asked, images: Iterable[_Image], window: Window) -> Iterator[Snapshot]:
    """Each image under its digest and the time of its push, which no later push of the same tags writes over."""
    since = min(window.start, window.end - TAGS_MOVE)
    for image in images:
        if since <= image.pushed_at < window.end:
            yield Snapshot(
                asked.target.service,
                asked.target.component,
                f"image {image.digest[:19]}",
                image.pushed_at,
                "ecr",
                {
                    "repository": asked.repository,
                    "digest": image.digest,
                    "tags": " ".join(image.tags),
                    "pushed_at": image.pushed_at.isoformat(),
                    "size": image.size,
                },
            )


def _pushed(asked: _Asked, images: Iterable[_Image], listed: _Listed, window: Window) -> Iterator[Points | Coverage]:
    sizes: dict[datetime, float] = {}
    for image in images:
        if window.start <= image.pushed_at < window.end:
            # Two of one second are one push, mostly of one image for two platforms.
            sizes[image.pushed_at] = max(image.size, sizes.get(image.pushed_at, 0.0))
    if sizes:
        yield asked.points(SIZE, sizes)
    if listed.unclear:
        yield asked.answer(SIZE, window, "partial", _unclear(listed), retryable=True)
    elif sizes:
        yield asked.answer(SIZE, window, "complete")
    else:
        yield asked.answer(SIZE, window, "empty", "no image that is still there was pushed in this time")


def _stored(asked: _Asked, listed: _Listed, window: Window) -> Iterator[Points | Coverage]:
    """One reading, stamped with the window's end."""
    if listed.answered_at is not None and listed.answered_at - window.end > STILL_NOW:
        yield asked.answer(STORED, window, "empty", "ECR tells what is stored now, and nobody asked it then")
        return
    if listed.unclear:
        yield asked.answer(STORED, window, "partial", _unclear(listed), retryable=True)
        return
    if not listed.images:
        yield asked.answer(STORED, window, "empty", f"the repository `{asked.repository}` holds no image")
        return
    # ECR gives an index the size of the largest image in it, and lists that one too.
    size = sum(image.size for image in listed.images if not image.is_index)
    yield asked.points(STORED, {_stamp(window): size})
    spoken_for = Window(max(window.start, window.end - SPEAKS_FOR), window.end)
    yield asked.answer(STORED, spoken_for, "complete")
    if window.start < spoken_for.start:
        silence = Window(window.start, spoken_for.start)
        yield asked.answer(STORED, silence, "empty", "ECR tells what is stored now, and nobody asked it then")


def _stamp(window: Window) -> datetime:
    """The window's end on the full second, and never outside the window."""
    return max((window.end - timedelta(microseconds=1)).replace(microsecond=0), window.start)


def _unclear(listed: _Listed) -> str:
    return f"of the images that ECR listed {listed.unclear:,} can't be understood: a digest, size or time is missing"


def _refused(asked: _Asked, error: RefusedError, account: Account, window: Window) -> Iterator[Coverage]:
    state: CoverageState = "forbidden" if isinstance(error, NotAllowedError) else "failed"
    for name in (SIZE, STORED):
        yield asked.answer(name, window, state, _said(asked, error, account))


def _said(asked: _Asked, error: RefusedError, account: Account) -> str:
    if error.code != "RepositoryNotFoundException":
        return str(error)
    where = f"registry {asked.target.registry_id}" if asked.target.registry_id else "the account's registry"
    return f"there is no repository `{asked.repository}` in {where} in {account.region}: check the name and region"


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Who it is, and what each repository holds. Raises SourceError when not let in."""
    account = Account(settings, http)
    yield account.identity()
    if not settings.targets:
        yield Sign("note", "no component uses it: write `use: ecr` in a service's file")
    for asked in _all(settings.targets):
        listed = _listed(account, asked.repository, asked.target.registry_id)
        if isinstance(listed, RefusedError):
            likely = _likely(account, asked) if _is_unknown(listed) else ""
            yield Sign("wrong", f"{_said(asked, listed, account)}{likely}", asked.target.component)
        else:
            yield _held(asked, listed)


def _is_unknown(error: RefusedError) -> bool:
    return error.code == "RepositoryNotFoundException"


def _held(asked: _Asked, listed: _Listed) -> Sign:
    images = _counted(listed.images, asked.target.tag_pattern)
    about, pattern = asked.target.component, asked.target.tag_pattern
    if listed.images and not images:
        like = f" with a tag like `{pattern}`" if pattern else " that containers are started from"
        return Sign(
            "wrong", f"`{asked.repository}` holds {len(listed.images):,} of something, but no image{like}", about
        )
    if not images:
        return Sign("note", f"`{asked.repository}` holds no image yet", about)
    newest = images[-1]
    return Sign(
        "fine",
        f"`{asked.repository}`: {len(images):,} images, the newest pushed on {newest.pushed_at:%Y-%m-%d %H:%M} UTC "
        f"with {newest.size / 1e6:,.0f} MB. Requests that a run takes for it: {-(-len(listed.images) // PAGE):,}",
        about,
    )


def _likely(account: Account, asked: _Asked) -> str:
    """The name that was meant, where the repositories may be listed."""
    about = {"registryId": asked.target.registry_id} if asked.target.registry_id else {}
    try:
        call = account.client("ecr").describe_repositories
        pages = account.pages(call, "ecr:DescribeRepositories", PaginationConfig={"PageSize": PAGE}, **about)
        names = [row["repositoryName"] for page in pages for row in page.get("repositories") or ()]
    except RefusedError:
        return ""
    close = difflib.get_close_matches(asked.repository, names, 1)
    return f"; did you mean `{close[0]}`?" if close else f"; repositories there: {len(names):,}"
