"""Spikes in a browser: from Home in three clicks, a drag on any chart, keys, a note, and a link that stays."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, ready

WINDOW = "since=2026-11-19T14:20&until=2026-11-19T15:20&line=web//jobs/export/http.server.request.duration.p95"
HEADING = "heading"


def drag(page: Page, chart: Locator, start: int, end: int) -> None:
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start, height)
    page.mouse.down()
    page.mouse.move(box["x"] + end, height, steps=4)
    page.mouse.up()


def test_from_home_to_the_rows_of_a_line_that_moved_in_three_clicks(demo_app, open_page):
    page = open_page(demo_app)
    page.locator(".st-key-item-0").get_by_role("link").click()
    expect(page.get_by_role(HEADING, level=1)).to_have_text("Spikes")
    expect(page).to_have_url(re.compile("item="))
    expect(page.get_by_role(HEADING, name="Suspects")).to_be_visible()
    ready(page)
    page.locator("[class*=st-key-chart-moved]").first.get_by_role("link").click()
    expect(page.get_by_role(HEADING, level=1)).to_have_text("Explore")
    expect(page).to_have_url(re.compile("period=custom.*since=.*until="))
    page.get_by_text("The rows behind it").click()
    expect(page.get_by_test_id("stDownloadButton")).to_be_visible()


def test_a_drag_on_a_chart_of_home_looks_into_that_window(demo_app, open_page):
    page = open_page(demo_app)
    drag(page, page.locator(".js-plotly-plot .nsewdrag").first, 100, 160)
    expect(page.get_by_role(HEADING, level=1)).to_have_text("Spikes")
    expect(page).to_have_url(re.compile(r"since=.*until=.*line=web%2Fhttp"))


def test_explore_leads_to_the_window_that_was_dragged(demo_app, open_page):
    page = open_page(f"{demo_app}/explore?component=web&indicator=cpu")
    drag(page, page.locator(".js-plotly-plot .nsewdrag").last, 300, 420)
    page.get_by_text("Look into this window").click()
    expect(page.get_by_role(HEADING, level=1)).to_have_text("Spikes")
    expect(page).to_have_url(re.compile(r"since=.*until=.*line=web%2Fsystem.cpu"))


def test_a_drag_on_the_time_axis_is_the_next_window(demo_app, open_page):
    page = open_page(f"{demo_app}/spikes?{WINDOW}")
    expect(page.get_by_text("window: Thu 19 Nov, 14:20 – 15:20")).to_be_visible()
    drag(page, page.locator(".st-key-spikes-time .js-plotly-plot .nsewdrag").last, 200, 300)
    expect(page).not_to_have_url(re.compile("since=2026-11-19T14%3A20"))
    expect(page.get_by_text("window: Thu 19 Nov, 14:20 – 15:20")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_a_drill_down_reads_well_and_fits(scheme, width, demo_app, open_page):
    page = open_page(f"{demo_app}/spikes?{WINDOW}", scheme=scheme, width=width)
    page.get_by_text("ruled out").click()
    ready(page)
    found = Axe().run(page, options={"runOnly": ["color-contrast"]})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def press(page: Page, key: str) -> None:
    """Once all is drawn: a button listens to its key a moment after it is seen."""
    ready(page)
    expect(page.locator(".st-key-spikes-time .js-plotly-plot")).to_have_count(1)
    page.wait_for_timeout(500)
    page.keyboard.press(key)


def test_keys_go_through_the_agenda_but_not_while_somebody_types(demo_app, open_page):
    page = open_page(demo_app)
    page.locator(".st-key-item-0").get_by_role("link").click()
    expect(page.get_by_text("1 of ")).to_be_visible()
    press(page, "n")
    expect(page.get_by_text("2 of ")).to_be_visible(timeout=PATIENCE_MS)
    press(page, "p")
    expect(page.get_by_text("1 of ")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("textbox", name="Note").press_sequentially("nn")
    ready(page)
    expect(page.get_by_text("1 of ")).to_be_visible()


def test_a_note_is_kept_and_whoever_opens_the_link_reads_it(demo_app, open_page):
    page = open_page(f"{demo_app}/spikes?{WINDOW}")
    page.get_by_label("Your name").fill("Mika")
    page.get_by_label("Your name").press("Enter")
    page.get_by_role("textbox", name="Note").fill("A client exports everything, every day")
    page.get_by_role("button", name="Keep note").click()
    expect(page.get_by_text("A client exports everything, every day")).to_be_visible()
    link = page.locator("[data-testid=stCode]").inner_text()
    assert link.startswith(f"{demo_app}/spikes?service=jobs&since=2026-11-19T14:20")
    again = open_page("".join(link.split()))
    expect(again.get_by_text("A client exports everything, every day")).to_be_visible()
    expect(again.get_by_text("Mika, ")).to_be_visible()
