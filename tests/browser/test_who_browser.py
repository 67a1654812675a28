"""Who speaks, in a browser: a name is said once, remembered over visits, signs what is said, and is never run."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Page, expect

from metrics.ui.author import COOKIE, LONGEST
from tests.browser.conftest import ready

WINDOW = "since=2026-11-19T14:20&until=2026-11-19T15:20&line=web//jobs/export/http.server.request.duration.p95"
NAMES = [
    # Markup, a script's string, a cookie's attributes and Markdown, none of which may mean anything.
    """"><img src=x onerror=alert(1)>'; max-age=0;**a** :red[x] $b$""",
    "佐藤 さくら",
]


def name_shown(page: Page) -> str:
    return page.locator(".st-key-who").get_by_test_id("stMarkdownContainer").first.inner_text()


def introduce(page: Page, name: str) -> None:
    """As somebody does: open the field in the header, write, press Enter."""
    page.locator(".st-key-who button:visible").click()
    field = page.locator(".st-key-who-field input")
    field.fill(name)
    field.press("Enter")
    page.wait_for_function("cookie => document.cookie.includes(cookie + '=')", arg=COOKIE)
    ready(page)


@pytest.mark.parametrize("name", NAMES, ids=["markup", "japanese"])
def test_a_name_is_remembered_and_signs_what_is_said(name: str, demo_app, open_page):
    page = open_page(demo_app)
    assert name_shown(page) == "Who are you?"
    introduce(page, name)
    assert name_shown(page) == name

    again = open_page(f"{demo_app}/spikes?{WINDOW}", storage=page.context.storage_state())
    dialogs: list[str] = []
    again.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    assert name_shown(again) == name
    again.get_by_label("Note", exact=True).fill(f"Seen by {name}")
    again.get_by_role("button", name="Keep note").click()
    expect(again.get_by_text(f"{name}, ").first).to_be_visible()
    ready(again)
    assert (dialogs, again.title()) == ([], "Spikes · Tomoni")
    assert again.locator(".st-key-bar img, .st-key-who a").count() == 0
    assert again.evaluate("document.documentElement.scrollWidth") <= 1440


def test_another_browser_knows_nobody_and_a_name_can_be_taken_back(demo_app, open_page):
    page, other = open_page(demo_app), open_page(f"{demo_app}/spikes?{WINDOW}")
    introduce(page, "Mika")
    other.reload()
    ready(other)
    assert name_shown(other) == "Who are you?"
    expect(other.get_by_role("button", name="Keep note")).to_be_disabled()

    field = page.locator(".st-key-who-field input")
    field.fill("")
    field.press("Enter")
    page.wait_for_function("cookie => !document.cookie.includes(cookie)", arg=COOKIE)
    page.reload()
    ready(page)
    assert name_shown(page) == "Who are you?"


def header_box(page: Page) -> FloatRect | None:
    """Once its rules, the menu and the name's button have come: browsers load each apart, and after the words."""
    for part in (".st-key-who button:visible", ".st-key-bar a:visible >> nth=-1"):
        page.locator(part).wait_for()
    page.wait_for_function("getComputedStyle(document.querySelector('.st-key-bar')).borderBottomWidth === '1px'")
    return page.locator(".st-key-bar").bounding_box()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_longest_name_leaves_the_header_in_place(width: int, demo_app, open_page):
    page = open_page(demo_app, width=width, height=844)
    before = header_box(page)
    introduce(page, "M" * LONGEST)
    page.reload()
    ready(page)
    assert header_box(page) == before
    assert page.evaluate("document.documentElement.scrollWidth") <= width
