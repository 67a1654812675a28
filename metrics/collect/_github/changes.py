"""Merged pull requests as changes, with when their work began and was approved; and merges as deployments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from metrics.collect._github.api import PER_PAGE
from metrics.collect._github.listing import Asked, time_of
from metrics.collect._github.refusal import PULLS
from metrics.collect._github.target import Target
from metrics.collect._github.words import kind_in, quoted_revert, reverted, short
from metrics.model import Event

__all__ = ["changes", "merges"]

# GitHub sorts by an index that is a little behind.
UNSORTED = timedelta(hours=1)
# A revert that only quotes a title takes back something of the last days.
QUOTED = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Pull:
    id: int
    """Its number."""
    title: str
    merged: datetime
    updated: datetime
    created: datetime
    sha: str
    branch: str
    base: str
    default: str
    url: str
    reverts: str | None
    quotes: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """What the list does not say: how many commits, the first one's time, and the first approval's."""

    commits: int
    authored: datetime | None
    reviewed: datetime | None


def changes(asked: Asked, target: Target) -> Iterator[Event]:
    """One a pull request that was merged, or changed after it was merged, in the window."""
    for pull in _merged(asked, target):
        if asked.holds(pull.merged, pull.updated) and _is_below(asked, target, pull):
            yield _change(asked, target, pull, _work(asked, pull))


def merges(asked: Asked, target: Target) -> Iterator[Event]:
    """Each merge as a deployment that took no time."""
    for pull in _merged(asked, target):
        if asked.holds(pull.merged) and _is_below(asked, target, pull):
            yield _deployment(asked, target, pull)


def _merged(asked: Asked, target: Target, since: datetime | None = None) -> Iterator[Pull]:
    """Into the branch that counts, down to those that nobody has touched since then, or since the window began."""
    base = {} if target.branch is None else {"base": target.branch}
    url = asked.repository.url("pulls", state="closed", sort="updated", direction="desc", **base, per_page=PER_PAGE)
    name = asked.repository.name

    def read(raw: Mapping[str, Any]) -> Pull | None:
        return _pull(raw, name)

    for pull in asked.run.listing(asked.repository, PULLS, url, read):
        if pull.updated < (since or asked.window.start) - UNSORTED:
            break
        if pull.base == (target.branch or pull.default):
            yield pull


def _pull(raw: Mapping[str, Any], repository: str) -> Pull | None:
    merged, created = time_of(raw["merged_at"]), time_of(raw["created_at"])
    if merged is None or created is None:
        return None
    title, branch = str(raw["title"]), str(raw["head"]["ref"])
    base, labels = raw["base"], [str(label["name"]) for label in raw.get("labels") or ()]
    reverts, quotes = reverted(repository, branch, raw.get("body")), quoted_revert(title)
    return Pull(
        id=int(raw["number"]),
        title=short(title),
        merged=merged,
        updated=time_of(raw["updated_at"]) or merged,
        created=created,
        sha=str(raw.get("merge_commit_sha") or raw["head"]["sha"]),
        branch=branch,
        base=str(base["ref"]),
        default=str((base.get("repo") or {}).get("default_branch") or base["ref"]),
        url=str(raw["html_url"]),
        reverts=reverts,
        quotes=quotes,
        kind="revert" if reverts or quotes else kind_in(title, branch, *labels),
    )


def _is_below(asked: Asked, target: Target, pull: Pull) -> bool:
    """Whether it touches one of the paths; where none is named nobody has to ask."""
    if not target.paths:
        return True
    files = asked.repository.all(PULLS, f"pulls/{pull.id}/files")
    names = asked.once(("files", pull.id), f"pull request {pull.id}", lambda: frozenset(_names(files)))
    return any(name == path or name.startswith(f"{path}/") for name in names for path in target.paths)


def _names(files: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """Where its files are, and were before it moved them."""
    for raw in files:
        yield str(raw["filename"])
        if raw.get("previous_filename"):
            yield str(raw["previous_filename"])


def _work(asked: Asked, pull: Pull) -> Work:
    commits, reviews = (asked.repository.all(PULLS, f"pulls/{pull.id}/{each}") for each in ("commits", "reviews"))

    def read() -> Work:
        written = [raw["commit"] for raw in commits if len(raw.get("parents") or ()) < 2]
        authored = [time_of((commit.get("author") or {}).get("date")) for commit in written]
        approved = [time_of(raw["submitted_at"]) for raw in reviews if raw["state"] == "APPROVED"]
        return Work(len(written), _first(authored), _first(approved))

    # A push to a merged branch changes nothing; a late review is as good as none.
    return asked.once(("work", pull.id, pull.updated), f"pull request {pull.id}", read)


def _first(times: list[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _change(asked: Asked, target: Target, pull: Pull, work: Work) -> Event:
    authored = work.authored or pull.created
    told = {
        "reviewed_at": work.reviewed.isoformat() if work.reviewed else None,
        "deployed_by": pull.sha if target.deployments_from == "merges" else None,
        "reverts": pull.reverts or _titled(asked, target, pull),
    }
    return Event(
        service="",
        kind="change",
        id=pull.sha,
        # A clock on somebody's desk may be ahead of GitHub's.
        started_at=min(authored, pull.merged),
        ended_at=pull.merged,
        status="merged",
        title=pull.title,
        url=pull.url,
        source="github",
        observed_at=asked.run.newest,
        attrs={
            "commit": pull.sha,
            "pull_request": str(pull.id),
            "authored_at": authored.isoformat(),
            "merged_at": pull.merged.isoformat(),
            "commits": work.commits,
            "branch": pull.branch,
            **{name: value for name, value in told.items() if value is not None},
        },
    )


def _titled(asked: Asked, target: Target, revert: Pull) -> str | None:
    """The number of what a revert quotes the title of, if that was merged lately; else the title itself."""
    if revert.quotes is None:
        return None
    title, since = short(revert.quotes), revert.merged - QUOTED
    for pull in _merged(asked, target, since):
        if pull.title == title and since <= pull.merged <= revert.merged:
            return str(pull.id)
    return title


def _deployment(asked: Asked, target: Target, pull: Pull) -> Event:
    return Event(
        service="",
        kind="deployment",
        id=pull.sha,
        started_at=pull.merged,
        ended_at=pull.merged,
        status="succeeded",
        title=pull.sha[:12],
        url=pull.url,
        source="github",
        observed_at=asked.run.newest,
        attrs={
            "environment": target.environment,
            "version": pull.sha[:12],
            "commit": pull.sha,
            "branch": pull.base,
            "ref": pull.base,
            **({"kind": pull.kind} if pull.kind else {}),
        },
    )
