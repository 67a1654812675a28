"""Reviews after three years: every page, an entry saved and shown, meeting mode moving on, and the store below them."""

from __future__ import annotations

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from metrics import config
from metrics.meeting import shelf
from metrics.meeting.close import open_review
from metrics.model import Entry, Window
from metrics.review.actions import actions
from metrics.review.minutes import Review, open_topics
from metrics.store import Store, entries, read
from metrics.ui import frame
from metrics.ui.author import COOKIE
from tests.benchmarks import three_years, ui
from tests.benchmarks.three_years import SERVICE, WEEK

TURNS = 5
SHOWN = r"""() => [
    document.querySelector(".st-key-review-bar")?.innerText.match(/^(\d+ of \d+|end)$/m)?.[0],
    document.querySelector(".st-key-review-headline")?.innerText,
]"""
"""Where one is in the agenda, and its sentence."""
PAGE_S, ENTRY_S, ON_S, OTHERS_S = 2.0, 0.5, 0.3, 2.0


def main() -> None:
    """Prints each aim with what was measured: the median, and from the best to the worst."""
    folder = three_years.build()
    store, review = Store(folder / "tomoni.duckdb"), _opened(folder)
    with store.read() as db:
        kinds = dict(db.rows("SELECT kind, count(*) FROM entries GROUP BY kind"))
        ((alerts,),) = db.rows("SELECT count(*) FROM events WHERE kind = 'alert'")
    print(
        f"{len(shelf.Shelf(folder, SERVICE).closed())} closed reviews, {kinds['disposition']:,} dispositions, "
        f"{three_years.ACTIONS:,} actions in {kinds['action']:,} words, {sum(kinds.values()):,} words in all, "
        f"{alerts:,} alerts"
    )
    _files(folder)
    _words(store)
    with ui.served(folder) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["TOMONI_CHROMIUM"] or None, args=ui.CHROMIUM)
        # A window each, as two people have: the browser lets a tab behind another one wait.
        page, other = (_window(browser, url, name) for name in ("Mika", "Ren"))
        _pages(page, url, store)
        _meeting(page, url, review)
        _entries(page, other, url, review, store)
        browser.close()


def _window(browser: Browser, url: str, name: str) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.add_cookies([{"name": COOKIE, "value": name, "url": url}])
    return context.new_page()


def _opened(folder: Path) -> Review:
    """This week's review, held by nobody yet."""
    settings, store = config.load(folder), Store(folder / "tomoni.duckdb")
    service = next(each for each in settings.services if each.name == SERVICE)
    with store.read() as db:
        until = read.series(db, SERVICE)["last_ts"].max().to_pydatetime()
    return open_review(store, settings, service, Window(until - WEEK, until), "Mika", until)


def _files(folder: Path) -> None:
    shelves = shelf.Shelf(folder, SERVICE)

    def anew() -> None:
        shelf._told_service.cache_clear()
        shelves.closed()

    _tell("files: the ids of all closed reviews, in a new process", [_took(anew) for _ in range(TURNS)])
    _tell("files: the same again", [_took(shelves.closed) for _ in range(TURNS)])


def _words(store: Store) -> None:
    def asked(ask: Callable[[read.Reader], object]) -> list[float]:
        with store.read() as db:
            return [_took(lambda: ask(db)) for _ in range(TURNS)]

    _tell("store: what holds of all dispositions", asked(lambda db: entries.latest(db, "disposition", SERVICE)))
    _tell("store: what holds of all actions", asked(lambda db: entries.latest(db, "action", SERVICE)))
    for view in ("v_reviews", "v_decisions", "v_actions"):
        _tell(f"store: all of {view}", asked(lambda db: db.frame(f"SELECT * FROM {view}")))  # noqa: B023
    _tell("store: an entry kept", [_took(lambda: _say(store)) for _ in range(TURNS)], ENTRY_S)


def _say(store: Store) -> None:
    """Somebody says something, elsewhere: whatever depends on words is stale from now on."""
    now = datetime.now(UTC)
    word = Entry(now, "Ren", "note", SERVICE, f"finding/bench-{now:%H%M%S%f}", {"text": "A note."})
    if entries.answer(store, word, now - timedelta(days=1)):
        raise RuntimeError("somebody else spoke of the same")


def _pages(page: Page, url: str, store: Store) -> None:
    for path, title in frame.pages():
        address = f"{url}/{'' if path == 'app.py' else path.removesuffix('.py').partition('_')[2]}"
        page.goto(address)
        loads = [ui.timed(page, lambda: page.goto(address)) for _ in range(TURNS + 1)][1:]  # noqa: B023
        _tell(f"{title}: warm load", [took / 1e3 for took in loads], PAGE_S)
        stale = []
        for _ in range(TURNS):
            _say(store)
            stale.append(ui.timed(page, lambda: page.goto(address)) / 1e3)  # noqa: B023
        _tell(f"{title}: right after somebody said something", stale, PAGE_S)


def _meeting(page: Page, url: str, review: Review) -> None:
    """From one item to the next, by key: until the next one's sentence can be read."""
    page.goto(f"{url}/review?review={review.id}&mode=meeting")
    ui.settle(page)
    took = []
    for _ in range(2 * TURNS):
        # Two items may read the same: the second is there once the page has drawn all of it.
        before = page.evaluate(f"({SHOWN})()")
        began = time.perf_counter()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            f"""before => {{ const now = ({SHOWN})(); return now[0] !== before[0] && now[1]
                && (now[1] !== before[1] || document.querySelector("{ui.IDLE}")); }}""",
            arg=before,
        )
        took.append(time.perf_counter() - began)
        ui.settle(page)
    _tell("Meeting mode: the next item's sentence", took[1:], ON_S)


def _entries(page: Page, other: Page, url: str, review: Review, store: Store) -> None:
    """A click until what was said can be read: on this page, and on another one's who looks at the same."""
    mine, theirs = [], []
    answer, undo = ".st-key-review-way-ignored [data-testid=stButton] button", "[class*=st-key-undo-] button"
    for topic in itertools.islice(itertools.cycle(open_topics(review)), 2 * TURNS):
        address = f"{url}/review?review={review.id}&item={topic.subject}"
        for each in (page, other):
            each.goto(address)
            ui.settle(each)
        click, shown = (undo, answer) if page.locator(undo).count() else (answer, undo)
        began = time.perf_counter()
        mine.append(_clicked(page, click, shown))
        other.wait_for_function("there => document.querySelector(there)", arg=shown, polling=20)
        theirs.append(time.perf_counter() - began)
    _tell("Review: a decision, from the click until it is shown", mine, ENTRY_S)
    _tell("Review: the same decision on the page of somebody else", theirs, OTHERS_S)
    _tell("Spikes: a note, from the click until it is shown", list(_notes(page, url)), ENTRY_S)
    branch, undo = ".st-key-branches [data-testid=stButton] button", ".st-key-undo-rule button"
    took = list(_said(page, f"{url}/alerts", branch, undo, undo))
    _tell("Alerts: a branch, from the click until it is shown", took, ENTRY_S)
    begin, end = (f".st-key-step-{step} button" for step in ("Start-now", "Done"))
    took = list(_said(page, f"{url}/actions?action={_unbegun(store)}", begin, end, ".st-key-undo-action button"))
    _tell("Actions: one is begun, from the click until it is shown", took, ENTRY_S)


def _unbegun(store: Store) -> str:
    with store.read() as db:
        found = actions(entries.latest(db, "action", SERVICE))
    return next(each.id for each in found if each.is_open and each.started is None)


def _said(page: Page, address: str, button: str, shown: str, undo: str) -> Iterator[float]:
    """Said, and taken back, again and again; the first time finds nothing prepared."""
    for turn in range(TURNS + 1):
        page.goto(address)
        ui.settle(page)
        took = _clicked(page, button, shown)
        if turn:
            yield took
        ui.settle(page)
        page.locator(undo).click()
        ui.settle(page)


def _clicked(page: Page, button: str, shown: str, text: str = "") -> float:
    """Seconds from a click until something with that text is drawn; both are seen from within the page."""
    took = page.evaluate(
        """([button, shown, text]) => new Promise((done) => {
            const there = () => [...document.querySelectorAll(shown)].some((each) => each.innerText.includes(text));
            const began = performance.now();
            const watch = new MutationObserver(() => {
                if (there()) { watch.disconnect(); requestAnimationFrame(() => done(performance.now() - began)); }
            });
            watch.observe(document.body, { childList: true, subtree: true, characterData: true });
            document.querySelector(button).click();
        })""",
        [button, shown, text],
    )
    return float(took) / 1e3


def _notes(page: Page, url: str) -> Iterator[float]:
    until = datetime.now(UTC).replace(minute=0) - timedelta(days=2)
    since, end = (f"{until - timedelta(days=more):%Y-%m-%dT%H:%M}" for more in (1, 0))
    page.goto(f"{url}/spikes?since={since}&until={end}&line=web/http.server.request.duration.p95")
    ui.settle(page)
    for n in range(TURNS):
        page.get_by_role("textbox", name="Note").fill(f"note number {n}.")
        page.get_by_role("textbox", name="Note").blur()
        ui.settle(page)
        page.get_by_role("button", name="Keep note").evaluate("button => button.classList.add('keep-note')")
        yield _clicked(page, ".keep-note", "[data-testid=stMarkdown] p", f"note number {n}.")
        ui.settle(page)


def _took(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _tell(what: str, took: list[float], aim_s: float | None = None) -> None:
    found = statistics.median(took)
    aim = "" if aim_s is None else f"; aim {aim_s} s: {'met' if found <= aim_s else 'MISSED'}"
    print(f"{what}: {ui.median_of([1e3 * each for each in took])}{aim}", flush=True)
