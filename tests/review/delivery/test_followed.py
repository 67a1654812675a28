"""What each deployment was for, how it ended, and where it stands among those before it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.model import Service
from metrics.review.delivery.deployments import Deployment, followed, kind_of, status_of
from tests.review.delivery.worked import frame, moment, row


def path(*lines: str, services: tuple[Service, ...] = ()) -> dict[str, Deployment]:
    rows = [row("deployment", line) for line in lines]
    return {each.id: each for each in followed(frame("deployment", rows), services)}


def versions(*names: str, **fields: str) -> dict[str, Deployment]:
    """d1, d2, … of these versions, an hour apart."""
    rest = "".join(f" {name}={value}" for name, value in fields.items())
    start = moment("09-01T10:00")
    assert start is not None
    lines = []
    for n, name in enumerate(names):
        at = start + timedelta(hours=n)
        lines.append(f"d{n + 1} {at:%m-%dT%H:%M} {at + timedelta(minutes=10):%m-%dT%H:%M} version={name}{rest}")
    return path(*lines)


def backs(found: dict[str, Deployment]) -> dict[str, str | None]:
    return {id_: each.rolls_back for id_, each in found.items() if each.kind == "rollback"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("V1 V2 V3 V1", {"d4": "d2"}),  # the first after the target failed
        ("V1 V2 V1", {"d3": "d2"}),
        ("V1 V1", {}),
        ("V1 V2 V2", {}),
        ("V1 V2 V1 V2", {"d3": "d2"}),  # forward again
        ("V1 V2 V1 V3 V1", {"d3": "d2", "d5": "d4"}),
        ("V1 V2 V1 V3 V2", {"d3": "d2", "d5": "d4"}),
        ("V1 V2 V1 V1", {"d3": "d2"}),
        ("V1 V2 V3", {}),
    ],
)
def test_going_back_to_an_earlier_version_is_a_roll_back(order: str, expected: dict[str, str]) -> None:
    assert backs(versions(*order.split())) == expected


def test_the_same_version_again_is_nothing_new() -> None:
    found = versions("V1", "V2", "V2")
    assert [each.repeats for each in found.values()] == [False, False, True]


def test_a_version_that_names_no_content_is_told_by_its_commit() -> None:
    found = path(
        "d1 09-01T10:00 09-01T10:10 version=latest commit=a",
        "d2 09-01T11:00 09-01T11:10 version=latest commit=b",
        "d3 09-01T12:00 09-01T12:10 version=latest commit=a",
    )
    assert backs(found) == {"d3": "d2"}
    assert not any(each.repeats for each in found.values())


def test_a_failed_run_is_not_on_the_path() -> None:
    found = path(
        "d1 09-01T10:00 09-01T10:10 version=V1",
        "d2 09-01T11:00 09-01T11:10 version=V2 status=failed",
        "d3 09-01T12:00 09-01T12:10 version=V1",
    )
    assert found["d3"].kind == "unknown"
    assert found["d3"].repeats
    assert found["d3"].previous == found["d1"].finished


def test_what_the_source_says_of_the_kind_stands() -> None:
    found = versions("V1", "V2", "V1", kind="planned")
    assert [each.kind for each in found.values()] == ["planned"] * 3


def test_another_component_or_environment_or_service_is_another_path() -> None:
    found = path(
        "d1 09-01T10:00 09-01T10:10 version=V1",
        "d2 09-01T11:00 09-01T11:10 version=V2 component=api",
        "d3 09-01T12:00 09-01T12:10 version=V2 environment=staging",
        "d4 09-01T13:00 09-01T13:10 version=V2 service=shop",
        "d5 09-01T14:00 09-01T14:10 version=V1",
    )
    assert backs(found) == {}
    assert found["d5"].previous == found["d1"].finished


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('title=Revert_"Widen_the_list"', "revert"),
        ("branch=revert-318-widen", "revert"),
        ("title=Hot_fix_for_the_form", "hotfix"),
        ("branch=hotfix/form", "hotfix"),
        ("mends=d0", "hotfix"),
        ("title=Photofix_for_everybody", "unknown"),
        ("title=Let_users_revert_a_posting", "unknown"),
        ("kind=config title=hotfix", "config"),
        ("kind=whatever", "unknown"),
    ],
)
def test_a_kind_that_nobody_says_is_in_the_words(words: str, kind: str) -> None:
    assert path(f"d1 09-01T10:00 09-01T10:10 {words}")["d1"].kind == kind


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("success", "succeeded"), ("SUCCEEDED", "succeeded"), ("inactive", "succeeded"), (None, "succeeded"),
        ("errored", "failed"), ("failure", "failed"), ("cancelled", "aborted"), ("in_progress", "running"),
        ("purple", "unknown"),
    ],
)  # fmt: skip
def test_statuses_of_all_sources_become_ours(said: str | None, ours: str) -> None:
    assert status_of(said) == ours


def test_the_kinds_of_imports_become_ours() -> None:
    assert [kind_of(word) for word in ("release", "Rollback", None)] == ["planned", "rollback", "unknown"]


def test_without_an_environment_it_went_to_the_one_that_counts() -> None:
    live = Service("jobs", "Jobs", "UTC", 0, environments=("Live", "test"))
    found = path(
        "d1 09-01T10:00 09-01T10:10 environment=-",
        "d2 09-01T11:00 09-01T11:10 environment=live",
        "d3 09-01T12:00 09-01T12:10 environment=demo",
        services=(live,),
    )
    assert [each.environment for each in found.values()] == ["Live", "Live", "demo"]


@pytest.mark.parametrize("end", ["-", "09-01T10:00"])
def test_what_has_no_length_took_nobody_knows_how_long(end: str) -> None:
    """A merge or a release may stand for a deployment."""
    found = path(f"d1 09-01T10:00 {end}")["d1"]
    assert (found.finished, found.is_timed) == (found.started, False)
