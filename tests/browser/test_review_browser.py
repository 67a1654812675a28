"""A whole review in two browsers: opened, held by keys, both at once, closed, read in four forms, and the next one."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from metrics import cli
from metrics.review.actions import Action, actions, entry
from metrics.store import Store, entries
from metrics.ui.review_drafts import MARK
from tests.browser.conftest import PATIENCE_MS, ready, serve, visit
from tests.pages import deployments

# Each sees the other's entry within two seconds, on a machine that has nothing else to do.
BUSY = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
SEEN_MS, MOVED_S = 2_000 * BUSY, 0.5 * BUSY
HELD = "2026-11-23"


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """For whatever has no promise of its own."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=4)


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[str]:
    with serve(folder) as url:
        yield url


def enter(open_page: Callable[..., Page], url: str, name: str) -> Page:
    """Somebody opens the page and says who they are."""
    page = open_page(url)
    page.locator(".st-key-review-opening").get_by_label("Your name").fill(name)
    page.locator(".st-key-review-opening").get_by_label("Your name").press("Enter")
    expect(page.get_by_text(f"as {name}")).to_be_visible()
    return page


def press(page: Page, *keys: str) -> None:
    ready(page)
    for key in keys:
        page.keyboard.press(key)


def place(page: Page) -> str:
    """`3 of 18`."""
    return page.locator(".st-key-review-bar").get_by_text(re.compile(r"^(\d+ of \d+|end)$")).inner_text()


def section(page: Page) -> str:
    return page.locator(".st-key-review-bar strong").inner_text()


def move(page: Page, key: str) -> float:
    """To another item; how many seconds it took."""
    ready(page)
    before, at = place(page), time.monotonic()
    page.keyboard.press(key)
    expect(page.locator(".st-key-review-bar").get_by_text(before, exact=True)).to_have_count(0)
    return time.monotonic() - at


def explain(page: Page) -> None:
    press(page, "e", "1")
    expect(page.locator(".st-key-review-holds")).to_contain_text("Explained")


def at_once(*pages: Page, button: str) -> None:
    """Click in all of them in the same moment."""
    moment = time.time() * 1000 + 700
    for page in pages:
        page.evaluate(
            "([what, at]) => { setTimeout(() => document.querySelector(what).click(), at - Date.now()); }",
            [button, moment],
        )


def test_a_whole_review_in_two_browsers(app, folder, open_page):
    mika, ren = (enter(open_page, f"{app}/review", name) for name in ("Mika", "Ren"))
    _opens(mika, ren)
    _sees_what_the_other_says_while_typing(mika, ren)
    _types_and_loads_the_page_anew(ren)
    _types_before_the_field_is_there(ren)
    _both_at_once(mika, ren, folder)
    _goes_through_the_rest_by_keys(mika)
    _writes_an_action(mika, folder)
    _closes(mika, ren)
    _is_read_in_four_forms(mika)
    _judges_the_action_next_time(mika, folder, app)


def _opens(mika: Page, ren: Page) -> None:
    mika.get_by_label("Attendees").fill("Mika, Ren")
    mika.get_by_label("Place").fill("Room 3")
    mika.get_by_role("button", name="Open the review").click()
    expect(mika.get_by_role("button", name="Meeting mode")).to_be_visible()
    expect(ren.get_by_role("button", name="Meeting mode")).to_be_visible()
    expect(ren.get_by_text("attendees: Mika, Ren")).to_be_visible()
    for page in (mika, ren):
        page.get_by_role("button", name="Meeting mode").click()
        expect(page.locator(".st-key-review-headline")).to_be_visible()


def _to_what_moved(page: Page) -> None:
    """The first item of the second section."""
    while section(page) != "2 · What moved":
        move(page, "n")


def _sees_what_the_other_says_while_typing(mika: Page, ren: Page) -> None:
    _to_what_moved(mika)
    _to_what_moved(ren)
    press(ren, "w")
    ren.keyboard.type("it was an ex")
    explain(mika)
    expect(ren.locator(".st-key-review-holds")).to_contain_text("Mika", timeout=SEEN_MS)
    ren.keyboard.type("port")
    expect(ren.get_by_label("Your own words")).to_have_value("it was an export")
    press(ren, "Escape")
    ren.get_by_role("button", name="Keep as a note").click()
    expect(mika.locator(".st-key-review-notes")).to_contain_text("it was an export", timeout=SEEN_MS)
    press(mika, "u")
    expect(mika.locator(".st-key-review-holds")).to_have_count(0)
    expect(ren.locator(".st-key-review-holds")).to_have_count(0, timeout=SEEN_MS)


def _types_and_loads_the_page_anew(ren: Page) -> None:
    """Whether the field was left or not; once it is kept, it does not come back."""
    words = ren.get_by_label("Your own words")
    for typed, key in (("half a", "Escape"), (" sentence", "ArrowRight")):
        words.press("End")
        ren.keyboard.type(typed)
        ren.keyboard.press(key)
        ready(ren)
        ren.reload()
    expect(words).to_have_value(re.compile(f"^half a sentence{MARK}?$"))
    expect(ren.get_by_text("Written earlier and not kept yet")).to_be_visible()
    ren.get_by_role("button", name="Keep as a note").click()
    expect(ren.locator(".st-key-review-notes")).to_contain_text("half a sentence")
    expect(words).to_have_value("")
    ren.wait_for_function("!Object.keys(sessionStorage).some((name) => name.startsWith('draft/'))")
    ren.reload()
    ready(ren)
    expect(words).to_have_value("")


def _types_before_the_field_is_there(ren: Page) -> None:
    """None of the letters is taken for a key: `n` would go on, `e` to an answer."""
    ready(ren)
    at = int(place(ren).split()[0])
    for key in ("N", "w"):
        ren.keyboard.press(key)
    ren.keyboard.type("seen")
    ready(ren)
    words = ren.get_by_label("Your own words")
    expect(words).to_have_value("seen")
    expect(words).to_be_focused()
    assert int(place(ren).split()[0]) == at + 1
    words.fill("")
    press(ren, "Escape")
    move(ren, "p")


def _both_at_once(mika: Page, ren: Page, folder: Path) -> None:
    """One of them is first; the other is shown both, and asked."""
    for page in (mika, ren):
        ready(page)
        expect(page.locator(".st-key-review-way-ignored button").first).to_be_enabled()
    at_once(mika, ren, button=".st-key-review-way-ignored [data-testid=stButton] button")
    asked = [page for page in (mika, ren) if _is_asked(page)]
    assert len(asked) == 1
    asked[0].get_by_role("button", name="Replace by mine").click()
    expect(asked[0].locator("[class*=st-key-rival-]")).to_have_count(0)
    name = "Mika" if asked[0] is mika else "Ren"
    for page in (mika, ren):
        expect(page.locator(".st-key-review-holds")).to_contain_text(name, timeout=SEEN_MS)
    with Store(folder / "tomoni.duckdb").read() as db:
        found = entries.latest(db, "disposition", "jobs", HELD)
        history = entries.history(db, "disposition", "jobs", found[0].subject)
    assert [word.author for word in history][-2:] == (["Ren", "Mika"] if name == "Mika" else ["Mika", "Ren"])


def _is_asked(page: Page) -> bool:
    rival = page.locator("[class*=st-key-rival-]").first
    page.locator(".st-key-review-holds, [class*=st-key-rival-]").first.wait_for()
    page.wait_for_timeout(300)
    return rival.count() > 0


def _goes_through_the_rest_by_keys(mika: Page) -> None:
    took = []
    while section(mika) == "2 · What moved":
        ready(mika)
        if mika.locator(".st-key-review-holds").count() == 0:
            explain(mika)
        took.append(move(mika, "ArrowRight"))
    assert took
    assert min(took) < MOVED_S


def _writes_an_action(mika: Page, folder: Path) -> None:
    """By its key, at the last thing that moved."""
    move(mika, "ArrowLeft")
    assert section(mika) == "2 · What moved"
    press(mika, "a")
    dialog = mika.get_by_role("dialog")
    expect(dialog.get_by_label("What is done")).to_be_focused()
    press(mika, "Escape")
    expect(dialog).to_have_count(0)
    press(mika, "a")
    mika.keyboard.type("Report rare errors")
    expect(dialog.get_by_label("What is done")).to_have_value("Report rare errors")
    press(mika, "Escape")
    mika.mouse.click(10, 400)
    dialog.get_by_label("Owner").fill("Sora")
    dialog.get_by_label("Owner").press("Enter")
    ready(mika)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(mika.locator(".st-key-review-notes")).to_contain_text("Action: Report rare errors")
    (action,) = [each for each in _actions(folder) if each.what == "Report rare errors"]
    assert (action.owner, action.review, action.by) == ("Sora", HELD, "Mika")
    assert action.why.startswith("finding/")
    assert action.address


def _actions(folder: Path) -> tuple[Action, ...]:
    with Store(folder / "tomoni.duckdb").read() as db:
        return actions(entries.latest(db, "action", "jobs"))


def _closes(mika: Page, ren: Page) -> None:
    """And the other, who types, loses nothing of it."""
    press(ren, "w")
    ren.keyboard.type("not there")
    press(mika, "Escape")
    expect(mika.get_by_role("button", name="Close the review")).to_be_visible()
    mika.get_by_role("button", name="Close the review").click()
    expect(mika.get_by_role("dialog")).to_contain_text("frozen")
    mika.get_by_role("button", name="Close it for good").click()
    expect(mika.get_by_text("closed by Mika")).to_be_visible()
    expect(ren.locator("[class*=st-key-undo-]")).to_have_count(0, timeout=SEEN_MS)
    ren.keyboard.type(" yet")
    press(ren, "Escape")
    ren.get_by_role("button", name="Keep as a note").click()
    expect(ren.locator(".st-key-review-notes")).to_contain_text("not there yet")


def _is_read_in_four_forms(page: Page) -> None:
    starts = {"Markdown": b"# ", "HTML": b"<!doctype html>", "PDF": b"%PDF-", "JSON": b"{"}
    page.get_by_role("button", name="Download").click()
    for name, start in starts.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        content = Path(download.value.path()).read_bytes()
        assert content.lower().startswith(start.lower()), name
        assert HELD in download.value.suggested_filename
        if name == "JSON":
            assert json.loads(content)["closed_by"] == "Mika"


def _judges_the_action_next_time(page: Page, folder: Path, app: str) -> None:
    """Four days later: what was begun is due, and the next review asks what came of it."""
    store = Store(folder / "tomoni.duckdb")
    (action,) = [each for each in _actions(folder) if each.what == "Report rare errors"]
    begun = replace(action, started=deployments.NOW - timedelta(days=10), check=date(2026, 11, 27))
    now = datetime.now(UTC)
    entries.add(store, entry(begun, now, "Mika"))
    rows = [
        f"{deployments.NOW + timedelta(hours=n):%Y-%m-%dT%H:%MZ},web,system.cpu.utilization,41" for n in range(95)
    ]
    later = folder / "later.csv"
    later.write_text("\n".join(["timestamp,component,indicator,value", *rows]) + "\n")
    assert cli.main(["--data", str(folder), "import", str(later), "--as", "samples", "--service", "jobs"]) == 0
    visit(page, f"{app}/review")
    expect(page.get_by_text("27 Nov 2026 · not opened")).to_be_visible()
    verdicts = page.locator(".st-key-agenda-verdicts")
    verdicts.get_by_role("button", name="Report rare errors").click()
    expect(verdicts.locator(".js-plotly-plot")).to_be_visible()
    expect(verdicts.locator(".annotation-text").filter(has_text="since")).to_have_text("since Fri 13 Nov")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_a_review_reads_well_and_fits(scheme, width, app, open_page):
    page = open_page(f"{app}/review?review={HELD}&item=1", scheme=scheme, width=width)
    for path in ("", "&mode=meeting"):
        visit(page, f"{app}/review?review={HELD}&item=2{path}")
        found = Axe().run(page, options={"runOnly": ["color-contrast"]})
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Once it is closed, what was decided begins where the sentence that it answers does.
    visit(page, f"{app}/review?review={HELD}")
    page.wait_for_function(
        """() => [...document.querySelectorAll("[class*=st-key-said-r]")].every((said) => {
            const row = document.querySelector(`.st-key-item-${said.className.match(/said-(r\\d+)/)[1]} button p`);
            const lefts = [row, said.querySelector("p")].map((each) => each?.getBoundingClientRect().left);
            return Math.abs(lefts[0] - lefts[1]) < 2;
        })"""
    )
