"""An action is what its newest word says, whatever is missing in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from metrics.model import Entry
from metrics.review.actions import Action, action_of, actions, entry, new_id

AT = datetime(2026, 11, 27, 5, tzinfo=UTC)
ACTION = Action(
    id="ab12cd", service="shop", what="Build the image the day before", kind="prevention", why="finding/77",
    why_sentence="build duration rises by 90 s a week", owner="dev", check=date(2026, 12, 25), component="pipeline",
    indicator="deploy.duration", part="release night", target=3600.0, axis="Y", started=AT, review="2026-11-27",
    at=AT, by="Mika",
)  # fmt: skip


def test_what_is_kept_is_what_was_written():
    assert action_of(entry(ACTION, AT, "Mika")) == ACTION
    bare = Action("x", "shop", "Look", "repair", "", "", "", date(2026, 12, 25), at=AT, by="Mika")
    assert action_of(entry(bare, AT, "Mika")) == bare
    assert (bare.address, ACTION.address) == (None, "pipeline/release night/deploy.duration")


def test_times_are_kept_in_utc_since_the_views_read_them_so():
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    said = entry(replace(ACTION, started=tokyo), AT, "Mika").said
    assert said is not None
    assert said["started"] == "2026-11-27T05:00:00+00:00"


def test_a_word_with_little_in_it_is_an_action_all_the_same():
    found = action_of(Entry(AT, "Mika", "action", "shop", "x", {"what": "Look", "kind": "cosmetics", "axis": "Q"}))
    assert (found.what, found.kind, found.axis, found.is_open) == ("Look", "repair", None, True)
    assert found.check == date(2026, 12, 25)


def test_the_newest_come_first_and_what_was_taken_back_is_none():
    words = [
        entry(replace(ACTION, id="old"), AT - timedelta(days=1), "Ren"),
        entry(ACTION, AT, "Mika"),
        Entry(AT, "Mika", "action", "shop", "gone", None),
    ]
    assert [each.id for each in actions(words)] == ["ab12cd", "old"]


def test_done_and_dropped_are_not_open():
    assert ACTION.is_open
    assert not replace(ACTION, done=AT).is_open
    assert not replace(ACTION, dropped="not worth it").is_open


def test_an_id_is_short_and_tells_two_actions_apart():
    assert len(new_id("a", AT, "Mika")) == 6
    assert len({new_id("a", AT, "Mika"), new_id("b", AT, "Mika"), new_id("a", AT, "Ren")}) == 3
