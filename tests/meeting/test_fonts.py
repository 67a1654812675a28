"""Which letters a PDF would show as boxes, found out from the typesetter and its fonts themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
import typst

from metrics.meeting import fonts
from metrics.meeting.documents import FORMATS, Format, lacks
from metrics.meeting.fonts import boxes_told, lacking
from tests.meeting.made import decided_review

pytestmark = pytest.mark.usefixtures("bare_fonts")


def test_letters_without_a_font_are_named_once_and_in_their_order():
    assert lacking("DB が 90 %、増設が要る") == ["が", "、", "増", "設", "要", "る"]
    assert lacking("naïve Łódź – “90 %” → ≥ ×, σ and Ж") == []
    assert lacking("✅ done") == ["✅"]


def test_latin_asks_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(typst, "compile", None)
    assert lacking("web latency p95 +989 ms – as in “spring”") == []


def test_another_refusal_of_the_typesetter_is_no_missing_letter(monkeypatch: pytest.MonkeyPatch):
    def refuses(*_: object, **__: object) -> None:
        error = typst.TypstError("no")
        error.diagnostic = "error: no"
        raise error

    monkeypatch.setattr(typst, "compile", refuses)
    with pytest.raises(typst.TypstError):
        lacking("鈴木")


def test_it_is_told_with_what_to_do():
    rest = (
        ": no font on the machine that Tomoni runs on has them. Install one, as Noto Sans CJK for Japanese, and start "
        "Tomoni again; the other formats need none."
    )
    assert boxes_told("鈴木") == f"The PDF shows boxes in place of 鈴 and 木{rest}"
    assert boxes_told("鈴木と佐藤") == f"The PDF shows boxes in place of 鈴, 木, と and 2 more{rest}"
    assert boxes_told("Mika") == ""


@pytest.mark.parametrize("form", FORMATS)
def test_only_a_pdf_lacks_them(form: Format):
    of = replace(decided_review(), attendees="鈴木")
    assert bool(lacks(of, form)) == (form == "pdf")
    assert lacks(decided_review(), form) == ""


def test_a_family_that_the_machine_lacks_is_not_asked_for():
    assert fonts.families() == ["Libertinus Serif"]
