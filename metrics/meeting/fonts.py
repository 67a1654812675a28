"""The fonts that set a PDF are the machine's own: which of them there are, and which letters none of them has."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from metrics.ui.words import both, counted, t

if TYPE_CHECKING:
    import typst

__all__ = ["boxes_told", "families", "fonts", "lacking"]

# The first of these that the machine has sets each letter; the last one comes with the typesetter.
WANTED = (
    "Source Sans 3", "Noto Sans", "Inter", "Helvetica Neue", "Arial", "DejaVu Sans", "Noto Sans CJK JP",
    "Noto Sans JP", "Hiragino Sans", "Yu Gothic", "IPAexGothic", "Libertinus Serif",
)  # fmt: skip
# Beyond Latin letters, dashes, quotes and the minus sign, which the last of them has too.
UNUSUAL = re.compile("[^\u0000-\u024f\u2010-\u2026\u2212]")
# What the typesetter says of a letter where every one has to show, as PDF/A-2u asks.
NOT_SHOWN = re.compile(r'the text `"(.+?)"` could not be displayed')
NAMED = 3


@cache
def fonts() -> typst.Fonts:
    """All that there are; a machine with hundreds takes seconds to look through."""
    import typst

    return typst.Fonts()


@cache
def families() -> list[str]:
    """Those that the machine has: one that it lacks would be a warning on each page."""
    known = set(fonts().families())
    return [family for family in WANTED if family in known]


def lacking(text: str) -> list[str]:
    """The letters of a text that a PDF would show as boxes, in their order."""
    import typst

    letters = "".join(dict.fromkeys(UNUSUAL.findall(text)))
    if not letters:
        return []
    try:
        typst.compile(
            b"#sys.inputs.letters", font_paths=fonts(), pdf_standards="a-2u", sys_inputs={"letters": letters}
        )
    except typst.TypstError as error:
        found = NOT_SHOWN.findall(error.diagnostic)
        if not found:
            raise
        return list(dict.fromkeys(found))
    return []


def boxes_told(text: str) -> str:
    """Which letters the PDF of a text lacks, and what to do about it; empty where it has them all."""
    letters = lacking(text)
    if not letters:
        return ""
    more = len(letters) - NAMED
    rest = [counted("{n} more", "{n} more", more)] if more > 0 else []
    return t(
        "The PDF shows boxes in place of {letters}: no font on the machine that Tomoni runs on has them. Install "
        "one, as Noto Sans CJK for Japanese, and start Tomoni again; the other formats need none.",
        letters=both([*letters[:NAMED], *rest]),
    )
