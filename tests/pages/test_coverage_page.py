"""The Coverage page, entered through app.py: the demo's holes, a link, nothing described, no demo and old data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.model import Entry
from metrics.store import Store, entries
from tests.pages import deployments
from tests.pages.test_pages import said, visit

PAGE = "pages/8_coverage.py"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=26)


def test_the_demo_shows_its_holes_what_they_hid_and_what_to_add(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch)
    assert not app.exception
    text = said(app)
    assert "needed indicators** are collected as a whole" in text
    assert "1 failed, 1 never collected" in text
    (table,) = [element.value for element in app.dataframe]
    told = list(zip(table["Component"], table["Indicator"], table["State"].str[0], strict=True))
    assert ("Partner API", "Latency p95", "○") in told
    assert ("Cache", "Cache hit ratio", "✗") in told
    assert ("Cache", "CPU", "◐") in told
    assert "Partner API · Latency p95" in text
    assert "partners are served past the load balancer" in text
    assert "would have shown" in text
    assert "use: elasticsearch" in app.code[0].value
    assert len(app.get("plotly_chart")) == 1


def test_holes_that_were_closed_say_what_they_had_hidden(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, state="closed")
    assert not app.exception
    (table,) = [element.value for element in app.dataframe]
    closed = set(zip(table["Component"], table["Indicator"], strict=True))
    assert {("Web", "Latency p95"), ("Search", "Latency p95"), ("Mail", "Mail sent"),
            ("Nightly jobs", "Batch duration")} <= closed  # fmt: skip
    assert table["State"].str.startswith("✓ collected since").all()


def test_the_link_is_the_view(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, component="cache", indicator="cache.hit_ratio")
    assert "Cache · Cache hit ratio" in said(app)
    app.selectbox[0].set_value("a file (CSV, Parquet)").run()
    assert not app.exception
    assert "cache.hits or cache.requests" in app.code[1].value
    app = visit(PAGE, demo, monkeypatch, component="aurora-main", indicator="system.filesystem.utilization")
    assert "not applicable**: the cluster's volume grows by itself" in said(app)


def test_what_was_refused_names_the_permission_and_what_failed_is_asked_again(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, component="cache", indicator="cache.hit_ratio")
    assert "**A permission is missing**, and nothing has to be added: `demo` is asked" in said(app)
    assert app.code[0].value.startswith("cloudwatch:GetMetricData is not allowed for")
    assert [each.label for each in app.expander] == ["Or bring it from elsewhere"]
    app = visit(PAGE, demo, monkeypatch, component="aurora-main", indicator="db.replication.lag")
    assert "**Nothing has to be added**: `demo` is asked for it and failed (collector throttled" in said(app)


def test_a_hole_tells_what_its_review_decided_and_what_came_of_its_action(folder, monkeypatch):
    store = Store(of_one_host(folder) / "tomoni.duckdb")
    at, about = datetime(2025, 6, 9, 5, tzinfo=UTC), "hole/web-1/system.memory.utilization"
    decided = {"outcome": "explained", "because": "no agent yet", "note": None, "owner": None, "due": None}
    action = {"what": "Install the agent", "kind": "detection", "why": about, "why_sentence": "a hole"}
    entries.add(
        store,
        Entry(at, "Ren", "disposition", "shop", f"2025-06-02/{about}", {**decided, "because": "an older word"}),
        Entry(at + timedelta(hours=1), "Ren", "disposition", "shop", f"2025-06-09/{about}", decided),
        Entry(at, "Mika", "action", "shop", "a1", action),
        Entry(at, "Mika", "verdict", "shop", "a1", {"verdict": "improved", "because": "it is collected"}),
    )  # fmt: skip
    app = visit(PAGE, folder, monkeypatch, component="web-1", indicator="system.memory.utilization")
    links = {each.proto.label: each.proto.query_string for each in app.get("page_link")}
    assert links["In the review of Mon 9 Jun"] == "review=2025-06-09&item=hole%2Fweb-1%2Fsystem.memory.utilization"
    assert links["Action: Install the agent"] == "action=a1"
    text = said(app).replace("\\", "")
    assert "Explained: no agent yet (Ren, Mon 9 Jun, 06:00)" in text
    assert "an older word" not in text
    assert "improved, because: it is collected · Mika" in text


def test_a_link_to_what_nobody_needs_is_explained(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, component="cache", indicator="mails", state="grey")
    assert not app.exception
    warnings = [element.value for element in app.warning]
    assert any("`indicator=mails`" in each for each in warnings)
    assert any("`state=grey`" in each for each in warnings)


def test_without_a_description_it_says_what_to_write(folder, monkeypatch):
    app = visit(PAGE, deployments.one_series(folder), monkeypatch)
    assert not app.exception
    assert "Nobody has said yet what shop is made of" in app.info[0].value
    assert "web-1: {kind: host}" in app.code[0].value


def test_of_a_real_service_old_data_is_stale_by_the_clock(folder, monkeypatch):
    monkeypatch.setattr(deployments, "NOW", datetime(2025, 6, 23, 6, tzinfo=UTC))
    app = visit(PAGE, of_one_host(folder), monkeypatch)
    assert not app.exception
    (table,) = [element.value for element in app.dataframe]
    assert dict(zip(table["Indicator"], table["State"].str.split(" since ").str[0], strict=True)) == {
        "CPU": "◷ stale", "Memory": "○ never collected", "Storage": "○ never collected",
    }  # fmt: skip


def test_home_and_coverage_count_the_same_holes(demo, monkeypatch):
    home = visit("app.py", demo, monkeypatch)
    here = visit(PAGE, demo, monkeypatch)
    (heading,) = [each.value for each in home.subheader if "in what is collected" in each.value]
    assert heading.split()[0] == next(each.value.split()[0] for each in here.subheader if "hole" in each.value)


def of_one_host(folder: Path) -> Path:
    deployments.one_series(folder)
    (folder / "services").mkdir()
    (folder / "services" / "shop.yaml").write_text("components:\n  web-1: {kind: host}\n")
    return folder


HOLE = "web-1/system.memory.utilization"
LINK = {"component": "web-1", "indicator": "system.memory.utilization"}


def words(folder: Path) -> list[tuple[str, str | None]]:
    with Store(folder / "tomoni.duckdb").read() as db:
        history = entries.history(db, "hole", "shop", HOLE)
    return [(each.author, each.said and each.said["because"]) for each in history]


def test_what_does_not_apply_is_said_on_the_page_by_whom_and_why_and_undone(folder, monkeypatch):
    app = visit(PAGE, of_one_host(folder), monkeypatch, **LINK)
    app.text_input(key="author-field").set_value("Mika").run()
    app.text_input(key=f"why-{HOLE}").set_value("it has *no* memory")
    button(app, "Say so").click().run()
    assert not app.exception
    assert words(folder) == [("Mika", "it has *no* memory")]
    text = said(app)
    assert "– **not applicable since" in text
    assert r"it has \*no\* memory" in text
    assert "By **Mika**, just now." in text
    assert "2 holes" in " ".join(each.value for each in app.subheader)
    button(app, "Undo: it is needed").click().run()
    assert words(folder)[-1] == ("Mika", None)
    assert "○ **never collected**" in said(app)


def test_without_a_reason_or_a_name_nothing_is_said(folder, monkeypatch):
    app = visit(PAGE, of_one_host(folder), monkeypatch, **LINK)
    app.text_input(key="author-field").set_value("Ren").run()
    app.text_input(key=f"why-{HOLE}").set_value("   ")
    button(app, "Say so").click().run()
    assert words(folder) == []
    assert "Say why" in app.warning[0].value


def test_the_service_file_is_named_where_it_says_so(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, component="aurora-main", indicator="system.filesystem.utilization")
    assert any("data/services/jobs.yaml" in each.value for each in app.caption)


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def test_an_action_is_written_down_for_a_hole(folder, monkeypatch):
    app = visit(PAGE, of_one_host(folder), monkeypatch, **LINK)
    assert button(app, "Write down an action …").disabled
    app.text_input(key="author-field").set_value("Mika").run()
    button(app, "Write down an action …").click().run()
    assert not app.exception
    assert "Why: web-1 · Memory: never collected" in [each.value.replace("\\", "") for each in app.caption]
    assert "act-hole/web-1/system.memory.utilization-what" in [each.key for each in app.text_input]
