"""The repository's Markdown: sections, code blocks, links. What the tests of the documentation look at."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.source_tree import ROOT

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,4}) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """Everything but the code blocks."""
        return FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        return LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What `#…` may name, as Markdown renderers derive it from the headings."""
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in HEADING.findall(self.prose)}

    def blocks(self, language: str) -> list[str]:
        return [text for name, text in FENCE.findall(self.text) if name == language]

    def section(self, title: str) -> str:
        """What stands under a heading, up to the next one of its level or above; empty where there is none."""
        found = re.search(rf"^(#+) {re.escape(title)}\n(.*)", self.text, re.MULTILINE | re.DOTALL)
        if not found:
            return ""
        return re.split(rf"^#{{1,{len(found[1])}}} ", found[2], maxsplit=1, flags=re.MULTILINE)[0]

    def commands(self) -> list[list[str]]:
        """Each line of its shell blocks as words, without comments; lines ending in a backslash are one."""
        lines = [line for block in self.blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def documents() -> list[Document]:
    """All of them: the README first."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [Document(path) for path in [*found, *sorted((ROOT / "data" / "demo").glob("*.md"))]]


def document(name: str) -> Document:
    return Document(ROOT / name)
