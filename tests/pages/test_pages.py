"""Every page, entered through app.py as a visitor does: with data, without any, and with a source that fails."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics import catalog
from metrics.errors import StoreBusyError
from metrics.meeting.shelf import dumped
from metrics.review.minutes import Review
from metrics.store import Store
from metrics.ui import frame
from metrics.ui.words import stat_of
from tests.pages import deployments

ROOT = Path(__file__).parents[2]
HELD = datetime(2026, 11, 17, 15, tzinfo=UTC)
PAGES = [path for path, _ in frame.pages()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory)


def visit(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **query: object) -> AppTest:
    monkeypatch.setenv("TOMONI_DATA", str(folder))
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    if page == "app.py":
        return app.run()
    return app.switch_page(page).run()


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error", "subheader")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def sentence(app: AppTest) -> str:
    """How the period was."""
    return next(element.value for element in app.markdown if "indicator" in element.value or "quiet" in element.value)


def test_the_menu_is_the_list_of_files():
    files = sorted(path.name for path in (ROOT / "pages").glob("[0-9]*.py"))
    assert [Path(path).name for path in PAGES] == ["app.py", *files]


@pytest.mark.parametrize("page", PAGES)
def test_with_data(page, demo, monkeypatch):
    app = visit(page, demo, monkeypatch)
    assert not app.exception
    assert app.title[0].value == dict(frame.pages())[page]
    assert "Demo data" in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_without_any_data(page, folder, monkeypatch):
    app = visit(page, folder, monkeypatch)
    assert not app.exception
    assert len(app.info) == 1
    assert "python -m metrics" in app.info[0].value


@pytest.mark.parametrize("page", ["app.py", "pages/2_explore.py"])
def test_a_service_with_events_only_lists_them_and_says_what_is_not_collected(page, folder, monkeypatch):
    app = visit(page, deployments.only_events(folder), monkeypatch)
    assert not app.exception
    text = said(app)
    assert "Only events of shop are collected: nothing is measured yet" in text
    assert "data until Mon 23 Nov" in text
    (table,) = [each.value for each in app.dataframe]
    assert list(table["kind"]) == ["alert", "deployment", "deployment"]


def test_sources_do_not_say_that_events_never_came(folder, monkeypatch):
    app = visit("pages/9_sources.py", deployments.only_events(folder), monkeypatch)
    assert not app.exception
    assert "never collected" not in said(app)
    assert "data until Mon 23 Nov" in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_failing_source_is_named_with_its_reason(page, folder, monkeypatch):
    app = visit(page, deployments.failing(folder), monkeypatch)
    assert not app.exception
    assert "cloudwatch failed: no route to monitoring.example.com" in app.warning[0].value


@pytest.mark.parametrize("page", PAGES)
def test_a_wrong_configuration_is_one_sentence(page, folder, monkeypatch):
    (folder / "tomoni.yaml").write_text("sauces: {}\n")
    app = visit(page, folder, monkeypatch)
    assert not app.exception
    assert "sauces" in app.error[0].value


def test_home_has_a_sentence_tiles_charts_a_table_and_the_holes(demo, monkeypatch):
    app = visit("app.py", demo, monkeypatch)
    assert "over" in sentence(app)
    assert len(app.metric) == 8
    assert {metric.label.partition(" · ")[0] for metric in app.metric} <= {
        stat_of(each) for each in catalog.load().indicators.values()
    }
    assert len(app.get("plotly_chart")) == 8
    assert len(app.dataframe) == 2
    table = app.dataframe[0].value
    assert table["state"].str[0].is_monotonic_increasing or table["state"].str[0].iloc[0] in ("▲ over", "↘ worse")
    assert any("in what is collected" in each.value for each in app.subheader)


def test_home_by_period_and_team(demo, monkeypatch):
    app = visit("app.py", demo, monkeypatch, view="infra", compare="no")
    assert len(app.metric) == 4
    assert not any(metric.delta for metric in app.metric)
    app.button_group(key="period").set_value("4w").run()
    assert not app.exception
    assert app.query_params["period"] == "4w"
    assert "26 Oct" in sentence(app)


def test_a_custom_period_comes_from_the_link(demo, monkeypatch):
    since = "2026-11-20T00:00"
    app = visit("app.py", demo, monkeypatch, period="custom", since=since, until="2026-11-21T00:00")
    assert not app.exception
    assert "20 Nov 2026" in sentence(app)


def test_custom_begins_with_the_period_on_the_screen_and_its_link_is_fixed(demo, monkeypatch):
    app = visit("app.py", demo, monkeypatch, period="4w")
    app.button_group(key="period").set_value("custom").run()
    bounds = {key: app.query_params[key] for key in ("since", "until")}
    assert bounds == {"since": "2026-10-26T15:00", "until": "2026-11-23T15:00"}
    app.datetime_input(key="since").set_value(datetime.fromisoformat("2026-11-02")).run()
    assert (app.query_params["since"], app.query_params["until"]) == ("2026-11-02T00:00", bounds["until"])
    assert "2 – 23 Nov 2026" in sentence(app)
    app.button_group(key="period").set_value("1w").run()
    assert set(app.query_params).isdisjoint(bounds)


def test_a_link_to_custom_without_bounds_gets_them(demo, monkeypatch):
    app = visit("app.py", demo, monkeypatch, period="custom")
    assert (app.query_params["since"], app.query_params["until"]) == ("2026-11-16T15:00", "2026-11-23T15:00")


@pytest.mark.parametrize(
    ("key", "value", "valid"),
    [
        ("period", "2w", "use `1w`, `4w`, `13w`, `review` or `custom`. Shown: 1 week."),
        ("view", "ops", "use `all`, `dev` or `infra`. Shown: All."),
        ("compare", "maybe", "use `yes` or `no`. Shown: yes."),
        ("service", "shop", "use `jobs`. Shown: Jobs."),
    ],
)
def test_a_value_in_a_link_that_nobody_knows_is_explained(key, value, valid, demo, monkeypatch):
    app = visit("app.py", demo, monkeypatch, **{key: value})
    assert [warning.value for warning in app.warning] == [f"`{key}={value}` in this link is not known: {valid}"]
    assert len(app.metric) == 8


@pytest.mark.parametrize(
    ("since", "until"),
    [("0001-01-01T00:00", "9999-12-31T00:00"), ("2026-11-21T00:00", "2026-11-20T00:00"), ("yesterday", "soon")],
)
def test_an_impossible_period_falls_back_to_a_week(since, until, demo, monkeypatch):
    app = visit("app.py", demo, monkeypatch, period="custom", since=since, until=until)
    assert not app.exception
    assert len(app.metric) == 8


def test_a_store_without_configuration_has_a_home_too(folder, monkeypatch):
    app = visit("app.py", deployments.one_series(folder), monkeypatch)
    assert not app.exception
    assert len(app.metric) == 1
    assert "quiet period" in sentence(app)


def test_a_team_without_any_indicator_is_told_how_to_get_one(folder, monkeypatch):
    app = visit("app.py", deployments.one_series(folder), monkeypatch, view="dev")
    assert not app.exception
    assert "Nothing of the development team's is collected for shop yet" in app.info[0].value
    assert "The data begins" not in said(app)


def test_since_the_last_review_is_offered_once_there_was_one(demo, folder, monkeypatch):
    alone = visit("app.py", deployments.one_series(folder), monkeypatch)
    assert "review" not in alone.button_group(key="period").options
    reviews = demo / "reviews"
    held = Review("2026-11-18", "jobs", "Jobs", "Asia/Tokyo", HELD - timedelta(weeks=1), HELD, HELD)
    (reviews / "2026-11-18.json").write_text(dumped(held))
    app = visit("app.py", demo, monkeypatch, period="review")
    (reviews / "2026-11-18.json").unlink()
    assert "18 – 23 Nov 2026" in sentence(app)


def test_a_store_that_somebody_else_holds_can_be_tried_again(demo, monkeypatch):
    def busy(store: Store) -> str:
        raise StoreBusyError("process 4711 holds the file.")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "version", busy)
        app = visit("app.py", demo, monkeypatch)
    assert app.error[0].value == "process 4711 holds the file."
    app.button[0].click().run()
    assert len(app.metric) == 8


EXPLORE = "pages/2_explore.py"


def test_explore_draws_what_the_link_says_aliases_included(demo, monkeypatch):
    app = visit(EXPLORE, demo, monkeypatch, component=["web", "aurora-main"], indicator=["cpu"])
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert app.multiselect(key="component").value == ["web", "aurora-main"]
    assert app.multiselect(key="indicator").value == ["system.cpu.utilization"]


def test_explore_names_the_nearest_for_an_unknown_link(demo, monkeypatch):
    app = visit(EXPLORE, demo, monkeypatch, component="wep", indicator="latency_p59")
    assert not app.exception
    assert "`wep`" in app.warning[0].value
    assert "`web`" in app.warning[0].value
    assert "latency_p95" in app.warning[0].value


def test_explore_without_a_question_shows_what_both_teams_follow(demo, monkeypatch):
    app = visit(EXPLORE, demo, monkeypatch)
    assert "4 of the 8 lines that both teams follow" in said(app)
    assert len(app.get("plotly_chart")) == 1


def test_explore_says_where_the_data_is_when_there_is_none_here(folder, monkeypatch):
    deployments.one_series(folder)
    query = {"period": "custom", "since": "2026-01-01T00:00", "until": "2026-01-02T00:00"}
    app = visit(EXPLORE, folder, monkeypatch, component="web-1", **query)
    assert "No samples in 1 Jan 2026" in app.info[0].value


def test_explore_raw_and_in_steps(demo, monkeypatch):
    for step in ("raw", "3600", "nonsense"):
        app = visit(EXPLORE, demo, monkeypatch, component="web", indicator="cpu", step=step)
        assert not app.exception


def test_sources_lists_refused_rows_with_file_line_and_reason(folder, monkeypatch):
    app = visit("pages/9_sources.py", deployments.failing(folder), monkeypatch)
    tables = [element.value for element in app.dataframe]
    assert list(tables[0]["Source"]) == ["cpu.csv", "cloudwatch"]
    assert list(tables[0]["Refused"]) == [1, 0]
    refused = tables[2].iloc[0]
    assert (refused["File"], refused["Line"], refused["Why"]) == ("cpu.csv", 17, "not a number")


@pytest.mark.parametrize("indicator", ["system.cpu.utilization", "system.memory.utilization"])
def test_a_row_dated_in_the_future_leaves_the_pages_where_the_data_is(indicator, folder, monkeypatch):
    deployments.one_series(folder)
    deployments.in_the_future(folder, indicator)
    app = visit("app.py", folder, monkeypatch)
    assert not app.exception
    assert f"shop, {deployments.LAST_WEEK}" in sentence(app)
    assert "2036" not in said(app)


def test_sources_are_those_of_all_services_and_their_holes_are_counted(demo, tmp_path, monkeypatch):
    both = shutil.copytree(demo, tmp_path / "both")
    deployments.one_series(both, service="shop")
    app = visit("pages/9_sources.py", both, monkeypatch, service="shop")
    assert not app.selectbox
    sources = app.dataframe[0].value
    assert f"{sources['Series'].sum()} series" in said(app)
    assert "2 refused or failed" in said(app)
    assert app.dataframe[1].value["Newest answer"].iloc[0] in ("forbidden", "failed")


def test_two_services_bring_a_picker(demo, folder, monkeypatch):
    deployments.one_series(folder, service="shop")
    deployments.one_series(folder, service="bank")
    app = visit("app.py", folder, monkeypatch, service="shop")
    assert app.selectbox(key="service").options == ["bank", "shop"]
    assert app.selectbox(key="service").value == "shop"


def test_what_is_written_while_the_app_is_open_shows_with_the_next_click(folder, monkeypatch):
    deployments.one_series(folder, service="shop")
    app = visit("app.py", folder, monkeypatch)
    deployments.one_series(folder, service="bank")
    assert app.run().selectbox(key="service").options == ["bank", "shop"]
    (folder / "services").mkdir()
    (folder / "services" / "shop.yaml").write_text("title: The shop\ntime_zone: Asia/Tokyo\n")
    app.run()
    assert "The shop" in app.selectbox(key="service").options


def test_explore_lays_two_sources_of_the_same_side_by_side(folder, monkeypatch):
    deployments.of_two_sources(folder)
    chosen = {"component": "web-1", "indicator": "cpu"}
    app = visit("pages/2_explore.py", folder, monkeypatch, **chosen)
    (picker,) = [each for each in app.multiselect if each.label == "Source"]
    assert picker.options == ["cpu.csv", "datadog"]
    assert drawn_names(app) == ["web-1 · CPU"]
    app = visit("pages/2_explore.py", folder, monkeypatch, **chosen, source=["cpu.csv", "datadog"])
    assert drawn_names(app) == ["web-1 (cpu.csv) · CPU", "web-1 (datadog) · CPU"]


def drawn_names(app: AppTest) -> list[str]:
    """The lines of the chart, but for those of the period before."""
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    return sorted(
        {trace["name"] for trace in spec["data"] if "·" in trace.get("name", "") and "before" not in trace["name"]}
    )
