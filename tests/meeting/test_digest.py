"""What a closed review decided goes out over real HTTP, once; a failure is a sentence and undoes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_string
from pathlib import Path

import pytest
from pydantic import SecretStr

from metrics.config import Config
from metrics.meeting.digest import closed_message, tell_closed
from metrics.notify_settings import Notify
from metrics.review.actions import Action, entry
from metrics.review.minutes import Decision, Review
from metrics.store import Store, entries, notices
from tests.meeting.made import AT, ID, decided_review
from tests.room import Room
from tests.trends.made import SERVICE
from tests.trends.made import config as usual

# Apprise loads a module that Python drops with 3.13, and has its own stand-in for it there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = AT + timedelta(hours=2)
LINK = "https://tomoni.example/"
BODY = """\
1. db CPU +4 points since Mon 19 Oct
   → Explained: access: /export – as in <spring> (Ren, Mon 26 Oct, 06:00)
2. db memory rises by 2 points a week
   → To investigate, by Infra, until Mon 2 Nov (Mika, Mon 26 Oct, 06:00)
3. cpu-high fired 7 times
   → Remove the alert, or watch another indicator: nobody | acts (Ren, Mon 26 Oct, 06:00)

New actions:
- Keep less history (Infra; checked on Mon 23 Nov)

https://tomoni.example/review?service=jobs&review=2026-10-26"""


def closed() -> Review:
    return replace(decided_review(), closed_at=NOW, closed_by="Mika")


def action(name: str, review: str = ID) -> Action:
    return Action(name, "jobs", "Keep less history", "prevention", "", "", "infra", date(2026, 11, 23), review=review)


@pytest.fixture
def store(folder: Path) -> Store:
    store = Store(folder / "tomoni.duckdb")
    dropped = replace(action("a3"), dropped="written twice")
    for each in (action("a1"), action("a2", "2026-10-19"), dropped):
        entries.add(store, entry(each, NOW, "Mika"))
    return store


def config(folder: Path, *addresses: str) -> Config:
    return replace(usual(folder), notify=Notify(tuple(map(SecretStr, addresses)), link=LINK))


def test_decisions_owners_dates_new_actions_and_the_link_go_out_once(room: Room, store: Store, folder: Path):
    asked = config(folder, room.address)
    assert tell_closed(store, asked, SERVICE, closed(), NOW) == ""
    assert tell_closed(store, asked, SERVICE, closed(), NOW + timedelta(hours=1)) == ""
    (posted,) = room.posted
    assert posted["title"] == "Jobs: review of 2026-10-26, closed by Mika"
    assert posted["message"] == BODY
    with store.read() as db:
        assert notices.latest(db, "jobs") == {"review/2026-10-26": NOW}


def test_a_failure_is_told_without_the_address_and_may_be_tried_again(
    room: Room, store: Store, folder: Path, caplog: pytest.LogCaptureFixture
):
    asked = config(folder, room.address)
    room.status = 500
    told = tell_closed(store, asked, SERVICE, closed(), NOW)
    assert told.startswith(
        "The review is closed, but the teams were not told: the message 'Jobs: review of 2026-10-26"
    )
    assert told.endswith("could not be sent to every address under notify.to.")
    assert "TOKEN-17" not in told + caplog.text
    room.status = 200
    assert tell_closed(store, asked, SERVICE, closed(), NOW) == ""
    assert len(room.posted) == 2


def test_nobody_is_told_by_default_nor_of_one_that_is_open(room: Room, store: Store, folder: Path):
    assert tell_closed(store, config(folder), SERVICE, closed(), NOW) == ""
    assert tell_closed(store, config(folder, room.address), SERVICE, decided_review(), NOW) == ""
    assert room.posted == []


def test_a_review_that_decided_nothing_says_so():
    message = closed_message(replace(closed(), decisions=()), [], Notify())
    assert (message.subject, message.body) == ("review/2026-10-26", "Nothing was decided.")


def test_a_mail_is_a_text_as_it_was_written(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Apprise takes a text for HTML where a mail is concerned: its lines would run together, and `<` begin a tag."""
    posted: list[str] = []

    class Letterbox:
        def __init__(self, *_: object, **__: object) -> None: ...

        def login(self, *_: object) -> None: ...

        def quit(self) -> None: ...

        def sendmail(self, _sender: str, _to: object, message: str) -> None:
            posted.append(message)

    monkeypatch.setattr("smtplib.SMTP", Letterbox)
    asked = config(
        folder, "mailto://mika:secret@tomoni.example?smtp=localhost&from=mika@tomoni.example&mode=insecure"
    )
    assert tell_closed(store, asked, SERVICE, closed(), NOW) == ""
    parts = [part for part in message_from_string(posted[0]).walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == ["text/plain"]
    told = parts[0].get_payload(decode=True)
    assert isinstance(told, bytes)
    assert told.decode().replace("\r\n", "\n").strip() == BODY


def test_what_somebody_wrote_in_lines_is_one_line_of_the_message():
    """Or it could look like what somebody else decided."""
    said = Decision("finding/f1", "explained", "Ren", NOW, "seen\n2. db memory\n   → Ignored", "a\r\nb\u2028c")
    written = replace(action("a1"), what="Keep\nless  history", owner="In\nfra")
    message = closed_message(replace(closed(), decisions=(said,), closed_by="Mi ka"), [written], Notify())
    assert message.body.splitlines()[:2] == [
        "1. db CPU +4 points since Mon 19 Oct",
        "   → Explained: seen 2. db memory → Ignored – a b c (Ren, Mon 26 Oct, 07:00)",
    ]
    assert "- Keep less history (In fra; checked on Mon 23 Nov)" in message.body
