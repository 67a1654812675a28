"""Files that a CI drops: what is taken, what is refused and how it is said, and that nothing half-written is either."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from metrics import config
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.collect.webhook import STATUSES, Happened, Settings, check, collect
from metrics.model import Coverage, Event, Window
from tests.collect.folders import ROOT, configure

NOW = datetime(2026, 6, 8, 12, tzinfo=UTC)
DEPLOYED: Mapping[str, object] = {
    "kind": "deployment", "id": 17, "component": "web", "started_at": "2026-06-08T18:00:00+09:00",
    "ended_at": "2026-06-08T09:20:00Z", "status": "succeeded", "title": "1.4", "url": "https://ci.internal/17",
    "attrs": {"environment": "production", "commit": "abc", "attempt": 2, "hotfix": False, "branch": None},
}  # fmt: skip


def drop(folder: Path, name: str, holds: object, age: timedelta = timedelta(minutes=5)) -> Path:
    """A file as it was written that long before NOW; a text as it is, anything else as JSON."""
    path = folder / "webhook" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(holds, bytes):
        path.write_bytes(holds)
    else:
        path.write_text(holds if isinstance(holds, str) else json.dumps(holds), encoding="utf-8")
    stamp = (NOW - age).timestamp()
    os.utime(path, (stamp, stamp))
    return path


class Told:
    def __init__(self, folder: Path, **settings: object) -> None:
        window = Window(NOW - timedelta(days=1), NOW)
        asked = Settings.model_validate({"folder": folder, "service": "jobs", **settings})
        with httpx.Client() as http:
            batches = list(collect(asked, window, http))
        self.events = [each for each in batches if isinstance(each, Event)]
        answers = [each for each in batches if isinstance(each, Coverage)]
        assert {each.window for each in answers} == {window}
        self.states = [(each.service, each.component, each.indicator, each.state) for each in answers]
        assert answers[-1].indicator == "webhook"
        self.said = answers[-1].detail

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.events]


def test_an_event_and_all_that_stands_in_it(tmp_path: Path) -> None:
    drop(tmp_path, "deploy-17.json", DEPLOYED)
    told = Told(tmp_path)
    assert told.events == [
        Event(
            "jobs", "deployment", "17", datetime(2026, 6, 8, 9, tzinfo=UTC), "webhook", NOW - timedelta(minutes=5),
            "web", datetime(2026, 6, 8, 9, 20, tzinfo=UTC), "succeeded", "1.4", "https://ci.internal/17",
            {"environment": "production", "commit": "abc", "attempt": 2, "hotfix": False, "branch": None},
        )
    ]  # fmt: skip
    assert told.states == [("jobs", "web", "deployment", "complete"), ("jobs", "webhook", "webhook", "complete")]


def small(id_: str, kind: str = "build", **rest: object) -> dict[str, object]:
    return {"kind": kind, "id": id_, "started_at": "2026-06-08T09:00:00Z", **rest}


@pytest.mark.parametrize(
    "holds",
    [
        [small("a"), small("b")],
        f"{json.dumps(small('a'))}\n\n{json.dumps(small('b'))}\n",
        "\ufeff" + json.dumps([small("a"), small("b")], indent=2),
    ],
    ids=["a list", "one a line", "with a byte order mark"],
)
def test_a_file_may_hold_several(tmp_path: Path, holds: object) -> None:
    drop(tmp_path, "a.json", holds)
    assert Told(tmp_path).ids == ["a", "b"]


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (small("a", "incident"), "open"),
        (small("a", "incident", ended_at="2026-06-08T10:00:00Z"), "resolved"),
        (small("a", "alert", ended_at="2026-06-08T10:00:00Z"), "resolved"),
        (small("a", "defect", ended_at="2026-06-08T10:00:00Z"), "fixed"),
        (small("a", "change"), None),
        (small("a", "change", ended_at="2026-06-08T10:00:00Z"), "merged"),
        (small("a", "build", ended_at="2026-06-08T10:00:00Z"), None),
        (small("a", "batch_run", status="errored"), "errored"),
    ],
)
def test_a_status_that_is_not_written_follows_from_the_end_where_it_can(
    tmp_path: Path, event: object, status: str | None
) -> None:
    drop(tmp_path, "a.json", event)
    assert [each.status for each in Told(tmp_path).events] == [status]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (small("a", "deploy"), "kind is 'deploy'; did you mean deployment?"),
        ({"kind": "build", "id": "a"}, "started_at is missing"),
        (small(""), "id"),
        (small("a", started_at="2026-06-08T09:00:00"), "started_at"),
        (small("a", started_at="yesterday"), "started_at"),
        (small("a", started_at="1969-01-01T00:00:00Z"), "is not from 1970 to 2200"),
        (small("a", ended_at="2026-06-08T08:00:00Z"), "is before started_at 2026-06-08T09:00:00+00:00"),
        (
            small("a", status="success"),
            "'success'; of a build use one of succeeded, failed, errored, aborted, running",
        ),
        (small("a", attrs={"job": {"name": "x"}}), "attrs"),
        (small("a", attr={}), "attr is no key here; did you mean attrs?"),
        (small("a", url="javascript:alert(1)"), "is no address; write one that begins with https://"),
        (small("a", service="My Shop"), "is no name for a service"),
        (small("a", component="a/b"), "is no name for a component"),
        (
            '{"kind": "build", "id": "a", "started_at": "2026-06-08T09:00:00Z", "attrs": {"x": NaN}}',
            "NaN is no number",
        ),
        ('{"kind": "build", "id": "a", "started_at": "2026-06-08T09:00:00Z", "attrs": {"x": 1e999}}', "attrs"),
        ('{"kind": "build", "id": "\\ud800", "started_at": "2026-06-08T09:00:00Z"}', "surrogates not allowed"),
        ('"build"', "is no JSON object"),
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ('{"a": 1}\n{"b"', "line 2 is no JSON"),
        ("[" * 100_000, "is no JSON"),
        (b"\xff\xfe\x00", "is no UTF-8 text"),
    ],
)
def test_what_is_wrong_is_said_with_the_file_and_keeps_nothing_else_out(
    tmp_path: Path, wrong: object, said: str
) -> None:
    drop(tmp_path, "bad.json", wrong)
    drop(tmp_path, "good.json", small("good"))
    told = Told(tmp_path)
    assert told.ids == ["good"]
    assert told.states[-1] == ("jobs", "webhook", "webhook", "failed")
    assert told.said.startswith("bad.json: ")
    assert said in told.said
    assert len(told.said) <= 300


def test_the_good_events_of_a_file_are_taken(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", [small("a"), small("b", "biuld"), small("c")])
    told = Told(tmp_path)
    assert told.ids == ["a", "c"]
    assert told.said.startswith("a.json, event 2: kind is 'biuld'")


def test_many_wrong_files_are_counted(tmp_path: Path) -> None:
    for number in range(5):
        drop(tmp_path, f"{number}.json", "{")
    assert Told(tmp_path).said.startswith("5 faults, the first: 0.json: is no JSON: ")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.collect.webhook.LARGEST_FILE", 10)
    drop(tmp_path, "a.json", small("a"))
    assert "a.json: is larger than" in Told(tmp_path).said


@pytest.mark.parametrize(("age", "state"), [(1, "complete"), (-1, "complete"), (3, "failed")])
def test_a_half_written_file_is_left_for_the_next_run(tmp_path: Path, age: float, state: str) -> None:
    drop(tmp_path, "good.json", small("good"))
    drop(tmp_path, "half.json", '{"kind": "build", "id', age=timedelta(seconds=age))
    told = Told(tmp_path)
    assert told.ids == ["good"]
    assert told.states[-1][3] == state


def test_a_fresh_file_that_is_whole_is_taken_at_once(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", small("a"), age=timedelta(0))
    assert Told(tmp_path).ids == ["a"]


def test_of_several_with_one_name_the_last_written_counts(tmp_path: Path) -> None:
    drop(tmp_path, "b-started.json", small("a", status="running"), age=timedelta(minutes=9))
    drop(tmp_path, "a-ended.json", small("a", status="failed", ended_at="2026-06-08T10:00:00Z"))
    assert [each.status for each in Told(tmp_path).events] == ["failed"]


def test_the_path_is_a_pattern_below_the_data_folder_or_anywhere(tmp_path: Path) -> None:
    drop(tmp_path, "deep/er/a.json", small("a"))
    drop(tmp_path, "b.txt", small("b"))
    assert Told(tmp_path).ids == []
    assert Told(tmp_path, path="webhook/**/*.json").ids == ["a"]
    assert Told(Path("/nowhere"), path=f"{tmp_path}/webhook/*.txt").ids == ["b"]


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    told = Told(tmp_path)
    assert told.states == [("jobs", "webhook", "webhook", "empty")]
    assert told.said == "no file matches webhook/*.json"


def test_check_tells_how_many_and_which_are_wrong(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path)
    with httpx.Client() as http:
        assert [sign.state for sign in check(settings, http)] == ["note", "fine"]
        drop(tmp_path, "a.json", [small("a"), small("b")])
        assert [(sign.state, sign.said) for sign in check(settings, http)] == [("fine", "files: 1, events: 2")]
        drop(tmp_path, "b.json", small("a", "deploy"))
        (sign,) = check(settings, http)
    assert sign.state == "wrong"
    assert sign.said.startswith("b.json: kind is 'deploy'; did you mean deployment?")


# through the runner ---------------------------------------------------------------------------------------


def run(folder: Path, now: datetime = NOW) -> Outcome:
    settings = config.load(folder)
    (source,) = chosen(settings, ["webhook"])
    return run_source(settings, source, Request(now))


def stored(folder: Path) -> list[tuple[object, ...]]:
    with store_of(config.load(folder)).read() as db:
        return db.rows("SELECT id, status, service FROM v_events ORDER BY id")


def test_reading_again_changes_nothing_and_a_mended_file_is_taken(tmp_path: Path) -> None:
    configure(tmp_path, {"webhook": {}})
    drop(tmp_path, "a.json", small("a", status="running"))
    bad = drop(tmp_path, "b.json", small("b", status="done"))
    first = run(tmp_path)
    assert (first.state, first.rows) == ("partial", 1)
    assert "b.json: status is 'done'" in first.detail
    assert run(tmp_path).rows == 0
    bad.unlink()
    drop(tmp_path, "b.json", small("b", status="failed"))
    second = run(tmp_path, NOW + timedelta(minutes=5))
    assert (second.state, second.rows) == ("done", 1)
    assert stored(tmp_path) == [("a", "running", "default"), ("b", "failed", "default")]


def test_a_later_file_corrects_and_an_earlier_one_that_stays_does_not_undo_it(tmp_path: Path) -> None:
    configure(tmp_path, {"webhook": {}})
    drop(tmp_path, "a.json", small("a", status="running"))
    run(tmp_path)
    later = drop(tmp_path, "b.json", small("a", status="succeeded"), age=timedelta(0))
    run(tmp_path)
    assert stored(tmp_path) == [("a", "succeeded", "default")]
    later.unlink()
    assert run(tmp_path).rows == 0
    assert stored(tmp_path) == [("a", "succeeded", "default")]


# documents ------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "collectors" / "webhook.md").read_text(encoding="utf-8")


def test_the_schema_document_is_the_model(tmp_path: Path) -> None:
    """Written by: python -c "from metrics.collect.webhook import schema; print(schema())" > docs/webhook.schema.json"""
    from metrics.collect.webhook import schema

    assert (ROOT / "docs" / "webhook.schema.json").read_text(encoding="utf-8") == schema() + "\n"


def test_the_page_names_every_key_and_status() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.split("## The schema")[1].split("\n## ")[0], re.MULTILINE)
    assert sorted({*rows} - {*STATUSES}) == sorted(Happened.model_fields)
    for kind, statuses in STATUSES.items():
        (line,) = re.findall(rf"^\| `{kind}` \| (.*) \|", PAGE, re.MULTILINE)
        assert re.findall(r"`(\w+)`", line.split("|")[0]) == list(statuses)


def test_the_example_for_a_ci_works(tmp_path: Path) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "webhook").mkdir()
    environ = {
        **os.environ,
        "TOMONI_DATA": str(tmp_path),
        "BUILD_ID": "42",
        "COMMIT": "abc",
        "STARTED": "2026-06-08T09:00:00Z",
    }
    subprocess.run(["bash", "-euc", script], env=environ, check=True, cwd=tmp_path)
    told = Told(tmp_path)
    assert [(each.kind, each.id, each.status, each.attrs["commit"]) for each in told.events] == [
        ("deployment", "deploy-42", "succeeded", "abc")
    ]
    assert [path.name for path in (tmp_path / "webhook").iterdir()] == ["deploy-42.json"]
