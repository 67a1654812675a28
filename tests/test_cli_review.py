"""`review` as a person and a script see it: what is printed or written, of which day, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from metrics import cli
from metrics import config as configuration
from metrics.meeting.close import close, held
from metrics.meeting.close import open_review as opened
from metrics.meeting.shelf import Shelf
from metrics.meeting.window import review_window
from metrics.model import Entry, Service
from metrics.review.minutes import Review
from metrics.store import Store, entries
from tests.meeting.made import decided_review
from tests.meeting.test_documents import set_strong
from tests.pages import deployments
from tests.trends.made import fill, lines_of

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
HOURLY = 3_600
ABOUT = {"attendees": "Mika, Ren", "place": "Room 3", "meets_at": "2026-11-24T01:00:00+00:00"}
END = datetime(2026, 10, 26, tzinfo=UTC)


class Ran:
    """What one command said, and how it ended."""

    def __init__(self, capfdbinary: pytest.CaptureFixture[bytes], folder: Path, words: Sequence[str]) -> None:
        capfdbinary.readouterr()
        self.status = cli.main(["--data", str(folder), "review", *words])
        self.out, err = capfdbinary.readouterr()
        self.err = err.decode()

    @property
    def refusal(self) -> str:
        assert (self.status, self.out) == (2, b"")
        return self.err.splitlines()[-1]

    @property
    def text(self) -> str:
        assert self.status == 0, self.err
        return self.out.decode()


Ask = Callable[..., Ran]


@pytest.fixture
def ask(capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    return lambda folder, *words: Ran(capfdbinary, folder, words)


@pytest.fixture
def quiet(folder: Path) -> Path:
    fill(folder, lines_of(3, HOURLY), 3)
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with its newest review opened, decided in part."""
    folder = deployments.demo(tmp_path_factory, weeks=4)
    config = configuration.load(folder)
    store, (service,) = Store(folder / "tomoni.duckdb"), config.services
    assert cli.main(["--data", str(folder), "findings"]) == 0
    window = review_window(folder, service, deployments.NOW)
    review = opened(store, config, service, window, "Mika", deployments.NOW, ABOUT)
    said = {"outcome": "explained", "because": "as every <b>spring</b>", "note": None, "owner": None, "due": None}
    for topic in review.section("moved").topics:
        word = Entry(deployments.NOW, "Ren", "disposition", "jobs", f"{review.id}/{topic.subject}", said)
        entries.add(store, word)
    return folder


def test_what_is_held_is_printed_with_what_was_said(ask: Ask, demo: Path):
    told = json.loads(ask(demo, "--format", "json").text)
    moved = next(section for section in told["sections"] if section["name"] == "moved")["topics"]
    assert moved
    assert told["id"] == "2026-11-23"
    assert {each["because"] for each in told["decisions"]} == {"as every <b>spring</b>"}
    assert {each["subject"] for each in moved} <= {each["subject"] for each in told["decisions"]}
    text = ask(demo).text
    assert text.startswith("# Jobs: review of 2026-11-23\n")
    assert text.count(r"**→ Explained: as every \<b\>spring\</b\> (Ren,") == len(moved)
    page = ask(demo, "--format", "html").text
    assert page.count("Explained: as every &lt;b&gt;spring&lt;/b&gt; (Ren,") == len(moved)
    bold = set_strong(kept(demo))
    assert len([each for each in bold if each.startswith("Explained: as every <b>spring</b> (Ren,")]) == len(moved)


def kept(folder: Path) -> Review:
    config = configuration.load(folder)
    (service,) = config.services
    review = held(Store(folder / "tomoni.duckdb"), config, service, "2026-11-23", deployments.NOW)
    assert review is not None
    return review


def test_the_format_is_the_ending_unless_said(ask: Ask, demo: Path, tmp_path: Path):
    for name, start in (("a.pdf", b"%PDF-"), ("a.html", b"<!DOCTYPE html>"), ("a.json", b"{"), ("a.md", b"# Jobs")):
        assert ask(demo, "-o", str(tmp_path / name)).out == b""
        assert (tmp_path / name).read_bytes().startswith(start)
    assert ask(demo, "-o", str(tmp_path / "b.html"), "--format", "md").status == 0
    assert (tmp_path / "b.html").read_bytes() == (tmp_path / "a.md").read_bytes()


def test_its_place_on_the_calendar_is_a_file_too(ask: Ask, demo: Path, quiet: Path, tmp_path: Path):
    assert ask(demo, "-o", str(tmp_path / "a.ics")).out == b""
    assert b"DTSTART;TZID=Asia/Tokyo:20261124T100000" in (tmp_path / "a.ics").read_bytes()
    assert "Nobody has said yet when the review of" in ask(quiet, "--format", "ics").refusal


def test_another_ending_is_refused_with_those_that_there_are(ask: Ask, demo: Path, tmp_path: Path):
    told = ask(demo, "-o", str(tmp_path / "a.docx")).refusal
    assert "a.docx: a review is written as .md, .html, .htm, .pdf, .json, .ics; or say --format" in told
    assert not (tmp_path / "a.docx").exists()


def test_the_service_that_is_described_comes_before_those_that_a_source_brought(ask: Ask, quiet: Path):
    services = quiet / "services"
    services.mkdir(exist_ok=True)
    (services / "jobs.yaml").write_text("title: Jobs\n", encoding="utf-8")
    deployments.one_series(quiet)
    assert ask(quiet).text.startswith("# Jobs: review of 2026-10-25")
    assert ask(quiet, "--service", "shop").text.startswith("# shop: review of")


def test_a_day_beyond_the_data_is_refused_and_a_later_hour_of_its_last_day_is_not(ask: Ask, quiet: Path):
    assert ask(quiet, "--as-of", "2027-01-01").refusal.endswith(
        "--as-of 2027-01-01: the data of jobs reaches 2026-10-25T23:00Z; name a day up to 2026-10-25, or leave --as-of "
        "out for that one"
    )
    assert ask(quiet, "--as-of", "2026-10-25T23:50").text == ask(quiet).text


def test_a_review_that_is_kept_needs_no_data(ask: Ask, quiet: Path):
    for day in (END - timedelta(days=90), END + timedelta(days=90)):
        kept = replace(decided_review(), id=f"{day:%Y-%m-%d}", closed_at=END, closed_by="Mika")
        Shelf(quiet, "jobs").close(kept, "")
        assert json.loads(ask(quiet, "--as-of", kept.id, "--format", "json").text)["id"] == kept.id


@pytest.mark.usefixtures("bare_fonts")
def test_letters_that_a_pdf_lacks_are_told(ask: Ask, quiet: Path):
    Shelf(quiet, "jobs").close(replace(decided_review(), attendees="鈴木", closed_at=END, closed_by="Mika"), "")
    asked = ("--as-of", "2026-10-26")
    ran = ask(quiet, *asked, "--format", "pdf")
    assert (ran.status, ran.out[:5]) == (0, b"%PDF-")
    (told,) = [line for line in ran.err.splitlines() if "boxes" in line]
    assert told.startswith("The PDF shows boxes in place of 鈴 and 木: no font")
    assert "boxes" not in ask(quiet, *asked, "--format", "html").err


@pytest.mark.parametrize("form", ["md", "html", "json", "pdf"])
def test_the_same_review_gives_the_same_bytes(ask: Ask, demo: Path, form: str):
    assert ask(demo, "--format", form).out == ask(demo, "--format", form).out != b""


def test_one_that_nobody_opened_is_prepared_and_kept_nowhere(ask: Ask, quiet: Path):
    told = json.loads(ask(quiet, "--format", "json").text)
    assert (told["id"], told["since"], told["until"]) == (
        "2026-10-25",
        "2026-10-18T23:00:01Z",
        "2026-10-25T23:00:01Z",
    )
    assert told["closed_at"] is None
    assert not (quiet / "reviews").exists()


def test_one_of_an_earlier_day_looks_up_to_then(ask: Ask, quiet: Path):
    told = json.loads(ask(quiet, "--as-of", "2026-10-20T12:00+02:00", "--format", "json").text)
    assert (told["id"], told["until"]) == ("2026-10-20", "2026-10-20T10:00:00Z")


def test_a_closed_one_is_printed_as_frozen_and_the_next_begins_where_it_ended(ask: Ask, quiet: Path):
    config = configuration.load(quiet)
    store, service = Store(quiet / "tomoni.duckdb"), Service("jobs", "jobs", "UTC", 0)
    window = review_window(quiet, service, END - timedelta(days=3))
    review = opened(store, config, service, window, "Mika", END)
    frozen = close(store, config, service, review.id, "Mika", END)
    assert ask(quiet, "--as-of", "2026-10-23").text == (quiet / "reviews" / "2026-10-23.md").read_text()
    assert (
        ask(quiet, "--as-of", "2026-10-23", "--format", "json").out
        == (quiet / "reviews" / "2026-10-23.json").read_bytes()
    )
    assert json.loads(ask(quiet, "--format", "json").text)["since"] == "2026-10-23T00:00:00Z"
    assert held(store, config, service, review.id, END) == frozen


def test_two_reviews_are_laid_side_by_side_and_corrections_told(ask: Ask, quiet: Path):
    config, service = configuration.load(quiet), Service("jobs", "jobs", "UTC", 0)
    store = Store(quiet / "tomoni.duckdb")
    for days in (10, 3):
        window = review_window(quiet, service, END - timedelta(days=days))
        close(store, config, service, opened(store, config, service, window, "Mika", END).id, "Mika", END)
    ran = ask(quiet, "--as-of", "2026-10-16", "--with", "2026-10-23")
    assert ran.text.startswith("# jobs: 2026-10-23 beside 2026-10-16\n")
    assert ran.err == ""
    told = json.loads(ask(quiet, "--as-of", "2026-10-23", "--with", "2026-10-16", "--format", "json").text)
    assert (told["earlier"], told["later"]) == ("2026-10-16", "2026-10-23")
    assert "no review of jobs is kept of that day; there are 2026-10-16, 2026-10-23" in (
        ask(quiet, "--with", "2026-10-20").refusal
    )
    assert "--with compares as md or json, not as pdf" in ask(quiet, "--with", "2026-10-16", "-o", "a.pdf").refusal
    fill(quiet, {series: values * 1.5 for series, values in lines_of(3, HOURLY).items()}, 3)
    frozen = (quiet / "reviews" / "2026-10-23.md").read_text()
    later = ask(quiet, "--as-of", "2026-10-23")
    assert later.text == frozen
    assert later.err.splitlines()
    assert all(re.fullmatch(r"db [ab] .+ was [\d.]+ %, now [\d.]+ %", line) for line in later.err.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service", "shop"], "--service shop: there is no such service with data; use one of jobs"),
        (["--as-of", "2026-10-01"], "--as-of 2026-10-01T23:59Z: the data of jobs begins 2026-10-05T00:00Z"),
        (["-o", "/nowhere/at/all.md"], "-o /nowhere/at/all.md: No such file or directory; name a file in a folder"),
    ],
)
def test_what_makes_no_sense_is_refused(ask: Ask, quiet: Path, words: list[str], said: str):
    assert said in ask(quiet, *words).refusal


def test_of_several_services_one_must_be_named(ask: Ask, quiet: Path):
    deployments.one_series(quiet)
    assert "--service is needed, since a review is one service's: jobs, shop" in ask(quiet).refusal
    assert ask(quiet, "--service", "shop").text.startswith("# shop: review of 2026-11-23\n")


@pytest.mark.parametrize("word", ["yesterday", "2026-13-01"])
def test_what_is_no_time_or_format_is_refused(capsys: pytest.CaptureFixture[str], folder: Path, word: str):
    for flag in ("--as-of", "--format"):
        with pytest.raises(SystemExit) as ended:
            cli.main(["--data", str(folder), "review", flag, word])
        assert ended.value.code == 2
        assert word in capsys.readouterr().err


def test_without_data_one_is_told_how_to_fill_it(ask: Ask, folder: Path):
    assert "fill it with `python -m metrics collect`" in ask(folder).refusal
    with Store(folder / "tomoni.duckdb").write():
        pass
    assert "there is no data in data/ yet" in ask(folder).refusal


def test_too_little_data_is_a_review_that_says_so(ask: Ask, folder: Path):
    deployments.one_series(folder)
    text = ask(folder).text
    assert "Not looked for yet: trend alerts need two weeks of data." in text


def test_only_events_can_be_reviewed(ask: Ask, folder: Path):
    deployments.only_events(folder)
    assert ask(folder).text.startswith("# shop: review of 2026-11-2")


def test_a_pdf_is_not_printed_on_a_terminal(
    capsys: pytest.CaptureFixture[str], quiet: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert cli.main(["--data", str(quiet), "review", "--format", "pdf"]) == 2
    told = "a PDF is nothing to read on a terminal: name a file with -o FILE, or pipe it on"
    assert capsys.readouterr().err.splitlines()[-1] == told


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_a_day_is_one_of_the_services_clock(ask: Ask, quiet: Path, zone: str):
    """A review is found by its own name, also where midnight of UTC is of the day before; else it looks up to its end."""
    (quiet / "services").mkdir()
    (quiet / "services" / "jobs.yaml").write_text(f"title: Jobs\ntime_zone: {zone}\n")
    end = datetime(2026, 10, 23, 12, tzinfo=UTC)
    kept = replace(decided_review(), id="2026-10-23", zone=zone, since=END - timedelta(weeks=1), until=end)
    Shelf(quiet, "jobs").close(replace(kept, closed_at=end, closed_by="Mika"), "# The review")
    assert "Closed by Mika" in ask(quiet, "--as-of", "2026-10-23").text
    other = json.loads(ask(quiet, "--as-of", "2026-10-22", "--with", "2026-10-23", "--format", "json").text)
    assert (other["earlier"], other["later"]) == ("2026-10-22", "2026-10-23")
    until = json.loads(ask(quiet, "--as-of", "2026-10-22", "--format", "json").text)["until"]
    local = datetime.fromisoformat(until).astimezone(ZoneInfo(zone))
    assert f"{local:%Y-%m-%d %H:%M:%S}" == "2026-10-22 23:59:59"
