"""Messages go out over real HTTP to where a team reads, once each, and no address shows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from metrics.config import Config
from metrics.errors import SourceError
from metrics.model import Service, Team
from metrics.notify_settings import Notify
from metrics.review.items import Item
from metrics.store import Store, notices
from metrics.trends.agenda import Agenda
from metrics.trends.notify import digest, digest_now, messages, notify
from tests.review.test_items import MONDAY, cpu
from tests.room import Room

# Apprise loads a module that Python drops with 3.13, and has its own stand-in for it there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = MONDAY + timedelta(days=7)
SERVICE = Service("jobs", "Jobs", "Asia/Tokyo", 0, teams=(Team("infra", "Infrastructure", "infra"),))
EVIDENCE = {
    "urgency": "urgent", "limit": 100.0, "early": "2026-11-27T00:00:00+00:00",
    "crosses_at": "2026-11-29T00:00:00+00:00", "late": "2026-12-03T00:00:00+00:00",
}  # fmt: skip
DISK = Item("a1", (cpu("a1", kind="forecast", evidence=EVIDENCE),), ("infra",), "new", 0.8, {})
FOUND = Agenda(NOW, (DISK,), ())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "tomoni.duckdb")


def config(tmp_path: Path, *addresses: str, **more: object) -> Config:
    told = Notify(tuple(map(SecretStr, addresses)), **more)  # type: ignore[arg-type]
    return Config(tmp_path, (SERVICE,), (), False, timedelta(minutes=5), told)


def test_an_urgent_item_is_told_once(room: Room, store: Store, tmp_path: Path) -> None:
    asked = config(tmp_path, room.address, link="https://tomoni.example/")
    with store.write():
        pass
    (out,) = notify(store, asked, SERVICE, FOUND, NOW)
    assert list(notify(store, asked, SERVICE, FOUND, NOW + timedelta(hours=1))) == []
    (posted,) = room.posted
    assert (posted["title"], posted["message"]) == (out.title, out.body)
    assert out.title == "Jobs: a limit is near"
    assert out.body == (
        "db CPU will reach 100 % about Sun 29 Nov (between Fri 27 Nov and Thu 3 Dec); now 54 % (new · Infrastructure)\n"
        "https://tomoni.example/spikes?service=jobs&item=a1"
    )


def test_what_could_not_be_sent_is_tried_again_and_no_address_is_said(
    room: Room, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = config(tmp_path, room.address)
    with store.write():
        pass
    room.status = 500
    with pytest.raises(SourceError) as refused:
        list(notify(store, asked, SERVICE, FOUND, NOW))
    assert "TOKEN-17" not in str(refused.value) + caplog.text
    with store.read() as db:
        assert notices.latest(db, "jobs") == {}
    room.status = 200
    assert len(list(notify(store, asked, SERVICE, FOUND, NOW))) == 1


def test_an_address_that_is_none_is_refused_by_its_number(store: Store, tmp_path: Path) -> None:
    with store.write():
        pass
    with pytest.raises(SourceError, match="address 1 is none that Apprise knows"):
        list(notify(store, config(tmp_path, "nonsense"), SERVICE, FOUND, NOW))


def test_nobody_is_told_by_default(room: Room, store: Store, tmp_path: Path) -> None:
    assert list(notify(store, config(tmp_path), SERVICE, FOUND, NOW)) == []
    assert room.posted == []


def test_a_rehearsal_sends_nothing(room: Room, store: Store, tmp_path: Path) -> None:
    asked = config(tmp_path, room.address)
    (told,) = digest_now(store, asked, SERVICE, FOUND, NOW, is_rehearsal=True)
    assert told.title == "Jobs: 1 thing is worth a look"
    assert told.body.startswith("1. db CPU will reach 100 %")
    assert room.posted == []


def test_a_quiet_week_is_said() -> None:
    told = digest(SERVICE, [], Notify())
    assert (told.title, told.body) == ("Jobs: a quiet week", "Nothing moved that is worth a look.")


def test_without_urgent_only_the_digest_is_due() -> None:
    assert messages(SERVICE, FOUND, Notify(urgent=False), {}, datetime(2026, 11, 25, tzinfo=UTC)) == []
