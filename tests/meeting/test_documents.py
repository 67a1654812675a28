"""The four forms of a review: each has every decision, none asks another host, and nobody's words become markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO

import pytest
import typst
from PIL import Image

from metrics.meeting import documents
from metrics.meeting.beside import beside
from metrics.meeting.documents import FORMATS, MIME, html, json_text, markdown, pdf, png, written
from metrics.meeting.paper import paper
from metrics.review.minutes import Decision, Note, Review, Section
from tests.meeting.made import AT, decided_review, review

SAID = (
    "Explained: access: /export – as in <spring> (Ren, Mon 26 Oct, 06:00)",
    "To investigate, by Infra, until Mon 2 Nov (Mika, Mon 26 Oct, 06:00)",
    "Remove the alert, or watch another indicator: nobody | acts (Ren, Mon 26 Oct, 06:00)",
)
NASTY = "<script>alert(1)</script> **bold** [x](http://evil.example) #set page(width: 1pt) $x$ `code` \\ ] | ![i](y)"


class Read(HTMLParser):
    """What a browser would see: the words, the tags, and every address that it would fetch or offer."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.tags, self.addresses = "", set[str](), list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")
        ]

    def handle_data(self, data: str) -> None:
        self.words += data


def nasty() -> Review:
    said = Decision("finding/f1", "ignored", NASTY, AT, NASTY, NASTY, NASTY)
    return replace(review(decisions=(said,)), attendees=NASTY, place=NASTY, title=NASTY)


def plain(text: str) -> str:
    """Markdown as it reads once it is rendered."""
    return re.sub(r"\\(.)", r"\1", text)


def set_strong(of: Review) -> list[str]:
    """What Typst sets in bold in the PDF: sentences and decisions, as it understood them."""
    compiler = typst.Compiler(documents.TEMPLATES / "review.typ", sys_inputs=documents.typst_inputs(of))
    return [each["body"]["text"] for each in json.loads(compiler.query("strong"))]


def test_every_form_has_every_decision():
    frozen = replace(decided_review(), closed_at=AT + timedelta(hours=2), closed_by="Mika")
    text = plain(markdown(frozen))
    seen = Read(html(frozen)).words
    for sentence in SAID:
        assert sentence in text
        assert sentence in seen
    kept = json.loads(json_text(frozen))["decisions"]
    assert [each["outcome"] for each in kept] == ["explained", "investigate", "remove"]
    assert pdf(frozen).startswith(b"%PDF-")
    assert [each for each in set_strong(frozen) if each in SAID] == list(SAID)


def test_every_form_has_every_note_as_it_was_written():
    of = replace(
        decided_review(), notes=(Note("finding/f1", NASTY, "Sora", AT), Note("finding/f1", "two", "Ren", AT))
    )
    told = (f"Note: {NASTY} (Sora, Mon 26 Oct, 05:00)", "Note: two (Ren, Mon 26 Oct, 05:00)")
    seen = Read(html(of))
    assert all(each in seen.words for each in told)
    assert not {"script", "a", "img"} & seen.tags
    assert all(f"- {each}\n" in plain(markdown(of)) for each in told)
    assert [each["text"] for each in json.loads(json_text(of))["notes"]] == [NASTY, "two"]
    # The PDF sets it too: nothing else of it differs.
    assert png(of) != png(replace(of, notes=()))


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_review_gives_the_same_bytes(form: documents.Format):
    assert written(decided_review(), form) == written(decided_review(), form)
    assert set(MIME) == set(FORMATS)


def test_the_head_says_period_people_place_and_state():
    told = paper(review())
    assert told.title == "Jobs: review of 2026-10-26"
    assert dict(told.facts) == {
        "Period": "19 – 26 Oct 2026 (Mon 19 Oct, 05:00 – Mon 26 Oct, 05:00, UTC)",
        "Attendees": "Mika, Ren",
        "Place": "Room 3",
    }
    assert told.state == "Not closed: 2 decisions are missing"
    assert paper(decided_review()).state == "Not closed yet"
    assert dict(paper(decided_review()).facts)["Decided"].replace("\N{NO-BREAK SPACE}", " ") == (
        "1 × Explained, 1 × To investigate and 1 × Remove the alert, or watch another indicator"
    )


def test_the_foot_of_each_page_says_whose_review_it_is_and_how_old_its_numbers_are():
    told = paper(review())
    seen = "Data until Mon 26 Oct, 05:00, 5 minutes old when it was read on Mon 26 Oct, 05:05."
    assert told.footer[0] == seen
    assert told.running == (
        "Jobs: review of 2026-10-26 · 19 – 26 Oct 2026 · Not closed: 2 decisions are missing",
        seen,
    )
    frozen = paper(replace(decided_review(), closed_at=AT, closed_by="Mika"))
    assert frozen.running[0] == "Jobs: review of 2026-10-26 · 19 – 26 Oct 2026"
    early = paper(replace(review(), prepared_at=AT - timedelta(minutes=35)))
    assert early.running[1] == "Data until it was read, Mon 26 Oct, 04:25.", "its last hour was not over"


def test_figures_have_units_and_no_data_is_said():
    first, gone = paper(review()).figures
    assert (first.name, first.now, first.before, first.change) == ("db a CPU (p95)", "54 %", "50 %", "+4 pt")
    assert (gone.name, gone.now, gone.before, gone.change) == ("web gone.indicator", "no data", "50 %", "–")
    assert paper(review()).figures_period == "19 – 26 Oct 2026, beside 12 – 19 Oct 2026"


def test_topics_say_their_evidence_and_what_is_open():
    told = paper(review())
    moved = next(section for section in told.sections if section.title == "What moved")
    assert (moved.minutes, moved.nothing, moved.more) == ("10 minutes", "", "3 more are on its page.")
    first, second = moved.topics
    assert first.evidence == (
        "It rose by day.",
        "db a CPU (p95) 54 %, 50 % in the time before (+4 pt)",
        "Suspected: access: /export and batch: nightly.",
    )
    assert (first.owners, second.owners) == ("Infra", "Infra and Dev")
    assert (first.open, first.decision, second.chart) == ("Not decided yet", "", "")
    assert told.sections[0].nothing == "No verdict is due."
    assert paper(decided_review()).sections[1].topics[0].evidence[-1] == "Suspected: batch: nightly."


def test_what_was_decided_follows_what_it_is_about():
    text, seen = plain(markdown(decided_review())), Read(html(decided_review())).words
    for told in (text, seen):
        places = [told.index(each) for each in ("db CPU +4 points", SAID[0], "It rose by day.")]
        assert places == sorted(places)


def test_what_a_closed_review_left_at_looking_is_said():
    undecided = replace(decided_review(), decisions=decided_review().decisions[:2])
    frozen = replace(undecided, closed_at=AT, closed_by="Mika")
    left = "Nothing was decided of it."
    assert [topic.left for section in paper(undecided).sections for topic in section.topics] == ["", "", ""]
    assert [topic.left for section in paper(frozen).sections for topic in section.topics] == ["", "", left]
    assert f"   - *{left}*" in markdown(frozen)


def test_who_does_what_until_when():
    (task,) = paper(decided_review()).tasks
    assert (task.what, task.owner, task.due) == (
        "Look into: db memory rises by 2 points a week",
        "Infra",
        "Mon 2 Nov",
    )


def test_what_is_to_be_looked_into_comes_with_its_question():
    asked = Decision("finding/f2", "investigate", "Mika", AT, note="which query?")
    (task,) = paper(review(decisions=(asked,))).tasks
    assert (task.what, task.owner, task.due) == (
        "Look into: db memory rises by 2 points a week – which query?",
        "",
        "",
    )


def test_a_hole_is_to_be_collected_and_whichever_deployments_caused_something_are_one_count():
    hole = replace(review().topics[0], subject="hole/db/memory", section="coverage", sentence="db memory: never")
    said = [Decision("hole/db/memory", "investigate", "Mika", AT)]
    said += [Decision(f"incident/i{n}", f"deploy-{n}", "Mika", AT) for n in range(2)]
    held = review(decisions=tuple(said))
    held = replace(held, sections=(*held.sections, Section("coverage", topics=(hole,))))
    assert [task.what for task in paper(held).tasks] == ["Collect: db memory: never"]
    assert "2\N{NO-BREAK SPACE}× Caused by a deployment" in dict(paper(held).facts)["Decided"]


def test_html_stands_alone():
    text = html(decided_review())
    seen = Read(text)
    assert seen.addresses == []
    assert not seen.tags & {"script", "link", "img", "iframe", "base", "object", "embed"}
    outside = re.findall(r"(?:https?:)?//[\w.]+|url\(|@import", text)
    assert set(outside) <= {"http://www.w3.org"}, "but for the name of SVG"
    assert "svg" in seen.tags
    for rule in ("prefers-color-scheme: dark", "@media print", "size: A4", "break-inside: avoid", "counter(pages)"):
        assert rule in text


def test_what_people_write_is_no_markup_in_html():
    seen = Read(html(nasty()))
    assert seen.addresses == []
    assert not seen.tags & {"script", "img", "a"}
    assert seen.words.count("<script>alert(1)</script>") >= 5
    (foot,) = re.findall(r'@bottom-left \{ content: "(.*)"; \}', html(nasty()))
    assert re.fullmatch(r"(?:[A-Za-z0-9]|\\[0-9a-fA-F]+ )+", foot), "nor a rule of the style sheet"


def test_what_people_write_is_no_markup_in_markdown():
    text = markdown(nasty())
    assert "<script>" not in text
    assert re.search(r"(?<!\\)\[x|(?<!\\)`code|(?<!\\)\*\*bold", text) is None
    assert plain(text).count("<script>alert(1)</script>") >= 5
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {4, 5}


@pytest.mark.parametrize("mark", ["- ", "+ ", "1. ", "12) ", "--- ", "=== "])
def test_what_begins_like_a_list_or_a_line_is_none_in_markdown(mark: str):
    """Where nothing of ours is before it, as in a comparison and of a topic without a tag."""
    topic = replace(review().topics[0], sentence=f"{mark}Keep less", tag="")
    of = replace(review(), sections=(Section("moved", (topic,)),))
    for text in (markdown(of), beside(of, replace(of, id="2026-11-02"))):
        (line,) = [each for each in text.splitlines() if each.startswith("1. ") and "Keep less" in each]
        assert "\\" in line.removeprefix("1. ")[: len(mark)]
        assert plain(line).startswith(f"1. {mark}Keep less")


def test_what_people_write_is_no_markup_in_pdf():
    (decision,) = [each for each in set_strong(nasty()) if each.startswith("Ignored")]
    assert decision == f"Ignored, by {NASTY}: {NASTY} – {NASTY} ({NASTY}, Mon 26 Oct, 05:00)"
    assert all(page.startswith(b"\x89PNG") for page in png(nasty()))


def test_a_pdf_says_what_it_is():
    made = pdf(decided_review())
    assert b"/Title" in made
    assert b"/ToUnicode" in made, "its text can be searched"
    assert b"/StructTreeRoot" in made, "and read aloud"


def test_a_review_with_nothing_in_it_can_be_set():
    empty = replace(review(), sections=(), headline=(), attendees="", place="")
    for form in FORMATS:
        assert written(empty, form)


def ink(page: bytes) -> tuple[int, int]:
    """How far from the right and the lower edge of a page its nearest ink is, in pixels of 110 to the inch."""
    picture = Image.open(BytesIO(page)).convert("L")
    found = picture.point(lambda grey: 255 if grey < 200 else 0).getbbox()
    assert found is not None
    return picture.width - found[2], picture.height - found[3]


@pytest.mark.parametrize(
    "said",
    [
        Decision("finding/f1", "explained", "M" * 60, AT, "https://grafana.example/d/" + "a1b2c3d4e5f6" * 40),
        Decision(
            "finding/f1", "investigate", "Ren", AT, "trace", "at line 12 of export.py\n" * 80, "Ren " + "R" * 90
        ),
    ],
    ids=["words that are longer than a line", "more lines than a page has"],
)
def test_nothing_that_was_said_runs_off_the_page(said: Decision):
    note = Note("finding/f2", "at line 12 of export.py\n" * 80, "Sora", AT)
    pages = png(replace(review(decisions=(said,)), notes=(note,)))
    margins = [ink(page) for page in pages]
    assert min(right for right, _ in margins) > 60
    assert min(lower for _, lower in margins) > 10
