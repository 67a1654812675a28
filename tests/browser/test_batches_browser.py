"""The Batches page in a browser: a click chooses a job, the runs behind it can be taken along."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import ready


def test_a_click_on_a_job_chooses_it_and_the_link_says_so(demo_app, open_page):
    page = open_page(f"{demo_app}/batches")
    expect(page.locator(".js-plotly-plot")).to_have_count(5)
    page.locator(".st-key-jobs").get_by_test_id("stDataFrame").click(position={"x": 60, "y": 105})
    expect(page).to_have_url(re.compile("job=mail-digest"))
    expect(page.get_by_text("What else was higher while mail-digest ran")).to_be_visible()
    again = open_page(page.url)
    expect(again.get_by_text("What else was higher while mail-digest ran")).to_be_visible()


def test_what_was_higher_opens_explore_with_the_batches_above_it(demo_app, open_page):
    page = open_page(f"{demo_app}/batches?period=4w")
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    table.click(position={"x": 60, "y": 45})
    expect(page.get_by_role("heading", level=1)).to_have_text("Explore")
    expect(page).to_have_url(re.compile("period=4w.*component=aurora-main.*event=batch_run"))


def test_the_runs_behind_a_job_are_read_and_downloaded(demo_app, open_page):
    page = open_page(f"{demo_app}/batches")
    page.get_by_text("The runs behind it").click()
    expect(page.get_by_text("7 runs ·")).to_be_visible()
    ready(page)
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("started_at,ended_at,duration_s,status,rows,deadline,slack_s")
    assert len(lines) == 8
