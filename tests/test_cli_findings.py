"""`findings` as a person and a script see it: what is printed, what is refused, and what goes out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from metrics import cli
from metrics.cli_findings import CSV
from metrics.store import Store, notices
from metrics.ui.finding_words import NEWS
from tests.pages import deployments
from tests.trends.made import fill, lines_of

# Apprise loads a module that Python drops with 3.13, and has its own stand-in for it there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
HOURLY = 3_600


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=26)


@pytest.fixture
def quiet(folder: Path) -> Path:
    fill(folder, lines_of(3, HOURLY), 3)
    return folder


class Ran:
    """What one command said, and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path, words: Sequence[str]) -> None:
        capsys.readouterr()
        self.status = cli.main(["--data", str(folder), "findings", *words])
        self.out, self.err = capsys.readouterr()

    @property
    def refusal(self) -> str:
        assert (self.status, self.out) == (2, "")
        return self.err.splitlines()[-1]

    @property
    def told(self) -> dict[str, Any]:
        assert self.status == 0, self.err
        (service,) = json.loads(self.out)["services"]
        return dict(service)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]):
    return lambda folder, *words: Ran(capsys, folder, words)


def test_the_table_has_a_line_an_item_and_what_is_below_the_fold(ask, demo):
    ran, told = ask(demo), ask(demo, "--format", "json").told
    title, header, *rows = ran.out.splitlines()
    assert (ran.status, title) == (0, "Jobs, as seen 2026-11-23 06:00Z")
    assert header.split() == ["NEWS", "OWNERS", "WHAT"]
    assert 1 <= len(told["items"]) <= 7
    for number, (row, item) in enumerate(zip(rows, told["items"], strict=False), 1):
        assert row.startswith(f"{number}  {NEWS[item['news']]} ")
        assert ", ".join(item["owners"]) in row
        assert row.endswith(item["sentence"])
    assert rows[len(told["items"]) :] == [f"{len(told['rest'])} more below the fold; --format json has them"]


def test_json_has_every_item_with_its_findings(ask, demo):
    told = ask(demo, "--format", "json").told
    assert (told["service"], told["as_of"]) == ("jobs", "2026-11-23T06:00:00+00:00")
    scores = [item["score"] for item in told["items"]]
    assert scores == sorted(scores, reverse=True)
    for item in (*told["items"], *told["rest"]):
        assert item["id"] in {each["id"] for each in item["findings"]}
        assert set(item["why"]) == {"harm", "size", "certainty", "news", "nearness"}
        for each in item["findings"]:
            assert each["size"] == pytest.approx(each["after"] - each["before"])
            assert datetime.fromisoformat(each["since"]).utcoffset() is not None


def test_csv_has_a_row_a_finding_in_the_order_of_the_items(ask, demo):
    told = ask(demo, "--format", "json").told
    rows = list(csv.DictReader(io.StringIO(ask(demo, "--format", "csv").out)))
    assert tuple(rows[0]) == CSV
    assert [(row["item"], row["id"]) for row in rows] == [
        (item["id"], each["id"]) for item in (*told["items"], *told["rest"]) for each in item["findings"]
    ]
    assert all(row["sentence"] and row["severity"] in ("high", "medium", "low") for row in rows)


def test_an_earlier_moment_is_told_as_it_was_seen_then(ask, demo):
    told = ask(demo, "--until", "2026-11-10", "--format", "json").told
    assert told["as_of"] == "2026-11-09T06:00:00+00:00"


def test_against_a_review_before_all_of_it_everything_is_new(ask, demo):
    told = ask(demo, "--since", "2026-10-01", "--format", "json").told
    assert {item["news"] for item in told["items"]} == {"new"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service", "shop"], "--service shop: there is no such service with data; use one of jobs"),
        (
            ["--since", "2026-11-20", "--until", "2026-11-20"],
            "--since 2026-11-20T00:00Z is not before --until, or lies ahead",
        ),
        (["--since", "2999-01-01"], "--since 2999-01-01T00:00Z is not before --until, or lies ahead"),
        (["--dry-run"], "--dry-run rehearses a message: say --notify as well"),
    ],
)
def test_what_makes_no_sense_is_refused(ask, demo, words, said):
    assert said in ask(demo, *words).refusal


@pytest.mark.parametrize("word", ["yesterday", "2026-13-01"])
@pytest.mark.parametrize("flag", ["--since", "--until"])
def test_what_is_no_time_is_refused(capsys, folder, flag, word):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--data", str(folder), "findings", flag, word])
    assert ended.value.code == 2
    assert word in capsys.readouterr().err


def test_without_a_store_one_is_told_how_to_fill_it(ask, folder):
    assert "fill it with `python -m metrics collect`" in ask(folder).refusal


@pytest.mark.parametrize("words", [[], ["--service", "shop"], ["--notify", "--dry-run"]])
def test_a_store_without_any_data_says_so(ask, folder, words):
    with Store(folder / "tomoni.duckdb").write():
        pass
    assert "there is no data in data/ yet" in ask(folder, *words).refusal


def test_too_little_data_says_how_much_it_takes(ask, folder):
    deployments.one_series(folder)
    ran = ask(folder)
    assert (ran.status, ran.out) == (0, "shop: nothing was looked at yet; two weeks of data are needed\n")
    assert ask(folder, "--format", "json").told == {"service": "shop", "as_of": None, "items": [], "rest": []}
    assert ask(folder, "--format", "csv").out == ",".join(CSV) + "\n"


def test_a_quiet_week_says_so(ask, quiet):
    told = "jobs, as seen 2026-10-25 23:00Z: a quiet week, nothing moved that is worth a look\n"
    assert ask(quiet).out == told


def test_a_message_without_an_address_is_refused(ask, quiet):
    assert "has no `notify: to:`; add an address there, or print what would be sent with --dry-run" in (
        ask(quiet, "--notify").refusal
    )


def test_a_rehearsal_prints_the_digest_and_sends_nothing(ask, quiet, room):
    (quiet / "tomoni.yaml").write_text(f"notify: {{to: '{room.address}'}}\n")
    ran = ask(quiet, "--notify", "--dry-run")
    assert (ran.status, ran.out) == (0, "jobs: a quiet week\nNothing moved that is worth a look.\n\n")
    assert room.posted == []
    with Store(quiet / "tomoni.duckdb").read() as db:
        assert notices.latest(db, "jobs") == {}


def test_the_digest_is_sent_when_asked_for_and_printed(ask, quiet, room):
    (quiet / "tomoni.yaml").write_text(f"notify: {{to: '{room.address}'}}\n")
    ran = ask(quiet, "--notify")
    (posted,) = room.posted
    assert (ran.status, ran.out) == (0, f"{posted['title']}\n{posted['message']}\n\n")
    assert "TOKEN-17" not in ran.out + ran.err
    with Store(quiet / "tomoni.duckdb").read() as db:
        assert list(notices.latest(db, "jobs")) == ["digest"]


def test_looking_sends_nothing_by_itself(ask, quiet, room):
    (quiet / "tomoni.yaml").write_text(f"notify: {{to: '{room.address}', digest: monday 00:00}}\n")
    assert ask(quiet).status == 0
    assert room.posted == []


def test_a_message_that_can_not_be_sent_is_one_sentence(ask, quiet, room):
    (quiet / "tomoni.yaml").write_text(f"notify: {{to: '{room.address}'}}\n")
    room.status = 500
    assert "could not be sent to every address" in ask(quiet, "--notify").refusal
