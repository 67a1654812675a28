"""A review as a document: Markdown, one HTML file, PDF, JSON. The same review gives the same bytes each time.

HTML and PDF need nothing from another host. What people wrote is set as it is, never as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from metrics.meeting import paper as papers
from metrics.meeting.fonts import boxes_told, families, fonts
from metrics.meeting.shelf import dumped
from metrics.review.minutes import Review

__all__ = [
    "FORMATS",
    "MIME",
    "Format",
    "html",
    "json_text",
    "lacks",
    "markdown",
    "pdf",
    "png",
    "set_markdown",
    "typst_inputs",
    "written",
]

Format = Literal["md", "html", "pdf", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
MIME: Mapping[Format, str] = {
    "md": "text/markdown",
    "html": "text/html",
    "pdf": "application/pdf",
    "json": "application/json",
}
TEMPLATES = Path(__file__).parent / "templates"
# What would be markup within a line, and what would begin a list, a rule or a heading where a text begins a line.
MARKUP = re.compile(r"([\\`*_\[\]<>|~&$#])|^([-+=]+(?=\s))|^(\d+)([.)])(?=\s)")


def written(review: Review, form: Format) -> bytes:
    """The review in one of the four formats."""
    makers: Mapping[Format, Callable[[Review], str | bytes]] = {
        "md": markdown,
        "html": html,
        "pdf": pdf,
        "json": json_text,
    }
    made = makers[form](review)
    return made if isinstance(made, bytes) else made.encode()


def markdown(review: Review) -> str:
    """The review as a text that reads well before it is rendered."""
    return set_markdown("review.md.j2", papers.paper(review))


def html(review: Review) -> str:
    """The review as one file that opens from a disk, in light and dark, and prints."""
    return _set(_html(), "review.html.j2", papers.paper(review))


def json_text(review: Review) -> str:
    """The review as it is kept in its file."""
    return dumped(review)


def pdf(review: Review) -> bytes:
    """The review on A4, its title and time in the file's own fields."""
    (whole,) = _typeset(review, "pdf")
    return whole


def lacks(review: Review, form: Format) -> str:
    """What a reader would miss in that form, in a sentence: letters of which the machine has no font."""
    return boxes_told(dumped(review)) if form == "pdf" else ""


def png(review: Review) -> list[bytes]:
    """The pages of the PDF as pictures."""
    return _typeset(review, "png")


def set_markdown(template: str, paper: object) -> str:
    """A template of this folder with what it is told, each text of it escaped."""
    return _set(_markdown(), template, paper)


def _set(within: Environment, template: str, paper: object) -> str:
    return within.get_template(template).render(paper=paper).strip() + "\n"


@cache
def _html() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["css"] = _css_text
    return made


@cache
def _markdown() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - Markdown, with its own escaping of each text
        finalize=_escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _css_text(text: str) -> str:
    """A text within quotes of a style sheet: whatever is no plain letter or digit by its number."""
    return "".join(each if each.isascii() and each.isalnum() else f"\\{ord(each):x} " for each in text)


def _escaped(value: object) -> object:
    """A text as it is, whatever it means to Markdown."""
    return MARKUP.sub(_marked, " ".join(value.split())) if isinstance(value, str) else value


def _marked(found: re.Match[str]) -> str:
    within, begins, number, after = found.groups()
    return f"{number}\\{after}" if number else f"\\{within or begins}"


def _typeset(review: Review, form: Literal["pdf", "png"]) -> list[bytes]:
    """Set by Typst, which draws in a few hundred ms; loaded when somebody asks for it."""
    import typst

    made = typst.compile(
        TEMPLATES / "review.typ",
        format=form,
        font_paths=fonts(),
        sys_inputs=typst_inputs(review),
        timestamp=int(_at(review).timestamp()),
        ppi=110,
    )
    pages = made if isinstance(made, list) else [made]
    return [page for page in pages if page is not None]


def typst_inputs(review: Review) -> dict[str, str]:
    """What the template review.typ is told: data, and no text of the template itself."""
    at = _at(review)
    told = asdict(papers.paper(review)) | {"fonts": families(), "at": [at.year, at.month, at.day]}
    return {"review": json.dumps(told, ensure_ascii=False)}


def _at(review: Review) -> datetime:
    return review.closed_at or review.until
