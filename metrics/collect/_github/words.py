"""What people write into GitHub's free text: versions, kinds of deployment, reverts and causes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["cause_in", "is_branch", "kind_in", "quoted_revert", "reverted", "severity_in", "short", "version_in"]

LONGEST_TITLE: Final = 200
# v1.2.3, 2026.06.01, web-v1.2.3, web@1.2.3-rc.1; a branch such as release/1.2 names many versions.
_VERSION: Final = re.compile(r"(?:[A-Za-z][\w.]*[-@])*v?\d+\.\d+\.\d+[\w.+-]*", re.ASCII)
_SHA: Final = re.compile(r"[0-9a-f]{7,64}")
_KINDS: Final = (
    ("rollback", re.compile(r"(?<![a-z])roll(?:ed|ing)?[-_ ]?back(?![a-z])", re.IGNORECASE)),
    ("hotfix", re.compile(r"(?<![a-z])hot[-_ ]?fix(?:es)?(?![a-z])", re.IGNORECASE)),
    ("revert", re.compile(r"(?<![a-z])revert(?:s|ed|ing)?(?![a-z])", re.IGNORECASE)),
)
# GitHub's own revert button writes all three: the title, the branch and the body.
_TITLE: Final = re.compile(r'\s*Revert\s+["“](.+)["”]\s*(?:\(#\d+\)\s*)?', re.DOTALL)
_BRANCH: Final = re.compile(r"(?:^|/)revert-(\d+)(?:-|$)")
_REVERTS: Final = re.compile(r"^\W*Reverts\s+(?:([\w.-]+/[\w.-]+))?#(\d+)\b", re.MULTILINE | re.IGNORECASE)
_COMMIT: Final = re.compile(r"\bThis reverts commit\s+`?([0-9a-f]{7,64})\b", re.IGNORECASE)
# An id stands alone on its line and has a digit: "Caused by: a full disk" names no deployment.
_CAUSE: Final = re.compile(
    r"^[\s>*_-]*caused[ -]by(?:[ -]deployment)?[*_]*\s*:[*_\s]*[`#<]*((?=\S*\d)[\w./:@+-]+)[`>.]*[ \t\r]*$",
    re.MULTILINE | re.IGNORECASE,
)
_SEVERITY: Final = re.compile(r"sev(?:erity)?(?:[\s:/_=-]+(?=\w)|(?=\d))([\w-]+)", re.IGNORECASE)


def short(text: str | None) -> str:
    """One line, fit for a list."""
    words = " ".join((text or "").split())
    return words if len(words) <= LONGEST_TITLE else f"{words[:LONGEST_TITLE]}…"


def version_in(ref: str, sha: str) -> str:
    """The tag that was deployed, where the ref is one; else the commit, since a branch is at many versions."""
    return ref if _VERSION.fullmatch(ref) else sha[:12]


def is_branch(ref: str, sha: str) -> bool:
    return not _VERSION.fullmatch(ref) and not (_SHA.fullmatch(ref) and sha.startswith(ref[:7]))


def kind_in(*texts: str | None) -> str | None:
    """What a deployment was for, where somebody says so."""
    for kind, pattern in _KINDS:
        if any(pattern.search(text) for text in texts if text):
            return kind
    return None


def reverted(repository: str, branch: str, body: str | None) -> str | None:
    """The commit or the number of the pull request that is taken back, where branch or body tell it."""
    body = body or ""
    for other, number in _REVERTS.findall(body):
        if not other or other.lower() == repository.lower():
            return str(number)
    if commit := _COMMIT.search(body):
        return commit[1].lower()
    if branched := _BRANCH.search(branch):
        return branched[1]
    return None


def quoted_revert(title: str) -> str | None:
    """The title of what is taken back: all that is left when somebody has cleared branch and body."""
    found = _TITLE.fullmatch(title)
    return found[1].strip() if found else None


def severity_in(labels: Iterable[str]) -> str | None:
    """`1` of sev-1 or sev1, `high` of severity:high."""
    for label in labels:
        if found := _SEVERITY.fullmatch(label.strip()):
            return found[1].lower()
    return None


def cause_in(body: str | None) -> str | None:
    """What stands behind `Caused by deployment:` or `Caused-By:`, at the start of a line."""
    found = _CAUSE.search(body or "")
    return found[1].rstrip(".,;:").rpartition("/")[2] if found else None
