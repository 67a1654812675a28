"""Reviews as files: the first to open or close one wins, nobody overwrites, and a broken file is named."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metrics.errors import StoreError
from metrics.meeting import shelf as shelves
from metrics.meeting.shelf import Shelf, closed_until
from metrics.review.minutes import Decision, Figure, Review, Section, Topic

AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def review(service: str = "shop", until: datetime = AT, attendees: str = "") -> Review:
    figure = Figure("web/latency", "s", until - timedelta(weeks=1), until, 0.25, None)
    topic = Topic("finding/1", "moved", "It moved.", ("dev",), "new", figures=(figure,), curve=((until, 1.5),))
    decision = Decision("finding/1", "explained", "Mika", until, "access: /export")
    sections = (Section("moved", (topic,), more=3), Section("alerts", nothing="Quiet."))
    return Review(
        f"{until:%Y-%m-%d}", service, service, "UTC", until - timedelta(weeks=1), until, until, (figure,), sections,
        (decision,), attendees, teams={"dev": "Development"},
    )  # fmt: skip


def test_what_is_read_is_what_was_frozen(tmp_path: Path):
    shelf = Shelf(tmp_path, "shop")
    assert shelf.read("2026-11-20") is None
    assert shelf.open(review()) == review()
    assert shelf.opened() == ("2026-11-20",)
    assert shelf.close(review(attendees="both"), "# Review\n")
    assert shelf.read("2026-11-20") == review(attendees="both")
    assert (shelf.opened(), shelf.closed()) == ((), ("2026-11-20",))
    assert sorted(path.name for path in (tmp_path / "reviews").iterdir()) == ["2026-11-20.json", "2026-11-20.md"]


def test_a_file_of_before_a_field_was_added_is_read(tmp_path: Path):
    shelf = Shelf(tmp_path, "shop")
    shelf.close(review(), "# Review\n")
    kept = json.loads(shelf.path("2026-11-20").read_text())
    for topic in kept["sections"][0]["topics"]:
        for name in ("fine", "limit", "trend", "usual"):
            del topic[name]
    shelf.path("2026-11-20").write_text(json.dumps(kept))
    assert shelf.read("2026-11-20") == review()


def test_a_closed_review_is_never_changed(tmp_path: Path):
    shelf = Shelf(tmp_path, "shop")
    assert shelf.close(review(), "first")
    assert not shelf.close(review(attendees="others"), "second")
    assert shelf.read("2026-11-20") == review()
    assert (tmp_path / "reviews" / "2026-11-20.md").read_text() == "first"


def test_the_first_to_open_it_says_what_is_held(tmp_path: Path):
    assert Shelf(tmp_path, "shop").open(review(attendees="first")).attendees == "first"
    assert Shelf(tmp_path, "shop").open(review(attendees="second")).attendees == "first"


def test_two_services_share_a_day(tmp_path: Path):
    for name in ("shop", "bank"):
        assert Shelf(tmp_path, name).close(review(name), name)
    assert Shelf(tmp_path, "bank").read("2026-11-20") == review("bank")
    assert Shelf(tmp_path, "shop").closed() == Shelf(tmp_path, "bank").closed() == ("2026-11-20",)
    assert (tmp_path / "reviews" / "2026-11-20-bank.md").read_text() == "bank"


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_review_stays_when_that_of_another_service_on_its_day_is_taken_away(tmp_path: Path, *, is_closed: bool):
    """The demo takes its own away; the first of a day has the date alone as its name."""
    for name in ("demo", "bank"):
        shelf = Shelf(tmp_path, name)
        shelf.close(review(name), name) if is_closed else shelf.open(review(name))
    Shelf(tmp_path, "demo").remove("2026-11-20")
    assert Shelf(tmp_path, "bank").read("2026-11-20") == review("bank")
    assert Shelf(tmp_path, "demo").read("2026-11-20") is None
    assert Shelf(tmp_path, "demo").open(review("demo", attendees="again")).attendees == "again"
    assert Shelf(tmp_path, "bank").read("2026-11-20") == review("bank")


def test_the_last_review_is_the_one_that_looked_farthest(tmp_path: Path):
    shelf = Shelf(tmp_path, "shop")
    assert closed_until(tmp_path, "shop") is None
    for back in (1, 0):
        shelf.close(review(until=AT - timedelta(weeks=back)), "")
    assert closed_until(tmp_path, "shop") == AT
    assert closed_until(tmp_path, "shop", AT) == AT - timedelta(weeks=1)


@pytest.mark.parametrize("text", ["", "{}", '{"id": 5}'])
def test_a_broken_file_is_named(tmp_path: Path, text: str):
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "2026-11-20.json").write_text(text)
    with pytest.raises(StoreError, match=r"reviews/2026-11-20\.json is no review .* move it away"):
        Shelf(tmp_path, "shop").read("2026-11-20")


def test_a_newer_format_is_refused(tmp_path: Path):
    shelf = Shelf(tmp_path, "shop")
    shelf.close(review(), "")
    path = tmp_path / "reviews" / "2026-11-20.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(StoreError, match="format 9, made by a newer Tomoni"):
        shelf.read("2026-11-20")


def test_a_newer_format_is_told_also_where_it_means_something_else(tmp_path: Path):
    shelf = Shelf(tmp_path, "shop")
    shelf.close(review(), "")
    path = tmp_path / "reviews" / "2026-11-20.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 9').replace('"moved"', '"risks"'))
    with pytest.raises(StoreError, match="format 9, made by a newer Tomoni"):
        shelf.read("2026-11-20")


def test_a_time_without_a_zone_is_named(tmp_path: Path):
    """Somebody edited the file: no time of the store can be compared with it."""
    shelf = Shelf(tmp_path, "shop")
    shelf.close(review(), "")
    path = tmp_path / "reviews" / "2026-11-20.json"
    path.write_text(path.read_text().replace("2026-11-20T05:00:00Z", "2026-11-20T05:00:00"))
    with pytest.raises(StoreError, match="the time 2026-11-20T05:00:00 has no time zone"):
        shelf.read("2026-11-20")


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path):
    (tmp_path / "reviews" / "2026-11-20.json").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"reviews/2026-11-20\.json is no review .* Is a directory"):
        Shelf(tmp_path, "shop").read("2026-11-20")


@pytest.mark.parametrize(
    "name", ["2026-11-20 (copy).json", "2026-11-20.bak.json", "2026-13-45.json", "2026-11-20-a.json"]
)
def test_a_copy_beside_a_review_is_none(tmp_path: Path, name: str):
    shelf = Shelf(tmp_path, "shop")
    shelf.close(review(), "")
    (tmp_path / "reviews" / name).write_bytes(shelf.path("2026-11-20").read_bytes())
    assert shelf.closed() == ("2026-11-20",)
    shelf.path("2026-11-20").unlink()
    assert (shelf.closed(), shelf.read("2026-11-20")) == ((), None)


def test_whoever_reads_while_it_is_closed_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Between the look for the closed file and that for the open one."""
    shelf = Shelf(tmp_path, "shop")
    shelf.open(review())
    parsed = shelves._parsed

    def slow(path: Path) -> Review:
        try:
            return parsed(path)
        except FileNotFoundError:
            shelf.close(review(attendees="both"), "")
            raise

    with monkeypatch.context() as slower:
        slower.setattr(shelves, "_parsed", slow)
        found = shelf.read("2026-11-20")
    assert found == review(attendees="both")


def test_a_closing_that_was_cut_leaves_it_open_and_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Cut between the text for people and the file that freezes it."""
    shelf = Shelf(tmp_path, "shop")
    shelf.open(review())
    with monkeypatch.context() as cut:
        cut.setattr("os.link", _cut)
        with pytest.raises(KeyboardInterrupt):
            shelf.close(review(attendees="both"), "first")
    assert (shelf.opened(), shelf.closed()) == (("2026-11-20",), ())
    assert shelf.close(review(), "second")
    assert (tmp_path / "reviews" / "2026-11-20.md").read_text() == "second"


def _cut(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_a_killed_process_left_is_swept(tmp_path: Path):
    (tmp_path / "reviews").mkdir()
    left, ours = (tmp_path / "reviews" / f".review-{owner}-x" for owner in (2**22 + 1, os.getpid()))
    left.touch()
    ours.touch()
    Shelf(tmp_path, "shop").close(review(), "")
    assert (left.exists(), ours.exists()) == (False, True)


def test_whose_review_it_is_is_known_however_the_file_is_written(tmp_path: Path):
    shelf = Shelf(tmp_path, 'sh"öp')
    shelf.close(review('sh"öp'), "")
    assert shelf.closed() == ("2026-11-20",)
    path = tmp_path / "reviews" / "2026-11-20.json"
    path.write_text(json.dumps(dict(reversed(json.loads(path.read_text()).items()))))
    assert shelf.closed() == ("2026-11-20",)
    assert Shelf(tmp_path, "shop").closed() == ()


@pytest.mark.parametrize("kept", [0, 500])
def test_a_broken_file_of_long_ago_stops_nobody(tmp_path: Path, kept: int):
    shelf = Shelf(tmp_path, "shop")
    for back in (1, 0):
        shelf.close(review(until=AT - timedelta(weeks=back)), "")
    old = tmp_path / "reviews" / "2026-11-13.json"
    old.write_text(old.read_text()[:kept])
    assert shelf.closed() == ("2026-11-13", "2026-11-20")
    assert closed_until(tmp_path, "shop") == AT
    with pytest.raises(StoreError, match="2026-11-13"):
        shelf.read("2026-11-13")
