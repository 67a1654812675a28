"""The Review page by AppTest: preview, open, say, undo, two at once, close, frozen, beside another, and links."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.meeting.close import close
from metrics.meeting.shelf import Shelf
from metrics.review.actions import Action, entry
from metrics.review.minutes import Decision, Figure, Review, Section
from metrics.store import Store, entries
from metrics.ui.review_drafts import MARK
from tests.meeting.made import AT, ID, decided_review, disposition, figure, review
from tests.pages import deployments
from tests.pages.test_pages import said
from tests.trends.made import SERVICE, config

ROOT = Path(__file__).parents[2]
PAGE = "pages/1_review.py"
F1, F2 = "finding/f1", "finding/f2"


def click(app: AppTest, key: str) -> None:
    next(button for button in app.button if button.key == key).click().run()
    assert not app.exception


def keys(app: AppTest) -> list[str]:
    return [str(button.key) for button in app.button]


def holds(folder: Path, subject: str = F1) -> dict[str, str | None] | None:
    with Store(folder / "tomoni.duckdb").read() as db:
        found = {word.subject: word.said for word in entries.latest(db, "disposition", "jobs")}
    return found.get(f"{ID}/{subject}")


def test_a_preview_is_about_the_data_and_nobody_can_decide_in_it(shop, visit):
    app = visit(shop)
    assert "This review is not opened yet" in said(app)
    assert "21 – 23 Nov 2026" not in said(app)
    assert "16 – 23 Nov 2026" in said(app)
    assert "Not looked for yet" in said(app)
    assert Shelf(shop, "jobs").opened() == ()


def test_no_data_is_said_to_be_of_a_time_to_come(shop, visit):
    _close(shop, replace(decided_review(), prepared_at=AT - timedelta(minutes=35)))
    assert "data until Mon 26 Oct, 04:25, read" in said(visit(shop, review=ID)).replace("\\", "")


def test_an_offered_reason_is_one_click_and_undo_is_another(opened, visit):
    app = visit(opened, item=F1)
    click(app, f"say-explained-0-{F1}")
    assert holds(opened) == {"outcome": "explained", "because": "access: /export"}
    assert "Explained\\: access\\: /export \\(Mika" in said(app)
    assert "10 minutes · 1 of 2 said" in said(app)
    click(app, f"undo-{F1}")
    assert holds(opened) is None
    assert "10 minutes · 0 of 2 said" in said(app)


def test_what_is_typed_is_a_note_or_the_reason_itself(opened, visit):
    app = visit(opened, item=F1)
    click(app, f"say-ignored-3-{F1}")
    assert "Write the reason first" in said(app)
    assert holds(opened) is None
    app.text_area(key=f"words-{F1}").set_value("the *test* of <Monday>").run()
    click(app, f"say-ignored-3-{F1}")
    assert holds(opened) == {"outcome": "ignored", "because": "the *test* of <Monday>"}
    assert app.text_area(key=f"words-{F1}").value == ""
    click(app, f"change-{F1}")
    app.text_area(key=f"words-{F1}").set_value("every day")
    click(app, f"say-explained-1-{F1}")
    assert holds(opened) == {"outcome": "explained", "because": "batch: nightly", "note": "every day"}


def test_who_looks_into_it_and_until_when(opened, visit):
    app = visit(opened, item=F1)
    assert app.selectbox(key=f"owner-{F1}").value == "Infra"
    due = app.date_input(key=f"due-{F1}").value
    assert due == datetime.now(UTC).date() + timedelta(weeks=1)
    click(app, f"say-investigate-0-{F1}")
    assert holds(opened) == {"outcome": "investigate", "owner": "Infra", "due": due.isoformat()}


def test_a_branch_is_kept_as_the_page_alerts_keeps_it(opened, visit):
    app = visit(opened, item="rule/db/cpu-high")
    click(app, "say-explained-0-rule/db/cpu-high")
    with Store(opened / "tomoni.duckdb").read() as db:
        (word,) = entries.latest(db, "rule", "jobs")
    assert word.subject == "db/cpu-high"
    check = (datetime.now(UTC).date() + timedelta(weeks=4)).isoformat()
    assert word.said == {"branch": "remove", "because": None, "review": ID, "check": check}
    assert "8 minutes · 1 of 1 said" in said(app)


def test_whoever_speaks_second_is_shown_both_and_asked(opened, visit):
    app = visit(opened, item=F1)
    entries.add(Store(opened / "tomoni.duckdb"), replace(disposition(F1, "ignored", "Ren", "it is *over*")))
    click(app, f"say-explained-0-{F1}")
    assert (holds(opened) or {})["because"] == "it is *over*"
    assert "**Ren** said" in said(app)
    assert "it is \\*over\\*" in said(app)
    click(app, f"mine-disposition-{ID}/{F1}")
    assert (holds(opened) or {})["because"] == "access: /export"
    assert "**Ren** said" not in said(app)


def test_a_text_that_nobody_kept_yet_comes_back_with_its_topic(opened, visit):
    app = visit(opened, mode="meeting")
    told = "Written earlier and not kept yet: it goes with your next answer"
    app.text_area(key=f"words-{F1}").set_value("half a sent").run()
    assert told not in said(app)
    click(app, "review-next")
    assert app.text_area(key=f"words-{F2}").value == ""
    click(app, "review-back")
    assert app.text_area(key=f"words-{F1}").value == "half a sent"
    assert told in said(app)
    click(app, f"note-{F1}")
    assert "half a sent" in said(app)
    assert app.text_area(key=f"words-{F1}").value == ""
    app.text_area(key=f"words-{F1}").set_value("written just now").run()
    assert told not in said(app)


def test_a_text_that_the_browser_gives_back_is_said_to_be_an_earlier_one(opened, visit):
    app = visit(opened, item=F1)
    app.text_area(key=f"words-{F1}").set_value(f"half a sent{MARK}").run()
    assert "Written earlier and not kept yet" in said(app)
    click(app, f"say-explained-1-{F1}")
    assert holds(opened) == {"outcome": "explained", "because": "batch: nightly", "note": "half a sent"}


def test_what_was_written_down_of_a_topic_is_told_there(opened, visit):
    rule = "rule/db/cpu-high"
    made = Action("a1", "jobs", "Raise *it*", "detection", rule, "it fired", "infra", date(2026, 11, 20))
    store = Store(opened / "tomoni.duckdb")
    entries.add(store, entry(made, AT, "Mika"), entry(replace(made, id="a2", dropped="no"), AT, "Mika"))
    entries.add(store, entry(replace(made, id="a3", why=F1, review="2026-10-19"), AT, "Mika"))
    app = visit(opened, item=rule)
    links = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Action: ")]
    assert [(each.label, each.query_string) for each in links] == [("Action: Raise \\*it\\*", "action=a1")]
    assert "infra, verdict due Fri 20 Nov" in said(app)
    # Of a thing that moved, the evidence tells what was done before.
    app = visit(opened, item=F1)
    assert not [each for each in app.get("page_link") if each.proto.label.startswith("Action: ")]


@pytest.mark.parametrize(("limit", "kind"), [(80.0, "prevention"), (None, "repair")])
def test_an_action_begins_with_what_its_topic_knows(limit, kind, shop, visit):
    moved = replace(review().section("moved").topics[0], limit=limit)
    Shelf(shop, "jobs").open(replace(review(), sections=(Section("moved", (moved,)),)))
    app = visit(shop, item=F1)
    click(app, f"act-{F1}-open")
    assert app.button_group(key=f"act-{F1}-kind").value == kind
    assert ("act-finding/f1-axis" in [each.key for each in app.button_group]) is (kind == "prevention")
    assert app.selectbox(key=f"act-{F1}-owner").value == "infra"


def test_the_same_as_last_time_is_one_click(opened, visit):
    before = replace(disposition(F1, "ignored", "Sora", "a drill"), subject=f"2026-10-19/{F1}")
    entries.add(Store(opened / "tomoni.duckdb"), before)
    app = visit(opened, item=F1)
    assert "Last time: Ignored\\: a drill \\(Sora" in said(app)
    click(app, f"same-{F1}")
    assert holds(opened) == {"outcome": "ignored", "because": "a drill", "owner": None, "due": None}


def test_of_what_another_line_leads_by_now_it_is_told_what_was_said_of_which(opened, visit):
    """One trouble of several lines stays one topic, and what was said of one of them may not hold for another."""
    made = review()
    lead = replace(made.section("moved").topics[0], sentence="db *memory* rises", figures=(figure("db/memory"),))
    _close(opened, replace(made, id="2026-10-19", sections=(Section("moved", (lead,)),)))
    before = replace(disposition(F1, "ignored", "Sora", "a drill"), subject=f"2026-10-19/{F1}")
    entries.add(Store(opened / "tomoni.duckdb"), before)
    app = visit(opened, item=F1)
    assert "Last time, of “db \\*memory\\* rises”: Ignored\\: a drill" in said(app)
    assert f"same-{F1}" not in keys(app)


def test_what_was_promised_is_told_as_last_time_and_can_be_promised_again(opened, visit):
    lead = replace(review().section("moved").topics[0], subject="finding/gone")
    left = Decision("finding/gone", "investigate", "Sora", AT, owner="Infra")
    _close(opened, replace(review(), id="2026-10-19", sections=(Section("moved", (lead,)),), decisions=(left,)))
    before = replace(disposition(F1, "investigate", "Sora"), subject="2026-10-19/finding/gone")
    entries.add(Store(opened / "tomoni.duckdb"), before)
    app = visit(opened, item="finding/gone")
    assert "Last time: To investigate" in said(app)
    assert "same-finding/gone" in keys(app)


def test_meeting_mode_goes_through_all_and_ends_with_what_is_missing(opened, visit):
    app = visit(opened, mode="meeting")
    assert "**2 · What moved**" in said(app)
    assert "1 of 3" in said(app)
    assert "**Explained by** :gray-badge[e]" in said(app)
    (figure,) = [json.loads(element.proto.spec) for element in app.get("plotly_chart")]
    assert len(figure["data"][0]["x"]) == 40
    for _ in range(3):
        click(app, "review-next")
    assert app.query_params["item"] == "end"
    assert {f"choose-missing-{F1}", f"choose-missing-{F2}"} <= set(keys(app))
    click(app, f"choose-missing-{F2}")
    assert "2 of 3" in said(app)
    click(app, "review-leave")
    assert "mode" not in app.query_params


def test_meeting_mode_of_a_review_that_is_not_opened_says_so(shop, visit):
    app = visit(shop, mode="meeting")
    assert "Meeting mode begins once this review is opened." in said(app)
    click(app, "review-begin")
    assert "Meeting mode begins" not in said(app)
    assert "review-leave" in keys(app)


def test_a_review_closes_once_everything_that_moved_is_decided_and_then_stands(opened, visit):
    app = visit(opened, item=F1)
    assert "review-close" not in keys(app)
    click(app, f"say-explained-0-{F1}")
    other = visit(opened, who="Ren", item=F2)
    click(other, f"say-ignored-0-{F2}")
    app.run()
    click(app, "review-close")
    assert ":orange[Nothing was said of 1 alert rule.]" in said(app)
    click(app, "review-close-now")
    assert Shelf(opened, "jobs").closed() == (ID,)
    assert "closed by Mika" in said(app)
    assert not [key for key in keys(app) if key.startswith(("say-", "undo-", "note-"))]
    click(other, f"undo-{F2}")
    assert "your last click came too late" in said(other)
    assert (holds(opened, F2) or {})["outcome"] == "ignored"
    assert "Ignored\\: known and accepted \\(Ren" in said(other)


def test_an_alert_opens_in_the_reviews_own_time(shop, visit):
    fired = replace(review().section("alerts").topics[0], page="alerts", query={"rule": "db/cpu-high"})
    Shelf(shop, "jobs").open(replace(review(), sections=(Section("alerts", (fired,)),)))
    queries = [str(each.proto.query_string) for each in visit(shop, item=fired.subject).get("page_link")]
    assert "rule=db%2Fcpu-high&period=custom&since=2026-10-19T05%3A00&until=2026-10-26T05%3A00" in queries


def test_who_is_in_meeting_mode_while_somebody_else_closes_is_told_and_can_only_note_what_they_had_typed(
    opened, visit
):
    app = visit(opened, mode="meeting")
    assert [each for each in app.get("html") if "data-began=" in each.proto.body]
    app.text_area(key=f"words-{F1}").set_value("it was an *export*")
    click(app, f"note-{F1}")
    app.text_area(key=f"words-{F1}").set_value("and one more").run()
    store = Store(opened / "tomoni.duckdb")
    entries.add(store, disposition(F1), disposition(F2))
    close(store, config(opened), SERVICE, ID, "Ren", datetime.now(UTC))
    click(app, f"note-{F1}")
    assert f"The review of {ID} was closed by Ren" in said(app)
    assert "your note is kept, but is not in its file." in said(app)
    app.run()
    (bar,) = [each.value for each in app.caption if "closed by Ren" in each.value]
    assert bar.startswith("closed by Ren, ")
    assert not [each for each in app.get("html") if "data-began=" in each.proto.body]
    assert "a note is still kept, but is not in its file." in said(app)
    assert [key for key in keys(app) if key.startswith(("say-", "undo-", "note-", "change-"))] == [f"note-{F1}"]
    assert "it was an \\*export\\*" in said(app)
    late = [each.value for each in app.markdown if each.value.startswith("and one more")]
    assert late[0].endswith(", after the review was closed]")
    click(app, "review-next")
    click(app, "review-back")
    assert not app.text_area


def test_without_a_name_nothing_can_be_said(opened, visit):
    app = visit(opened, who="", item=F1)
    answers = [button for button in app.button if str(button.key).startswith(("say-", "note-"))]
    assert answers
    assert all(button.disabled and button.help == "Say who you are first." for button in answers)


def test_the_newest_numbers_are_taken_and_decisions_stay(opened, visit):
    app = visit(opened, item="rule/db/cpu-high")
    click(app, "review-renew")
    held = Shelf(opened, "jobs").read(ID)
    assert held is not None
    assert held.since == AT - timedelta(weeks=1)
    assert held.until == deployments.NOW
    assert held.section("moved").topics == ()


def test_a_closed_review_says_what_data_tells_otherwise_today(shop, visit):
    day = deployments.NOW
    seen = Figure("web-1/system.cpu.utilization", "%", day - timedelta(days=1), day, 3.1)
    same = Figure("web-1/system.memory.utilization", "%", day - timedelta(days=1), day, None)
    _close(shop, replace(review(), id="2026-11-23", until=day, headline=(seen, same), sections=()))
    app = visit(shop, review="2026-11-23")
    assert "was 3.1 %, now 4" in said(app).replace("\\", "")
    assert any(each.label.startswith("\\* 1 figure reads otherwise") for each in app.expander)


@pytest.mark.usefixtures("bare_fonts")
def test_where_a_pdf_is_asked_for_one_is_told_which_letters_it_lacks(shop, visit):
    _close(shop, decided_review())
    assert "The PDF shows boxes" not in said(visit(shop, review=ID))
    _close(shop, replace(decided_review(), id="2026-11-02", attendees="鈴木"))
    assert "The PDF shows boxes in place of 鈴 and 木" in said(visit(shop, review="2026-11-02"))


def test_another_closed_review_is_laid_beside_it(shop, visit):
    _close(shop, decided_review())
    later = replace(decided_review(), id="2026-11-02", until=AT + timedelta(weeks=1), decisions=())
    _close(shop, later)
    app = visit(shop, review="2026-11-02", **{"with": ID})
    tables = [element.value for element in app.table]
    assert len(tables) == 2
    assert "Explained\\: access\\: /export – as in \\<spring\\>" in tables[1].iloc[0, 2]
    assert all({"Mon 26 Oct 2026", "Mon 2 Nov 2026"} < set(table.columns) for table in tables)
    assert "with=2026-01-01" in said(visit(shop, review="2026-11-02", **{"with": "2026-01-01"}))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"review": "yesterday"}, "`review=yesterday` in this link is no day of a review"),
        ({"review": "2031-01-01"}, "no day of a review: there is data from `2026-11-21` to `2026-11-23`"),
        ({"review": "2026-11-20"}, "`review=2026-11-20` in this link is no day of a review"),
        ({"mode": "slides"}, "`mode=slides` in this link is unknown; use `meeting`"),
        ({"item": "finding/gone"}, "is not on the agenda of this review"),
        ({"item": "99"}, "is not on the agenda of this review"),
    ],
)
def test_a_link_to_what_is_not_there_is_explained(query, told, opened, visit):
    assert told in said(visit(opened, **query)).replace("\\", "")


def test_home_leads_to_the_open_review_and_says_how_far_it_is(opened, visit):
    entries.add(Store(opened / "tomoni.duckdb"), disposition(F1))
    app = visit(opened)
    app.switch_page("app.py").run()
    assert not app.exception
    assert "Review of 19 – 26 Oct 2026 is open: 1 of 3 said" in [link.proto.label for link in app.get("page_link")]


def _close(folder: Path, made: Review) -> None:
    Shelf(folder, "jobs").close(replace(made, closed_at=AT + timedelta(hours=2), closed_by="Mika"), "# text\n")
