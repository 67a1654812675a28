"""The Actions page, entered through app.py: writing one down, the verdict, steps, links, months, and nothing."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.model import Entry, Team
from metrics.review.actions import Action, entry
from metrics.store import Store, entries
from metrics.ui.action_form import meant
from tests.pages import deployments
from tests.pages.test_pages import said, visit

PAGE = "pages/7_actions.py"
CPU = "aurora-main/writer/system.cpu.utilization"
AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's data without what its teams said of actions."""
    folder = deployments.demo(tmp_path_factory, weeks=4)
    store = Store(folder / "tomoni.duckdb")
    with store.read() as db:
        words = [*entries.latest(db, "action", "jobs"), *entries.latest(db, "verdict", "jobs")]
    entries.forget(store, "jobs", sorted({word.author for word in words}))
    return folder


@pytest.fixture
def demo(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "demo"))


def store_of(folder: Path) -> Store:
    return Store(folder / "tomoni.duckdb")


def newest(folder: Path) -> datetime:
    with store_of(folder).read() as db:
        return db.rows("SELECT max(ts) FROM v_samples WHERE service = 'jobs'")[0][0].replace(tzinfo=UTC)


def action(folder: Path, name: str = "a1", weeks_ago: float = 2, **more: object) -> Action:
    started = newest(folder) - timedelta(weeks=weeks_ago)
    given = {"check": date(2020, 1, 1), "why": "rule/aurora-main/aurora-cpu-high", "why_sentence": "it *fires* a lot"}
    return Action(
        id=name, service="jobs", what=f"Index {name}", kind="repair", owner="infra", component="aurora-main",
        indicator="system.cpu.utilization", part="writer", started=started, **{**given, **more},  # type: ignore[arg-type]
    )  # fmt: skip


def write(folder: Path, *every: Action) -> None:
    entries.add(store_of(folder), *(entry(each, AT, "Ren") for each in every))


def rows(folder: Path, columns: str) -> list[tuple[object, ...]]:
    with store_of(folder).read() as db:
        return [tuple(row) for row in db.rows(f"SELECT {columns} FROM v_actions ORDER BY id")]


def as_mika(app: AppTest) -> AppTest:
    return app.text_input(key="author-field").set_value("Mika").run()


def plain(app: AppTest) -> str:
    return said(app).replace("\\", "")


def test_nothing_yet_says_where_the_first_one_comes_from(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch)
    assert not app.exception
    assert "is written down yet" in app.info[0].value
    linked = [each.value for each in visit(PAGE, demo, monkeypatch, action="nope", item="all").warning]
    assert linked[0].startswith("`action=nope` in this link is not known")
    assert linked[1].startswith("`item=all` means nothing here")
    assert app.button(key="act--open").disabled
    assert not as_mika(app).button(key="act--open").disabled


def test_an_empty_folder_says_how_to_begin(tmp_path, monkeypatch):
    app = visit(PAGE, tmp_path, monkeypatch)
    assert not app.exception
    assert not app.error
    assert "python -m metrics demo" in app.info[0].value


def test_an_action_is_written_down_and_the_view_has_it(demo, monkeypatch):
    app = as_mika(visit(PAGE, demo, monkeypatch))
    app.button(key="act--open").click().run()
    app.button(key="act--save").click().run()
    assert "Say what is done, in a few words." in plain(app)
    assert "Say who does it: a team or a name." in plain(app)
    app.text_input(key="act--why").set_value("the disk is full in 12 days")
    app.text_input(key="act--what").set_value("  Keep only   three jobs ")
    app.selectbox(key="act--line").set_value(CPU)
    app.selectbox(key="act--owner").set_value("infra")
    app.selectbox(key="act--start").set_value("today")
    app.text_input(key="act--target").set_value("a lot")
    app.button(key="act--save").click().run()
    assert "'a lot' is no percentage" in plain(app)
    assert rows(demo, "id") == []
    app.text_input(key="act--target").set_value("45 %")
    app.button(key="act--save").click().run()
    assert not app.exception
    columns = "what, kind, why, why_sentence, component, part, indicator, target, owner, dropped, verdict, changed_by"
    assert rows(demo, columns) == [
        ("Keep only three jobs", "repair", "", "the disk is full in 12 days", "aurora-main", "writer",
         "system.cpu.utilization", 45.0, "infra", None, None, "Mika")
    ]  # fmt: skip
    ((started, check),) = rows(demo, "started, check_on")
    assert started is not None
    assert 27 <= (check - started.date()).days <= 29
    assert "Keep only three jobs" in [head.value for head in app.subheader]
    assert "target 45 %" in plain(app)
    assert not [each for each in app.button if each.key == "act--save"]


def test_a_plain_target_is_in_the_unit_that_the_field_names(demo, monkeypatch):
    """What is 240 ms now is to be 200: kept in seconds, that was 200 s, which was shown as 3.33 min."""
    app = as_mika(visit(PAGE, demo, monkeypatch))
    app.button(key="act--open").click().run()
    app.text_input(key="act--what").set_value("Cache the list")
    app.selectbox(key="act--owner").set_value("dev")
    app.selectbox(key="act--line").set_value("web/http.server.request.duration.p95").run()
    field = app.text_input(key="act--target")
    assert field.label == "Target in ms (not needed)"
    assert re.fullmatch(r"\d+ ms in the last week", field.placeholder)
    field.set_value("200")
    app.button(key="act--save").click().run()
    assert not app.exception
    assert rows(demo, "target") == [(0.2,)]
    assert "target 200 ms" in plain(app)
    ((kept,),) = rows(demo, "id")
    app.button(key=f"act-{kept}-open").click().run()
    assert app.text_input(key=f"act-{kept}-target").value == "0.2 s"
    app.text_input(key=f"act-{kept}-target").set_value("1.5 s")
    app.button(key=f"act-{kept}-save").click().run()
    assert rows(demo, "target") == [(1.5,)]


def test_what_prevents_may_say_along_which_axis_it_scales_and_cancel_keeps_nothing(demo, monkeypatch):
    write(demo, replace(action(demo), started=None, check=date(2030, 1, 1)))
    app = as_mika(visit(PAGE, demo, monkeypatch, action="a1"))
    app.button(key="act-a1-open").click().run()
    app.text_input(key="act-a1-what").set_value("something else")
    app.button(key="action-cancel").click().run()
    assert rows(demo, "what") == [("Index a1",)]
    app.run()
    app.button(key="act-a1-open").click().run()
    assert app.text_input(key="act-a1-what").value == "Index a1"
    assert "act-a1-axis" not in [each.key for each in app.button_group]
    app.button_group(key="act-a1-kind").set_value("prevention").run()
    app.button_group(key="act-a1-axis").set_value("Y")
    app.button(key="act-a1-save").click().run()
    assert rows(demo, "kind, axis") == [("prevention", "Y")]


@pytest.mark.parametrize(
    ("typed", "owner"),
    [
        ("Infra", "infra"),
        (" INFRASTRUCTURE ", "infra"),
        ("dev", "dev"),
        ("Develop", "dev"),
        ("d", "d"),
        ("Sora", "Sora"),
        ("", ""),
    ],
)
def test_a_team_is_meant_by_its_name_its_title_or_how_it_begins(typed, owner):
    teams = (Team("dev", "Development", "dev"), Team("infra", "Infrastructure", "infra"), Team("data", "Data", "dev"))
    assert meant(teams, typed) == owner


def test_the_verdict_is_accepted_overruled_with_a_reason_and_taken_back(demo, monkeypatch):
    write(demo, action(demo))
    app = as_mika(visit(PAGE, demo, monkeypatch, action="a1"))
    assert not app.exception
    assert "1 verdict due" in plain(app)
    (accept,) = [each for each in app.button if each.label.startswith("Accept: ")]
    computed = accept.label.removeprefix("Accept: ")
    accept.click().run()
    assert rows(demo, "verdict, verdict_by") == [(computed, "Mika")]
    with store_of(demo).read() as db:
        kept = entries.latest(db, "verdict", "jobs")[0].said or {}
    assert kept["computed"] == computed
    other = "worse" if computed != "worse" else "improved"
    app.button(key=f"verdict-{other}").click().run()
    assert "Say why" in plain(app)
    assert rows(demo, "verdict") == [(computed,)]
    app.text_input(key="because-a1").set_value("it [hurts]")
    app.button(key=f"verdict-{other}").click().run()
    assert rows(demo, "verdict") == [(other,)]
    assert f"the data said: {computed}" in plain(app)
    assert "it [hurts]" in plain(app)
    app.button(key="undo-verdict").click().run()
    assert rows(demo, "verdict") == [(computed,)]


def test_the_steps_of_an_action(demo, monkeypatch):
    write(demo, replace(action(demo), started=None, check=date(2030, 1, 1)))
    app = as_mika(visit(PAGE, demo, monkeypatch, action="a1"))
    app.button(key="step-Start now").click().run()
    assert rows(demo, "started IS NOT NULL, done IS NULL") == [(True, True)]
    app.button(key="step-Done").click().run()
    assert rows(demo, "done IS NOT NULL") == [(True,)]
    assert "done, to be judged" in plain(app)
    app.button(key="undo-action").click().run()
    assert rows(demo, "done IS NULL") == [(True,)]
    app.text_input(key="drop-a1").set_value("another way is better")
    next(each for each in app.button if each.label == "Drop it").click().run()
    assert rows(demo, "dropped") == [("another way is better",)]
    assert not [each for each in app.button if each.key == "step-Done"]
    history = plain(app)
    for told in (
        "written down: Index a1",
        "started",
        "not done after all",
        "dropped, because: another way is better",
    ):
        assert told in history


def test_a_change_keeps_an_indicator_that_is_not_collected_any_more(demo, monkeypatch):
    write(demo, replace(action(demo), indicator="system.memory.utilization", part="gone", target=60.0))
    app = as_mika(visit(PAGE, demo, monkeypatch, action="a1"))
    app.button(key="act-a1-open").click().run()
    assert app.selectbox(key="act-a1-line").value == "aurora-main/gone/system.memory.utilization"
    app.text_input(key="act-a1-what").set_value("Another index")
    app.date_input(key="act-a1-check").set_value(date(2030, 1, 1))
    app.button(key="act-a1-save").click().run()
    assert not app.exception
    kept = ("Another index", "aurora-main", "gone", "system.memory.utilization", 60.0)
    assert rows(demo, "what, component, part, indicator, target") == [kept]
    # Somebody may say otherwise.
    app.button(key="act-a1-open").click().run()
    app.selectbox(key="act-a1-line").set_value("")
    app.button(key="act-a1-save").click().run()
    assert rows(demo, "indicator, target") == [(None, None)]


def test_a_verdict_ends_an_action_that_nobody_called_done(demo, monkeypatch):
    write(demo, action(demo))
    app = as_mika(visit(PAGE, demo, monkeypatch, action="a1"))
    next(each for each in app.button if each.label.startswith("Accept: ")).click().run()
    assert app.button(key="undo-verdict").label == "Undo the verdict"
    assert app.button(key="undo-action").label == "Undo the last change"
    assert not [each for each in app.button if each.key == "step-Done" or each.label == "Drop it"]
    still = visit(PAGE, demo, monkeypatch)
    assert "None of these." in plain(still)
    app.button(key="undo-verdict").click().run()
    app.button(key="step-Done")


def test_the_way_back_to_where_it_came_from(demo, monkeypatch):
    write(demo, action(demo, review="2026-11-15"))
    app = visit(PAGE, demo, monkeypatch, action="a1")
    assert "it *fires* a lot" in plain(app)
    links = {each.proto.label: each.proto.query_string for each in app.get("page_link")}
    assert "rule=aurora-main%2Faurora-cpu-high" in links["The alert rule"]
    assert "review=2026-11-15" in links["Review of Sun 15 Nov"]
    asked = ("component=aurora-main", "indicator=system.cpu.utilization", "part=writer")
    assert set(asked) <= set(links["In Explore"].split("&"))


def test_the_verdict_of_an_action_that_was_taken_back_counts_nowhere(demo, monkeypatch):
    write(demo, action(demo), action(demo, "a2"))
    said = {"verdict": "improved", "computed": "improved"}
    entries.add(store_of(demo), *(Entry(AT, "Ren", "verdict", "jobs", each, said) for each in ("a1", "a2")))
    assert "2 improved" in plain(visit(PAGE, demo, monkeypatch))
    entries.add(store_of(demo), Entry(AT, "Ren", "action", "jobs", "a1", None))
    assert "1 improved" in plain(visit(PAGE, demo, monkeypatch))


def test_nobody_without_a_name_says_anything(demo, monkeypatch):
    write(demo, action(demo))
    app = visit(PAGE, demo, monkeypatch, action="a1")
    for key in ("verdict-improved", "step-Done", "undo-action", "act-a1-open"):
        assert app.button(key=key).disabled


def test_filters_and_a_link_to_what_is_not_there(demo, monkeypatch):
    other = replace(action(demo, "a2", check=date(2030, 1, 1)), owner="Sora", kind="prevention")
    write(demo, action(demo), other, replace(action(demo, "a3"), dropped="no"))
    app = visit(PAGE, demo, monkeypatch, action="nope")
    assert "`action=nope` in this link is not known" in app.warning[0].value
    assert list(app.dataframe[0].value["what"]) == ["Index a1", "Index a2"]
    assert list(visit(PAGE, demo, monkeypatch, show="due").dataframe[0].value["what"]) == ["Index a1"]
    assert list(visit(PAGE, demo, monkeypatch, owner="Sora").dataframe[0].value["what"]) == ["Index a2"]
    assert list(visit(PAGE, demo, monkeypatch, show="all", kind="repair").dataframe[0].value["what"]) == [
        "Index a1",
        "Index a3",
    ]


def test_months_have_actions_merged_changes_and_verdicts_apart(demo, monkeypatch):
    write(demo, action(demo))
    entries.add(
        store_of(demo), Entry(AT, "Ren", "verdict", "jobs", "a1", {"verdict": "improved", "computed": "worse"})
    )
    text = plain(visit(PAGE, demo, monkeypatch))
    for title in ("**Actions**, by", "**Merged changes**, by", "**Verdicts**, by"):
        assert title in text
    assert "1 improved" in text
