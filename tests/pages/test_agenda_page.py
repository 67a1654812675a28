"""Home leads with what moved: at most seven lines that open their drill-down, or one sentence that says why none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from metrics import catalog, config
from metrics.model import Service
from metrics.store import Store
from metrics.trends.agenda import Agenda
from metrics.trends.alerts import agenda_now, look, services_of
from metrics.ui.finding_words import NEWS, item_sentence
from tests.pages import deployments
from tests.pages.test_pages import said, visit
from tests.trends.made import fill, lines_of

HOURLY = 3_600
FOUR_WEEKS_AGO = datetime(2026, 10, 26, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=26)


@pytest.fixture(scope="module")
def known(demo: Path) -> tuple[Service, Agenda]:
    """What the page has to show of the last four weeks."""
    settings, store = config.load(demo), Store(demo / "tomoni.duckdb")
    (service,) = services_of(store, settings)
    return service, agenda_now(store, settings, service, deployments.NOW, FOUR_WEEKS_AGO)


@pytest.fixture
def home(demo: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    app = visit("app.py", demo, monkeypatch, period="4w")
    assert not app.exception
    return app


def links(app: AppTest) -> list[tuple[str, str]]:
    """Each line of the agenda: what it says, and the item that it opens."""
    found = [each.proto for each in app.get("page_link")]
    asked = [(each.label, parse_qs(each.query_string).get("item")) for each in found if each.page.endswith("spikes")]
    return [(label, item[0]) for label, item in asked if item]


def test_each_item_is_a_line_that_opens_its_drill_down(home, known):
    service, found = known
    assert 1 <= len(found.items) <= 7
    indicators = catalog.load().indicators
    told = [(item_sentence(item, indicators, service.time_zone), item.id) for item in found.items]
    assert links(home) == told


def test_it_says_how_much_of_what_is_new_and_whose_it_is(home, known):
    service, found = known
    n = len(found.items)
    assert f"{n} thing{'s are' if n > 1 else ' is'} worth a look · as of " in said(home)
    badges = [each.value for each in home.markdown if "-badge[" in each.value][-n:]
    assert [each.partition("[")[2].removesuffix("]") for each in badges] == [NEWS[item.news] for item in found.items]
    titles = {team.name: team.title for team in service.teams}
    owners = [" and ".join(titles[name] for name in item.owners) for item in found.items]
    captions = [each.value for each in home.caption]
    assert [each for each in captions if each in owners] == owners


def test_the_rest_is_below_the_fold_and_not_drawn_until_it_is_opened(home, known):
    _, found = known
    assert found.rest
    assert f"{len(found.rest)} more below the fold" in [each.label for each in home.expander]
    assert {item.id for item in found.rest}.isdisjoint(item for _, item in links(home))


def test_each_tile_says_how_it_stands_and_how_old_that_is(home):
    told = [each.value.split(" · ") for each in home.caption if each.value.startswith(("changed", "steady", "over "))]
    assert len(told) == len(home.metric) == 8
    assert {state.partition(" ")[0] for state, _ in told} == {"changed", "steady", "over"}
    assert all(age.startswith("as of ") for _, age in told)


def test_of_a_period_before_all_looks_it_says_that_nobody_looked(demo, monkeypatch):
    query = {"since": "2026-08-03T00:00", "until": "2026-08-10T00:00"}
    app = visit("app.py", demo, monkeypatch, period="custom", **query)
    assert not app.exception
    assert "What moved: not looked for yet" in said(app)
    assert links(app) == []


def test_a_store_that_nobody_looked_at_says_so_in_one_sentence(folder, monkeypatch):
    app = visit("app.py", deployments.one_series(folder), monkeypatch)
    assert not app.exception
    (told,) = [each.value for each in app.caption if "What moved" in each.value]
    assert told == (
        "What moved: not looked for yet. Trend alerts need two weeks of data; they look after each collection, or now "
        "with `python -m metrics findings`."
    )
    assert links(app) == []


def test_a_quiet_week_says_so(folder, monkeypatch):
    fill(folder, lines_of(3, HOURLY), 3)
    assert look(config.load(folder), deployments.NOW, may_send=False) > 0
    app = visit("app.py", folder, monkeypatch)
    assert not app.exception
    assert "a quiet week: nothing moved that is worth a look · as of" in said(app)
    assert links(app) == []
    assert {each.value.partition(" · ")[0] for each in app.caption} >= {"steady"}
