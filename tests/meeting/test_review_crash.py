"""kill -9 while a review is held: what was shown as said is in the store, once; a closing is whole or was not."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

from metrics.meeting.shelf import Shelf
from metrics.model import Entry
from metrics.review.minutes import Review, Section, Topic
from metrics.store import Store, entries
from tests.meeting.person import App, hold, running, visiting
from tests.pages import deployments

KILLS, CLOSINGS = 20, 10
AT_A_TIME = 2
# A kill that came too soon lets the next one come later, and one that came too late sooner: on a machine of any speed
# some come before what they are to hit and some after it.
LATER, SOONER = 1.6, 0.75
UNTIL = deployments.NOW


def held(folder: Path, weeks_ago: int = 0, topics: int = 1) -> Review:
    """An open review of so many things that moved."""
    until = UNTIL - timedelta(weeks=weeks_ago)
    moved = tuple(Topic(f"finding/{n}", "moved", f"Line {n} moved.", ("dev",), "new") for n in range(topics))
    review = Review(
        f"{until:%Y-%m-%d}", "shop", "Shop", "UTC", until - timedelta(weeks=1), until, until,
        sections=(Section("moved", moved),), teams={"dev": "Development"},
    )  # fmt: skip
    return Shelf(folder, "shop").open(review)


def said(store: Store) -> dict[str, list[Entry]]:
    """Every word that was ever said about a topic, by its subject."""
    with store.read() as db:
        subjects = [row[0] for row in db.rows("SELECT DISTINCT subject FROM entries WHERE kind = 'disposition'")]
        return {each: list(entries.history(db, "disposition", "shop", each)) for each in subjects}


async def speak_until_killed(app: App, review: str, first: int, when: float) -> list[int]:
    """Decide on topics until the kill, which comes so many times an answer's time after the last click.

    Returns those that were shown as decided before it.
    """
    shown: list[int] = []
    took = 0.0
    async with visiting(app, "Mika") as person:
        for n in range(first, first + AT_A_TIME):
            await person.look(review=review, item=f"finding/{n}")
            await person.click(f"say-ignored-0-finding/{n}", **{f"words-finding/{n}": f"word {n}."})
            began = time.monotonic()

            def is_shown(n: int = n) -> bool:
                return any("✓" in text and f"word {n}\\." in text for text in person.seen)

            is_last = n == first + AT_A_TIME - 1
            if await in_time(person.until(is_shown), when * took if is_last else None):
                shown.append(n)
            took = time.monotonic() - began
        app.kill()
    return shown


async def in_time(answer: Awaitable[bool], after_s: float | None) -> bool:
    try:
        return await asyncio.wait_for(answer, after_s)
    except TimeoutError:
        return False


def test_no_kill_loses_a_word_that_was_shown(folder: Path):
    """Around each click: before it is kept, while it is, and right after it was shown."""
    deployments.one_series(folder)
    review = held(folder, topics=AT_A_TIME * KILLS)
    chance, store = random.Random(20261129), Store(folder / "tomoni.duckdb")
    shown: list[int] = []
    reach = 1.8
    for kill in range(KILLS):
        with running(folder) as app:
            heard = hold(speak_until_killed(app, review.id, AT_A_TIME * kill, chance.uniform(0.0, reach)))
        shown += heard
        reach *= SOONER if len(heard) == AT_A_TIME else LATER
        kept = said(store)
        assert all(len(words) == 1 for words in kept.values())
        for n in shown:
            (word,) = kept[f"{review.id}/finding/{n}"]
            assert (word.author, (word.said or {})["note"]) == ("Mika", f"word {n}.")
        # What was clicked and not shown may be there or not: nobody was told.
        assert len(shown) <= len(kept) <= AT_A_TIME * (kill + 1)
    assert (AT_A_TIME - 1) * KILLS < len(shown) < AT_A_TIME * KILLS, (
        "some kills came before the answer and some after it"
    )


async def close_until_killed(app: App, review: str, when: float) -> bool:
    """Whether the person was shown that it is closed before the kill, so many times a page's time after the click."""
    async with visiting(app, "Ren") as person:
        await person.look(review=review)
        await person.click("review-close")
        began = time.monotonic()
        await person.until(lambda: False)
        took = time.monotonic() - began
        await person.click("review-close-now")
        shown = await in_time(person.until(lambda: any("closed by Ren" in text for text in person.seen)), when * took)
        app.kill()
    return shown


def test_a_kill_while_it_is_closed_leaves_it_closed_or_open(folder: Path):
    deployments.one_series(folder)
    reviews = [held(folder, weeks_ago=n) for n in range(CLOSINGS)]
    store, shelf, chance = Store(folder / "tomoni.duckdb"), Shelf(folder, "shop"), random.Random(7)
    for review in reviews:
        decision = {"outcome": "ignored", "because": "known and accepted"}
        entries.add(store, Entry(review.until, "Mika", "disposition", "shop", f"{review.id}/finding/0", decision))
    closed = []
    reach = 3.0
    for review in reviews:
        with running(folder) as app:
            shown = hold(close_until_killed(app, review.id, chance.uniform(0.0, reach)))
        reach *= SOONER if review.id in shelf.closed() else LATER
        assert shown <= (review.id in shelf.closed())
        found = shelf.read(review.id)
        assert found is not None
        if review.id in shelf.closed():
            closed.append(review.id)
            assert (found.closed_by, len(found.decisions)) == ("Ren", 1)
            assert shelf.path(review.id).with_suffix(".md").read_text().count("Line 0 moved") >= 1
        else:
            assert (found, review.id in shelf.opened()) == (review, True)
    assert 0 < len(closed) < CLOSINGS, "some kills came before the file and some after it"
    with running(folder) as app:
        hold(visit_all(app, closed))
    with store.read() as db:
        words = [word for word in entries.latest(db, "review", "shop") if (word.said or {})["state"] == "closed"]
    assert sorted(word.subject for word in words) == sorted(closed)


async def visit_all(app: App, names: list[str]) -> None:
    """Whoever reads a review that a kill left behind finishes its closing."""
    async with visiting(app, "Sora") as person:
        for name in names:
            await person.look(review=name)
            assert any("closed by Ren" in text for text in person.seen)
