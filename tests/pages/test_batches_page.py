"""The Batches page, entered through app.py: the demo's story, no runs, a few runs, a busy store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from metrics import config
from metrics.errors import StoreBusyError
from metrics.model import Event, Window
from metrics.review.period import Period
from metrics.store import Store, write
from metrics.ui import batch_loading
from tests.pages import deployments
from tests.pages.test_pages import said, visit

PAGE = "pages/5_batches.py"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=26)


def with_runs(folder: Path, n: int = 3, service: str = "shop", **attrs: object) -> Path:
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "import", "runs.csv")
    starts = [deployments.NOW - HOUR * (24 * day + 3) for day in range(n)]
    write.batches(
        store,
        run,
        [
            Event(service, "batch_run", f"r{place}", start, "runs.csv", start + HOUR, "cron", start + HOUR, "succeeded",
                  attrs={"job": "tidy"} | attrs)
            for place, start in enumerate(starts)
        ],
    )  # fmt: skip
    write.end_run(store, run, "done")
    return folder


def test_the_demo_tells_its_story(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, period="13w")
    assert not app.exception
    text = said(app)
    assert "4 jobs ran" in text
    assert "At this pace the slack of **matching** runs out in about" in text
    assert "It takes longer because there are more rows, not because each takes longer." in text
    assert "no run is known before" in text
    assert "hours that bring half of all requests" in text
    assert len(app.get("plotly_chart")) == 5
    jobs, beside = (element.value for element in app.dataframe)
    assert jobs["job"].tolist() == ["matching", "index-rebuild", "mail-digest", "invoices"]
    assert beside.iloc[0][["Line", "Indicator"]].tolist() == ["aurora-main writer", "CPU"]


def test_the_link_is_the_view(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, job="invoices", by="day")
    assert "What else was higher while invoices ran" in said(app)
    app.selectbox(key="job").set_value("mail-digest").run()
    assert app.query_params["job"] == "mail-digest"
    app.button_group(key="by").set_value("week").run()
    assert "by" not in app.query_params
    assert not app.exception


def test_a_job_in_a_link_that_nobody_knows_is_explained(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, job="mathcing")
    assert "`job=mathcing` in this link is not known" in app.warning[0].value
    assert app.selectbox(key="job").value == "matching"


def test_the_runs_behind_it_can_be_downloaded(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch)
    app.session_state["runs"] = True
    app.run()
    assert not app.exception
    frame = batch_loading.rows(demo, *_matching(demo))
    assert len(frame) == 7
    assert set(frame["status"]) == {"succeeded"}


def _matching(folder: Path):
    settings = config.load(folder)
    (service,) = settings.services
    window = Window(deployments.NOW - timedelta(weeks=1), deployments.NOW)
    seen = batch_loading.batches(folder, settings, service, Period(window, service.time_zone))
    return seen.jobs[0], service.name, window


def test_a_service_without_runs_is_told_how_to_get_some(folder, monkeypatch):
    app = visit(PAGE, deployments.one_series(folder), monkeypatch)
    assert not app.exception
    (info,) = [element.value for element in app.info]
    assert "`kubernetes`" in info
    assert "`concourse`" in info
    assert "--as batch_runs" in info


def test_a_few_runs_without_rows_and_deadlines_are_no_zeros(folder, monkeypatch):
    deployments.one_series(folder)
    app = visit(PAGE, with_runs(folder), monkeypatch)
    assert not app.exception
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["runs"], row["failed"], row["median"]) == ("3", "0", "60 min")
    assert (row["rows"], row["pace"], row["slack"], row["late"], row["retried"]) == ("",) * 5
    assert row["out"] == "no deadline"
    text = said(app)
    assert "No source says a deadline for this job." in text
    assert "no data" in text
    assert "a trend needs 10" in text
    assert "no busy hours are shaded" in text


def test_runs_without_any_samples_are_a_page_too(folder, monkeypatch):
    (folder / "services").mkdir()
    (folder / "services" / "shop.yaml").write_text("title: The shop\ntime_zone: Asia/Tokyo\n")
    app = visit(PAGE, with_runs(folder), monkeypatch)
    assert not app.exception
    assert "The shop, " in said(app)
    assert "1 job ran" in said(app)


def test_the_period_ends_with_the_newest_run_where_samples_have_stopped(folder, monkeypatch):
    deployments.one_series(folder)
    store = Store(folder / "tomoni.duckdb")
    later = deployments.NOW + HOUR * 30  # the pages' own clock is later still
    run = write.begin_run(store, "import", "runs.csv")
    write.batches(store, run, [Event("shop", "batch_run", "r", later, "runs.csv", later, "cron", later + HOUR)])
    write.end_run(store, run, "done")
    assert "24 Nov 2026: 1 job ran once" in said(visit(PAGE, folder, monkeypatch))


def test_a_period_long_before_the_first_run_leads_to_the_newest(folder, monkeypatch):
    deployments.one_series(folder)
    query = {"period": "custom", "since": "2026-01-01T00:00", "until": "2026-01-02T00:00"}
    app = visit(PAGE, with_runs(folder), monkeypatch, **query)
    assert not app.exception
    assert "Runs are known up to Mon 23 Nov, 04:00" in app.info[0].value


def test_a_period_without_runs_in_a_quarter_with_some(folder, monkeypatch):
    deployments.one_series(folder)
    query = {"period": "custom", "since": "2026-11-22T12:00", "until": "2026-11-22T13:00"}
    app = visit(PAGE, with_runs(folder), monkeypatch, **query)
    assert not app.exception
    assert "no run is known" in said(app)
    assert app.dataframe[0].value["runs"].tolist() == [""]


def test_a_store_that_somebody_else_holds_can_be_tried_again(demo, monkeypatch):
    def busy(store: Store) -> str:
        raise StoreBusyError("process 4711 holds the file.")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "version", busy)
        app = visit(PAGE, demo, monkeypatch)
    assert app.error[0].value == "process 4711 holds the file."
