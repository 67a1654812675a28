"""The Alerts page, entered through app.py: the demo's third story, deciding, undo, two people, links, and nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from metrics.meeting.shelf import Shelf
from metrics.model import Entry, Event, Window
from metrics.store import Store, alerts, entries, write
from tests.meeting.made import review
from tests.pages import deployments
from tests.pages.test_pages import said, visit

PAGE = "pages/6_alerts.py"
RULE = "aurora-main/aurora-cpu-high"
BRANCHES = {
    "aurora-main/aurora-cpu-high": "remove",
    "web/error-log": "reduce",
    "aurora-main/aurora-cpu-pinned": "watch the trend",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=26)


@pytest.fixture
def demo(whole: Path, tmp_path: Path) -> Path:
    """One's own, to speak in."""
    folder = Path(shutil.copytree(whole, tmp_path / "demo"))
    store = Store(folder / "tomoni.duckdb")
    with store.read() as db:
        words = entries.latest(db, "rule", "jobs")
    entries.add(store, *(Entry(w.at + timedelta(days=99), w.author, "rule", "jobs", w.subject, None) for w in words))
    return folder


def branches(app: AppTest) -> dict[str, str]:
    table: pd.DataFrame = app.dataframe[0].value
    keys = table["component"] + "/" + table["rule"]
    return {key: badge[0].strip("?✓ ") for key, badge in zip(keys, table["branch"], strict=True)}


def plain(app: AppTest) -> str:
    """What is read, without what keeps Markdown from meaning something."""
    return said(app).replace("\\", "")


def as_mika(app: AppTest, name: str = "Mika") -> AppTest:
    return app.text_input(key="author-field").set_value(name).run()


def test_the_demos_rules_have_the_branches_of_their_story(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, period="13w")
    assert not app.exception
    assert BRANCHES.items() <= branches(app).items()
    table = app.dataframe[0].value.set_index(["component", "rule"])
    row = table.loc[("aurora-main", "aurora-cpu-high")]
    assert row["fired"] == 92
    assert (row["idle"], row["impact"], row["night"]) == ("92 of 92", "0 of 92", "92 of 92")
    text = said(app)
    assert "nobody acted on 92 of 92" in text.lower()
    assert "mostly nightly matching" in text
    assert len(app.get("plotly_chart")) == 2


def test_a_threshold_is_named_where_one_is_drawn(demo, monkeypatch):
    held = visit(PAGE, demo, monkeypatch, period="13w", rule="aurora-main/aurora-cpu-high")
    assert "dashed red: the threshold" in said(held)
    free = visit(PAGE, demo, monkeypatch, period="13w", rule="search/error-log")
    assert "dashed red" not in said(free)
    assert "no threshold is set for it" in said(free)


def test_the_same_branches_without_what_only_the_demo_says(demo, monkeypatch):
    """Real sources bring rules and times, and seldom who acted or what it did."""
    read = alerts.firings

    def bare(*asked: object) -> pd.DataFrame:
        found = read(*asked)  # type: ignore[arg-type]
        unknown = pd.array([pd.NA] * len(found), dtype="boolean")
        return found.assign(acted=unknown, impact=unknown)

    monkeypatch.setattr(alerts, "firings", bare)
    app = visit(PAGE, demo, monkeypatch, period="13w", rule=RULE)
    assert not app.exception
    assert BRANCHES.items() <= branches(app).items()
    assert "the source says nothing" in said(app)


def test_the_outage_says_which_trend_was_there_before(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, period="13w", rule="aurora-main/aurora-cpu-pinned")
    assert not app.exception
    text = plain(app)
    assert "before the last time: aurora-main writer CPU" in text
    assert "aurora-main · aurora-cpu-pinned" in text


def test_without_a_name_nothing_can_be_said(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, rule=RULE)
    assert app.button(key="branch-remove").disabled
    assert app.button(key="branch-remove").help == "Say who you are first."


def test_a_branch_is_confirmed_in_one_click_changed_and_taken_back(demo, monkeypatch):
    app = as_mika(visit(PAGE, demo, monkeypatch, rule=RULE))
    assert app.button(key="branch-remove").label == "Confirm: remove"
    app.text_input(key=f"why-{RULE}").set_value("It only tells that *matching* runs")
    app.button(key="branch-remove").click().run()
    assert not app.exception
    assert app.dataframe[0].value["branch"][0] == ["✓ remove"]
    assert r"It only tells that \*matching\* runs; nobody acted on" in said(app)
    (word,) = latest(demo)
    due = (datetime.now(UTC) + timedelta(weeks=4, hours=9)).date().isoformat()
    assert word.said is not None
    assert (word.author, word.said["branch"], word.said["check"]) == ("Mika", "remove", due)

    app.button(key="branch-reduce").click().run()
    assert app.dataframe[0].value["branch"][0] == ["✓ reduce"]
    assert "Everything that was said of it" in "\n".join(each.label for each in app.expander)
    app.button(key="undo-rule").click().run()
    assert app.dataframe[0].value["branch"][0] == ["✓ remove"]


def latest(folder: Path) -> list[Entry]:
    with Store(folder / "tomoni.duckdb").read() as db:
        return [word for word in entries.latest(db, "rule", "jobs") if word.subject == RULE]


def test_two_people_at_once_are_shown_each_others_word(demo, monkeypatch):
    app = as_mika(visit(PAGE, demo, monkeypatch, rule=RULE))
    at = datetime.now(UTC)
    theirs = Entry(at, "Ren", "rule", "jobs", RULE, {"branch": "keep", "because": "we look at it"})
    entries.add(Store(demo / "tomoni.duckdb"), theirs)
    app.button(key="branch-remove").click().run()
    assert not app.exception
    assert "**Ren** said" in said(app)
    assert [word.author for word in latest(demo)] == ["Ren"]
    app.button(key=f"mine-rule-{RULE}").click().run()
    assert [word.author for word in latest(demo)] == ["Mika"]


def test_what_came_of_a_disposition_is_told_once_it_is_due(demo, monkeypatch):
    """The rule goes on firing in the demo: it was never removed."""
    at = deployments.NOW - timedelta(weeks=5)
    fields = {"branch": "remove", "because": "nobody acts", "check": (at + timedelta(weeks=4)).date().isoformat()}
    with Store(demo / "tomoni.duckdb").write() as db:
        db.execute("DELETE FROM entries WHERE kind = 'rule'")
    entries.add(Store(demo / "tomoni.duckdb"), Entry(at, "Ren", "rule", "jobs", RULE, fields))
    app = as_mika(visit(PAGE, demo, monkeypatch, show="due"))
    assert list(app.dataframe[0].value["rule"]) == ["aurora-cpu-high"]
    text = plain(app)
    assert "What came of it" in text
    assert "still fires" in text
    assert "Firings: 29 in the 4 weeks before, 28 in the 4 weeks after" in text
    app.button(key="checked").click().run()
    (word,) = latest(demo)
    assert word.said is not None
    assert (word.said["branch"], word.said["check"], word.said["note"]) == ("remove", None, "checked: still fires")
    assert "None of these." in said(app)


def test_it_is_too_early_before_and_tells_what_is_known_so_far(demo, monkeypatch):
    at = deployments.NOW - timedelta(weeks=2)
    with Store(demo / "tomoni.duckdb").write() as db:
        db.execute("DELETE FROM entries WHERE kind = 'rule'")
    fields = {"branch": "remove", "check": (at + timedelta(weeks=4)).date().isoformat()}
    entries.add(Store(demo / "tomoni.duckdb"), Entry(at, "Ren", "rule", "jobs", RULE, fields))
    app = visit(PAGE, demo, monkeypatch, rule=RULE)
    text = plain(app)
    assert "Too early to tell" in text
    assert "Firings: 14 in the 2 weeks before, 14 in the 2 weeks after" in text


def test_a_removed_rule_that_is_silent_can_still_be_looked_at(folder, monkeypatch):
    """Nothing fires any more, and the rule's name is free text with Markdown in it."""
    deployments.only_events(folder)
    at = deployments.NOW - timedelta(days=20)
    subject = "web/a [b](http://c) *d*"
    fields = {"branch": "remove", "check": None}
    entries.add(Store(folder / "tomoni.duckdb"), Entry(at, "Ren", "rule", "shop", subject, fields))
    app = visit(PAGE, folder, monkeypatch, show="decided", period="13w", rule=subject)
    assert not app.exception
    text = said(app)
    assert "No firing in the 13 weeks" in text
    row = app.dataframe[0].value.iloc[0]
    assert (row["fired"], row["why"], row["before"], row["night"]) == (0, "", "", "")
    assert r"a \[b\]\(http\:" in text


def test_links_to_what_there_is_not_are_explained(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, rule="web/nobody", branch="burn", show="all")
    assert not app.exception
    warnings = [element.value for element in app.warning]
    for asked in ("`rule=web/nobody`", "`branch=burn`", "`show=all`"):
        assert any(asked in each for each in warnings)


def test_a_tile_of_the_tree_filters_the_rules(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, period="13w", branch="watch")
    assert list(branches(app)) == ["aurora-main/aurora-cpu-pinned"]


def test_no_alert_in_the_period_says_when_the_newest_was(folder, monkeypatch):
    deployments.one_series(folder)
    fire(folder, deployments.NOW - timedelta(days=20))
    app = visit(PAGE, folder, monkeypatch)
    assert not app.exception
    assert "The newest one is of Tue 3 Nov" in app.info[0].value


def test_a_time_before_the_first_alert_is_not_known_and_a_silent_quarter_is_none(folder, monkeypatch):
    deployments.one_series(folder)
    fire(folder, datetime(2026, 2, 13, tzinfo=UTC))
    early = visit(PAGE, folder, monkeypatch, period="custom", since="2025-11-01T00:00", until="2025-11-08T00:00")
    assert early.info[0].value.startswith("Alerts are known since Fri 13 Feb")
    quiet = visit(PAGE, folder, monkeypatch, period="custom", since="2026-09-01T00:00", until="2026-09-08T00:00")
    assert quiet.info[0].value.startswith("No alert fired in ")


def test_what_no_source_says_is_not_known_and_never_0(folder, monkeypatch):
    deployments.one_series(folder)
    fire(folder, deployments.NOW - timedelta(days=2))
    app = visit(PAGE, folder, monkeypatch)
    assert not app.exception
    row = app.dataframe[0].value.iloc[0]
    assert row["branch"] == ["not known yet"]
    assert [row[name] for name in ("before", "idle", "impact", "incident", "harm", "batch", "alone")] == [""] * 7
    text = said(app)
    assert "not known whether anybody acted" in text
    assert "Not known: no source says whether anybody acted" in text


def fire(folder: Path, at: datetime) -> None:
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "import", "alerts.csv")
    event = Event("shop", "alert", f"a-{at}", at, "import", at, "web-1", at + timedelta(minutes=9), "resolved", "x",
                  attrs={"rule": "disk-full"})  # fmt: skip
    write.batches(store, run, [event])
    write.end_run(store, run, "done")


def test_what_the_store_reads_of_each_source(folder):
    """CloudWatch and Datadog name the rule; a webhook may have only a title, and say that somebody acknowledged."""
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "collect", "webhook")
    at = deployments.NOW
    attrs: list[dict[str, str | bool]] = [
        {"rule": "cpu", "metric": "CPUUtilization"}, {"rule": "Latency", "severity": "warn", "muted": True},
        {"acknowledged": True}, {"rule": "x", "acted": "perhaps", "service_impact": False},
    ]  # fmt: skip
    write.batches(store, run, [
        Event("shop", "alert", str(n), at + timedelta(minutes=n), "webhook", at, None, None, "open", f"title {n}",
              attrs=each)
        for n, each in enumerate(attrs)
    ])  # fmt: skip
    write.end_run(store, run, "done")
    with store.read() as db:
        found = alerts.firings(db, Window(at, at + timedelta(hours=1)), "shop")
        reach = alerts.firings_reach(db, "shop", at + timedelta(hours=1))
        assert alerts.firings_reach(db, "other", at) is None
    assert found["rule"].tolist() == ["cpu", "Latency", "title 2", "x"]
    assert found["metric"].iloc[0] == "CPUUtilization"
    assert found["acted"].fillna(value=False).tolist() == [False, False, True, False]
    assert found["acted"].isna().tolist() == [True, True, False, True]
    assert found["muted"].fillna(value=False).tolist() == [False, True, False, False]
    assert found["impact"].isna().tolist() == [True, True, True, False]
    assert reach is not None
    assert reach.start == at


def test_since_the_last_review_holds_without_one_and_right_after_closing(folder, monkeypatch):
    deployments.one_series(folder, service="jobs")
    app = visit(PAGE, folder, monkeypatch, period="review")
    assert "No review before: 1 week" in app.segmented_control[0].options
    assert not [each.value for each in app.warning if "period=review" in each.value]
    end = deployments.NOW
    for until in (end - timedelta(days=1), end + timedelta(hours=1)):
        closed = replace(
            review(), id=f"{until:%Y-%m-%d}", since=until - timedelta(days=1), until=until, closed_at=until
        )
        Shelf(folder, "jobs").close(closed, "")
    app = visit(PAGE, folder, monkeypatch, period="review")
    assert "Since last review" in app.segmented_control[0].options
    assert not [each.value for each in app.warning if "period=review" in each.value]
