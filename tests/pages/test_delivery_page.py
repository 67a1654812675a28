"""The Delivery page as a visitor uses it, and that it says the same as Home, Explore and the command line."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics import cli, config
from metrics.collect._demo.decisions import AUTHORS
from metrics.model import Entry, Event, Window
from metrics.review.delivery.figure import FailRate, Floor, Spread
from metrics.review.period import Period
from metrics.store import Store, entries, write
from metrics.ui import delivery_loading, loading
from metrics.ui.delivery_tiles import PIPELINE, USERS
from metrics.ui.delivery_words import TITLES
from tests.pages import deployments
from tests.pages.test_pages import said, visit

PAGE = "pages/4_delivery.py"
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SUSPECTED, BLAMED = "incident-86", "deploy-1549"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=26)


@pytest.fixture
def own(demo: Path, tmp_path: Path) -> Path:
    """A copy to judge in."""
    return shutil.copytree(demo, tmp_path / "own")


def figures(app: AppTest) -> dict[str, tuple[str, str]]:
    """(what it rests on, the figure) by name, in the order of the tiles."""
    assert not app.exception
    assert len(app.metric) == len(USERS + PIPELINE)
    return {name: (m.label, str(m.value)) for name, m in zip(USERS + PIPELINE, app.metric, strict=True)}


def test_each_figure_says_what_it_rests_on(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch)
    told = figures(app)
    assert told["deployment_frequency"] == ("79 deployments", "6 / week")
    assert told["change_fail_rate"] == ("9 of 69 deployments, 2 to review", "13 – 16 %")
    assert told["rework_rate"][0] == "10 of 79 deployments"
    text = said(app)
    assert "DORA 2025: about 24 %" in text
    assert "before: " in text
    assert "2 causes wait for a review below" in text
    assert [each.value for each in app.subheader][-1] == "79 deployments"


def test_a_period_before_the_first_deployment_makes_deployments_no_rarer(demo, monkeypatch):
    half, whole = (figures(visit(PAGE, demo, monkeypatch, span=span)) for span in ("6m", "12m"))
    assert half == whole


def test_a_figure_opens_the_deployments_behind_it_those_that_count_first(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, figure="change_fail_rate", span="6m", by="month")
    assert not app.exception
    (heading,) = [each.value for each in app.subheader if "behind" in each.value]
    table = app.dataframe[0].value
    assert heading == f"{len(table)} deployments behind change fail rate"
    k, n = figures(app)["change_fail_rate"][0].split(" deployments")[0].split(" of ")
    assert (table["failed"] == "✖ failed").sum() == int(k)
    assert len(table) == int(n)
    assert list(table["failed"] != "") == sorted(table["failed"] != "", reverse=True)
    assert table["url"].str.startswith("https://").all()


@pytest.mark.parametrize(
    ("figure", "heading", "columns"),
    [
        ("build_duration", r"(\d+) builds behind build duration", [{"job", "took", "commit"}]),
        (
            "incident_recovery_time",
            r"(\d+) incidents behind recovery, all incidents",
            [{"lasted", "severity", "cause"}],
        ),
        ("fix_floor", r"(\d+) builds and \d+ deployments behind a fix takes", [{"job", "took"}, {"alone", "what"}]),
        ("image_wait", r"(\d+) deployments behind image to deployment", [{"ready", "what"}]),
    ],
)
def test_every_figure_opens_the_rows_behind_it(demo, monkeypatch, figure, heading, columns):
    app = visit(PAGE, demo, monkeypatch, figure=figure)
    assert not app.exception
    (found,) = [found for each in app.subheader if (found := re.match(heading, each.value))]
    tables = [each.value for each in app.dataframe[: len(columns)]]
    assert [wanted <= set(table) for wanted, table in zip(columns, tables, strict=True)] == [True] * len(columns)
    assert len(tables[0]) == int(found[1])
    (production,) = [each for each in seen_of(demo).service.environments if each.counts]
    match getattr(production.now, figure).value:
        case Floor(build, deploy):
            assert [len(table) for table in tables] == [build.n, deploy.n]
        case Spread(n) if figure == "image_wait":
            assert (~tables[0]["ready"].eq("built meanwhile")).sum() == n
        case Spread(n):
            assert len(tables[0]) == n
        case other:
            pytest.fail(f"no figure: {other}")


def seen_of(folder: Path) -> delivery_loading.Seen:
    seen = delivery_loading.seen(folder, config.load(folder).services[0], 3, "week", datetime.now(UTC))
    assert seen is not None
    return seen


def test_how_long_images_lay_ready_or_that_nobody_collects_them(demo, folder, monkeypatch):
    text = said(visit(PAGE, demo, monkeypatch))
    assert re.search(r"\d+ of \d+ images were built on a day before their deployment", text)
    assert re.search(r"\d+ deployments had to build their own first", text)
    text = said(visit(PAGE, few(folder), monkeypatch))
    assert "no pushes of shop's images are collected" in text


def test_a_figure_that_there_is_not_is_explained(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, figure="velocity")
    assert "`figure=velocity` in this link is not known" in app.warning[0].value


def test_another_environment_has_no_figures_of_users(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, environment="staging")
    assert not app.exception
    assert len(app.metric) == 5
    assert "**Jobs**, staging" in said(app)


def test_nothing_is_judged_without_a_name(own, monkeypatch):
    app = visit(PAGE, own, monkeypatch)
    assert app.button(key=f"confirm-jobs/incident/{SUSPECTED}").disabled
    name(app)
    assert not app.button(key=f"confirm-jobs/incident/{SUSPECTED}").disabled


def name(app: AppTest) -> None:
    app.text_input(key="author-field").set_value("Mika").run()


def test_a_suspicion_is_confirmed_in_one_click_and_taken_back_in_another(own, monkeypatch, capsys):
    app = visit(PAGE, own, monkeypatch)
    name(app)
    app.button(key=f"confirm-jobs/incident/{SUSPECTED}").click().run()
    assert figures(app)["change_fail_rate"] == ("10 of 69 deployments, 1 to review", "14 – 16 %")
    assert "says Mika" in said(app)
    assert judged(own, capsys) == [(SUSPECTED, "confirmed", BLAMED, "Mika", None)]
    app.button(key=f"undo-jobs/incident/{SUSPECTED}").click().run()
    assert figures(app)["change_fail_rate"][0] == "9 of 69 deployments, 2 to review"
    assert judged(own, capsys) == []
    with Store(own / "tomoni.duckdb").read() as db:
        kept = entries.history(db, "cause", "jobs", f"incident/{SUSPECTED}")
    assert [each.said for each in kept] == [{"deployment": BLAMED, "cause": None}, None]


def test_two_people_at_once_are_shown_each_others_word(own, monkeypatch):
    app = visit(PAGE, own, monkeypatch)
    name(app)
    store, subject = Store(own / "tomoni.duckdb"), f"incident/{SUSPECTED}"
    entries.add(
        store, Entry(datetime.now(UTC), "Ren", "cause", "jobs", subject, {"deployment": None, "cause": "quota"})
    )
    app.button(key=f"confirm-jobs/{subject}").click().run()
    assert not app.exception
    assert "**Ren** said" in said(app)
    app.button(key=f"mine-cause-{subject}").click().run()
    with store.read() as db:
        kept = entries.history(db, "cause", "jobs", subject)
    assert [each.author for each in kept] == ["Ren", "Mika"]


def test_no_change_was_the_cause(own, monkeypatch, capsys):
    app = visit(PAGE, own, monkeypatch)
    name(app)
    app.button(key=f"quota-jobs/incident/{SUSPECTED}").click().run()
    assert figures(app)["change_fail_rate"][0] == "9 of 69 deployments, 1 to review"
    assert "caused by no change: quota or limit, says Mika" in said(app)
    assert judged(own, capsys) == [(SUSPECTED, "rejected", None, "Mika", "quota")]


def test_another_deployment_was_the_cause(own, monkeypatch, capsys):
    app = visit(PAGE, own, monkeypatch)
    name(app)
    picker = app.selectbox(key=f"choose-jobs/incident/{SUSPECTED}")
    other = next(option for option in picker.options if "deploy-1547" in option)
    picker.select(other).run()
    assert not app.exception
    assert judged(own, capsys) == [(SUSPECTED, "confirmed", "deploy-1547", "Mika", None)]


def test_what_a_source_states_can_be_changed_too(own, monkeypatch, capsys):
    app = visit(PAGE, own, monkeypatch)
    name(app)
    app.session_state["other-causes"] = True
    app.run()
    stated = next(key for key in keys(app) if key.startswith("traffic-jobs/incident/") and SUSPECTED not in key)
    app.button(key=stated).click().run()
    assert not app.exception
    assert judged(own, capsys)[0][1:] == ("rejected", None, "Mika", "traffic")


def keys(app: AppTest) -> list[str]:
    return [str(button.key) for button in app.button]


def judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str | None, ...]]:
    """Whatever somebody's word decided, as the command line tells it; the demo's own teams have judged some too."""
    links = printed(folder, capsys)["links"]
    asked = ("incident", "state", "deployment", "confirmed_by", "cause")
    return [tuple(link[key] for key in asked) for link in links if link["confirmed_by"] not in (None, *AUTHORS)]


def printed(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict:
    capsys.readouterr()
    assert cli.main(["--data", str(folder), "delivery", "--format", "json", *more]) == 0
    return json.loads(capsys.readouterr().out)["services"][0]["environments"][0]


def test_without_deployments_the_page_says_how_to_get_some(folder, monkeypatch):
    app = visit(PAGE, deployments.one_series(folder), monkeypatch)
    assert not app.exception
    assert not app.metric
    assert "No deployments of shop are known yet" in app.info[0].value
    assert "import FILE --as deployments" in app.info[0].value


def test_fewer_than_five_deployments_are_no_rate(folder, monkeypatch):
    told = figures(visit(PAGE, few(folder), monkeypatch))
    assert told["deployment_frequency"] == ("4 deployments, fewer than 5", "too few")
    assert told["change_fail_rate"] == ("no incidents are collected", "–")
    assert told["change_lead_time"] == ("0 deployments, fewer than 5", "none")
    assert not [value for _, value in told.values() if value.startswith("0")]


def few(folder: Path, title: str = "release", url: str = "https://ci.example/1") -> Path:
    """Four deployments, and no other data."""
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "import", "deployments.csv")
    write.batches(store, run, [
        Event("shop", "deployment", f"d{n}", AT + n * timedelta(hours=30), "import", AT, "web",
              AT + n * timedelta(hours=30) + timedelta(minutes=9), "succeeded", f"{title} {n}", url,
              {"environment": "production", "version": f"v{n}"})
        for n in range(4)
    ])  # fmt: skip
    write.end_run(store, run, "done")
    return folder


def test_what_a_source_says_is_no_markdown_and_its_address_no_script(folder, monkeypatch):
    few(folder, url="javascript:alert(1)")
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "import", "incidents.csv")
    began = AT + timedelta(hours=31)
    title = "![x](https://evil.example/x.png) <b>"
    write.batches(store, run, [Event("shop", "incident", "i*1", began, "import", AT, "web",
                                     began + timedelta(hours=1), "resolved", title, "javascript:alert(1)")])  # fmt: skip
    write.end_run(store, run, "done")
    app = visit(PAGE, folder, monkeypatch)
    assert not app.exception
    (told,) = [each.value for each in app.markdown if "evil" in each.value]
    assert "![" not in told.replace("\\!\\[", "")
    assert "javascript" not in said(app)
    assert app.dataframe[-1].value["url"].isna().all()


def test_all_give_the_same_number_for_the_same_question(demo, monkeypatch, capsys):
    """Deployments to production that ended in the Delivery page's period, well or not."""
    app = visit(PAGE, demo, monkeypatch)
    of_page = app.dataframe[-1].value
    service, seen = config.load(demo).services[0], seen_of(demo)
    window = seen.delivery.window
    since, until = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (window.start, window.end))
    of_command = printed(demo, capsys, "--since", since, "--until", until)
    reached = of_command["now"]["deployment_frequency"]["value"]["n"]
    assert figures(app)["deployment_frequency"][0] == f"{reached} deployments"
    assert (of_page["status"] == "succeeded").sum() == reached

    exact = Window(window.start, datetime.fromisoformat(until))
    for marks in (
        loading.events(demo, service, exact, ("deployment",)),
        loading.home(demo, config.load(demo), service, Period(exact, service.time_zone)).marks,
    ):
        marked = [mark for mark in marks if mark.kind == "deployment"]
        assert len(marked) == len(of_page)
        assert sum(mark.status in ("success", "succeeded") for mark in marked) == reached

    (production,) = [each for each in seen.service.environments if each.counts]
    rate = production.now.change_fail_rate.value
    assert isinstance(rate, FailRate)
    assert of_command["now"]["change_fail_rate"]["value"]["confirmed"]["k"] == rate.confirmed.k
    assert set(TITLES) == {*USERS, *PIPELINE, "image_wait"}


def test_events_lead_to_their_source_from_home_and_explore(demo, monkeypatch):
    for page, query in (("app.py", {}), ("pages/2_explore.py", {"component": "web", "indicator": "cpu"})):
        app = visit(page, demo, monkeypatch, **query)
        before = len(app.dataframe)
        app.session_state["happened"] = True
        app.run()
        assert not app.exception
        assert len(app.dataframe) == before + 1
        (table,) = [each.value for each in app.dataframe if "began" in each.value]
        assert set(table["kind"]) <= {"deployment", "incident"}
        assert table["url"].str.startswith("https://jobs.example.com/").all()
