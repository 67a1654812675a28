"""What a service's file says of a source becomes that source's own targets, or is refused where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from metrics.collect.target import Target, filled, targets_of
from metrics.errors import ConfigError
from metrics.service_file import read_service


class Board(Target, frozen=True, extra="forbid"):
    board: str
    lists: tuple[str, ...] = ()


class Settings(BaseModel, frozen=True, extra="forbid"):
    targets: tuple[Board, ...] = ()


def targets(folder: Path, text: str) -> list[Target]:
    path = folder / "jobs.yaml"
    path.write_text(text, encoding="utf-8")
    return list(targets_of([read_service(path, "services/jobs.yaml")], "board", Settings))


def test_each_component_that_uses_the_source_is_one(tmp_path: Path) -> None:
    text = """
sources: {board: {lists: [open]}}
components:
  a: {kind: service, use: board, board: x}
  b: {kind: service, sources: [{use: other, z: 1}, {use: board, board: y, lists: [done]}]}
  c: {kind: service}
"""
    assert targets(tmp_path, text) == [
        Board(service="jobs", component="a", board="x", lists=("open",)),
        Board(service="jobs", component="b", board="y", lists=("done",)),
    ]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{kind: service, use: board}", "components.a.board is missing."),
        ("{kind: service, use: board, board: x, bord: x}", "components.a.bord is no key here; did you mean board?"),
        (
            "{kind: service, sources: [{use: board, board: 3}]}",
            "components.a.sources.0.board is 3; write text, in quotes.",
        ),
    ],
)
def test_what_is_wrong_is_refused_where_it_stands(tmp_path: Path, entry: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        targets(tmp_path, f"components:\n  a: {entry}\n")
    assert str(refused.value) == f"services/jobs.yaml:2: {said}"


def test_only_known_names_are_filled_in() -> None:
    values = {"component": "web", "env": "prod"}
    assert (
        filled("avg:cpu{service:{component},env:{env}} by {host}", values)
        == "avg:cpu{service:web,env:prod} by {host}"
    )
    assert filled('up{job="{component}"}', values) == 'up{job="web"}'
    assert filled("{env}{{component}}", {"env": "{component}", "component": "x"}) == "{component}{x}"
