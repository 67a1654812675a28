"""Every page in a browser: deep links on a fresh server, filters in the URL, contrast, and nobody else asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import ready, serve, visit
from tests.pages import deployments

PATHS = {
    "/": "Home",
    "/review": "Review",
    "/explore": "Explore",
    "/spikes": "Spikes",
    "/delivery": "Delivery",
    "/batches": "Batches",
    "/alerts": "Alerts",
    "/actions": "Actions",
    "/coverage": "Coverage",
    "/sources": "Sources",
}


@pytest.mark.parametrize(("path", "title"), PATHS.items())
def test_the_first_deep_link_on_a_fresh_server_opens_the_right_page_in_the_right_frame(
    path, title, tmp_path: Path, open_page
):
    with serve(deployments.one_series(tmp_path)) as url:
        page = open_page(url + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator(".st-key-bar").get_by_role("link")).to_have_text(list(PATHS.values()))
        assert page.url == url + path
        assert page.get_by_role("dialog").count() == 0
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_and_width(scheme, demo_app, open_page):
    page = open_page(demo_app, scheme=scheme)
    for path in PATHS:
        visit(page, demo_app + path)
        found = Axe().run(page, options={"runOnly": ["color-contrast"]})
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_the_header_is_one_line_even_with_two_services(tmp_path_factory, open_page):
    folder = deployments.demo(tmp_path_factory, weeks=4)
    deployments.one_series(folder, service="this-machine")
    with serve(folder) as url:
        page = open_page(f"{url}/?service=jobs")
        _is_lower_than(60, page)
        phone = open_page(f"{url}/?service=jobs", width=390, height=844)
        _is_lower_than(156, phone)
        page.context.close()
        phone.context.close()


def _is_lower_than(height: int, page: Page) -> None:
    """The header, once its parts have arrived: until then their placeholders are higher."""
    page.wait_for_function(f"document.querySelector('.st-key-bar').getBoundingClientRect().height < {height}")


def test_usable_on_a_phone(demo_app, open_page):
    page = open_page(demo_app, width=390, height=844)
    for path in PATHS:
        visit(page, demo_app + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = page.get_by_role("heading", level=1).bounding_box()
        assert box is not None
        assert box["x"] >= 0


def test_home_fits_its_story_on_the_first_screen(demo_app, open_page):
    page = open_page(demo_app)
    expect(page.get_by_test_id("stMetric")).to_have_count(8)
    expect(page.locator(".js-plotly-plot")).to_have_count(8)
    # What moved, the tiles, and of either side a row of charts.
    chart = page.locator(".js-plotly-plot").first.bounding_box()
    assert chart is not None
    assert chart["y"] + chart["height"] < 900


def test_a_filter_is_in_the_url_and_the_url_is_the_view(demo_app, open_page):
    page = open_page(demo_app)
    page.get_by_role("radio", name="Infra").click()
    expect(page).to_have_url(re.compile("view=infra"))
    expect(page.get_by_test_id("stMetric")).to_have_count(4)
    again = open_page(page.url)
    expect(again.get_by_test_id("stMetric")).to_have_count(4)


def test_a_tile_opens_explore_with_the_same_period(demo_app, open_page):
    page = open_page(f"{demo_app}/?period=custom&since=2026-11-18T00:00&until=2026-11-20T00:00")
    page.locator(".st-key-headline").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Explore")
    ready(page)
    expect(page).to_have_url(re.compile(r"/explore\?.*since=2026-11-18T00%3A00.*component=web&indicator="))
    expect(page.get_by_text("18 – 19 Nov 2026")).to_be_visible()


def test_the_menu_keeps_the_period(demo_app, open_page):
    page = open_page(f"{demo_app}/?period=4w")
    page.locator(".st-key-bar").get_by_role("link", name="Explore").click()
    expect(page).to_have_url(re.compile(r"/explore\?period=4w"))


def test_a_row_of_the_table_opens_explore(demo_app, open_page):
    page = open_page(demo_app)
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 260, "y": 50})
    expect(page.get_by_role("heading", level=1)).to_have_text("Explore")
    expect(page).to_have_url(re.compile("component=.+&indicator="))


def test_dragging_across_explores_chart_zooms_in(demo_app, open_page):
    page = open_page(f"{demo_app}/explore?component=web&indicator=cpu")
    chart = page.locator(".js-plotly-plot .nsewdrag").last
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("period=custom.*since="))
    expect(page.get_by_text("raw samples", exact=False).first).to_be_visible()


def test_the_rows_and_the_sql_behind_a_chart(demo_app, open_page):
    page = open_page(f"{demo_app}/explore?component=web&indicator=cpu")
    page.get_by_text("The SQL that made it").click()
    expect(page.get_by_test_id("stCode")).to_contain_text("FROM v_samples")
    page.get_by_text("The rows behind it").click()
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    assert "system.cpu.utilization" in Path(download.value.path()).read_text()


def test_a_delivery_figure_opens_the_deployments_behind_it(demo_app, open_page):
    page = open_page(f"{demo_app}/delivery?span=6m")
    page.get_by_role("button", name="Rework rate").click()
    expect(page).to_have_url(re.compile(r"span=6m&figure=rework_rate"))
    expect(page.get_by_role("heading", name="behind rework rate")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page).to_have_url(re.compile(r"/delivery\?span=6m$"))


def test_collect_now_brings_this_machines_figures(tmp_path: Path, open_page):
    with serve(tmp_path) as url:
        page = open_page(f"{url}/sources")
        page.get_by_role("button", name="Collect this machine now").click()
        expect(page.get_by_test_id("stToast")).to_contain_text("host")
        expect(page.get_by_text("1 source, and it answers.")).to_be_visible()
        page.context.close()


def test_a_chip_of_the_coverage_matrix_opens_its_hole_with_what_to_mend(demo_app, open_page):
    page = open_page(f"{demo_app}/coverage?state=all")
    page.get_by_role("link", name="Cache hit ratio").click()
    expect(page).to_have_url(re.compile(r"/coverage\?state=all&component=cache&indicator=cache\.hit_ratio"))
    expect(page.get_by_role("heading", name="Cache · Cache hit ratio")).to_be_visible()
    expect(page.get_by_test_id("stCode").first).to_contain_text("cloudwatch:GetMetricData is not allowed")
    expect(page.get_by_test_id("stCode").last).to_contain_text("replication_group: cache")
    expect(page.locator(".coverage a[aria-current]")).to_have_text("✗ Cache hit ratio")
