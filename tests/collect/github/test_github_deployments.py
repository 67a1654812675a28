"""Deployments: when they ended and how, which of them are read again, and what they say they were for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.model import Window
from tests.collect.github.github_asked import WEEK, client, collected
from tests.collect.github.github_server import Hub, day, sha

AT = day(2, 9)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_a_deployment_as_it_is_kept(hub: Hub) -> None:
    number = hub.deploy(AT, ("queued", 0), ("in_progress", 1), ("success", 8), ref="v1.4.2", sha=sha("x"))
    hub.statuses[number][0]["log_url"] = "https://github.example.com/acme/jobs/actions/runs/77"
    event = collected(hub).one("deployment")
    assert (event.service, event.component, event.id, event.source) == ("jobs", "web", str(number), "github")
    assert (event.started_at, event.ended_at, event.status) == (AT + minutes(1), AT + minutes(8), "succeeded")
    assert (event.title, event.observed_at) == ("v1.4.2", WEEK.end)
    assert event.url == "https://github.example.com/acme/jobs/actions/runs/77"
    assert event.attrs == {"environment": "production", "version": "v1.4.2", "commit": sha("x"), "ref": "v1.4.2"}


@pytest.mark.parametrize(
    ("states", "started", "ended", "status"),
    [
        # The next deployment took over two days later: neither a failure nor the end.
        ([("in_progress", 1), ("success", 8), ("inactive", 2_880)], 1, 8, "succeeded"),
        ([("success", 8)], 0, 8, "succeeded"),
        ([("in_progress", 1), ("failure", 4)], 1, 4, "failed"),
        ([("pending", 0), ("error", 2)], 0, 2, "failed"),
        # Run again: the same deployment, a later success, as long as the attempt that succeeded.
        ([("in_progress", 1), ("failure", 4), ("queued", 60), ("in_progress", 61), ("success", 69)], 61, 69, "succeeded"),
        ([("in_progress", 1), ("failure", 4), ("in_progress", 61), ("error", 70)], 1, 4, "failed"),
        # Told once, a success stays the end.
        ([("in_progress", 1), ("success", 8), ("failure", 90)], 1, 8, "succeeded"),
        ([("in_progress", 1), ("in_progress", 5), ("success", 8)], 1, 8, "succeeded"),
        ([("waiting", 0), ("in_progress", 30)], 30, None, "running"),
        ([("queued", 0)], 0, None, "running"),
        ([], 0, None, "running"),
        ([("in_progress", 1), ("inactive", 50)], 1, None, "aborted"),
        ([("brand_new_state", 1), ("success", 8)], 0, 8, "succeeded"),
    ],
)  # fmt: skip
def test_its_end_is_its_first_success_or_else_its_first_failure(
    hub: Hub, states: list[tuple[str, float]], started: float, ended: float | None, status: str
) -> None:
    hub.deploy(AT, *states)
    event = collected(hub).one("deployment")
    assert (event.started_at, event.status) == (AT + minutes(started), status)
    assert event.ended_at == (None if ended is None else AT + minutes(ended))


def test_of_two_statuses_in_one_second_the_later_one_counts(hub: Hub) -> None:
    hub.deploy(AT, ("in_progress", 3), ("inactive", 3), ("success", 3))
    assert collected(hub).one("deployment").status == "succeeded"


def test_only_the_environments_that_are_named_are_asked_for_under_our_names(hub: Hub) -> None:
    hub.deploy(AT, ("success", 1), environment="prod-eu")
    hub.deploy(AT, ("success", 1), environment="stage")
    hub.deploy(AT, ("success", 1), environment="pr-123")
    came = collected(hub, environments={"prod-eu": "production", "stage": "staging"})
    assert sorted(str(each.attrs["environment"]) for each in came.of("deployment")) == ["production", "staging"]
    assert not [path for path in hub.paths() if "pr-123" in path]
    assert [each.indicator for each in came.answers].count("deployment") == 1


@pytest.mark.parametrize(
    ("told", "version", "branch"),
    [
        ({"ref": "main"}, sha("x")[:12], "main"),
        ({"ref": sha("x")}, sha("x")[:12], None),
        ({"ref": sha("x")[:10]}, sha("x")[:12], None),
        ({"ref": "v1.4.2"}, "v1.4.2", None),
        ({"ref": "web-2026.06.01"}, "web-2026.06.01", None),
        ({"ref": "web@1.2.3-rc.1+b7"}, "web@1.2.3-rc.1+b7", None),
        ({"ref": "release/1.2"}, sha("x")[:12], "release/1.2"),
        ({"ref": "v2"}, sha("x")[:12], "v2"),
        ({"ref": "main", "payload": {"version": "2026-06-02.1"}}, "2026-06-02.1", "main"),
        ({"ref": "main", "payload": '{"not": "parsed"}'}, sha("x")[:12], "main"),
    ],
)
def test_its_version_is_a_tag_or_the_commit_and_never_a_branch(
    hub: Hub, told: dict[str, object], version: str, branch: str | None
) -> None:
    hub.deploy(AT, ("success", 1), sha=sha("x"), **told)
    event = collected(hub).one("deployment")
    assert (event.title, event.attrs["version"], event.attrs.get("branch")) == (version, version, branch)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({}, None),
        ({"ref": "hotfix/login"}, "hotfix"),
        ({"description": "Hot-fix for the login"}, "hotfix"),
        ({"description": "Rolling back to v1.4.1"}, "rollback"),
        ({"task": "deploy:rollback"}, "rollback"),
        ({"ref": "revert-12-exports"}, "revert"),
        ({"payload": {"reason": "roll-back"}}, "rollback"),
        ({"payload": "hotfix"}, "hotfix"),
        # A setting is no reason, and a word within a word is another word.
        ({"payload": {"rollback": False, "rollback_on_failure": "true"}}, None),
        ({"ref": "feature/photofixer"}, None),
        ({"description": "make it irreversible"}, None),
    ],
)
def test_what_it_was_for_is_known_only_where_it_is_said(hub: Hub, told: dict[str, object], kind: str | None) -> None:
    hub.deploy(AT, ("success", 1), **told)
    assert collected(hub).one("deployment").attrs.get("kind") == kind


def test_a_payload_may_say_what_is_mended(hub: Hub) -> None:
    hub.deploy(AT, ("success", 1), payload={"mends": 145988746})
    assert collected(hub).one("deployment").attrs["mends"] == "145988746"


def test_the_list_is_read_down_to_a_fortnight_before_the_window(hub: Hub) -> None:
    """GitHub can't be asked by date, and gives a hundred at once; here ten."""
    hub.per_page = 10
    for number in range(60):
        hub.deploy(day(7) - timedelta(days=60 - number), ("success", 1))
    came = collected(hub)
    pages = [path for path in hub.paths() if path.startswith("/deployments?")]
    # From day 6 down to the first that is older than 18 May: 20 days, and so two pages and the next one's first entry.
    assert len(pages) == 3
    assert len(came.of("deployment")) == 6
    assert len([path for path in hub.paths() if "/statuses" in path]) == 6


def test_an_older_window_of_the_same_run_goes_on_where_the_newer_one_stopped(hub: Hub) -> None:
    hub.per_page = 10
    for number in range(60):
        hub.deploy(day(7) - timedelta(days=60 - number), ("success", 1))
    with client() as http:
        newer = collected(hub, Window(day(1), day(8)), http=http)
        before = len(hub.asked)
        older = collected(hub, Window(day(1) - timedelta(days=30), day(1)), http=http)
    pages = [path for path in hub.paths(before) if path.startswith("/deployments?")]
    assert [path.rpartition("=")[2] for path in pages] == ["4", "5", "6"]
    assert (len(newer.of("deployment")), len(older.of("deployment"))) == (6, 30)
    # What a run sees, it sees at its newest moment: an old window must not lose against what the store knows.
    assert {each.observed_at for each in older.events} == {day(8)}


def test_one_that_changed_in_the_window_is_read_again_and_no_other(hub: Hub) -> None:
    """A status moves the deployment's updated_at: it waited three days for somebody's approval."""
    waited = hub.deploy(day(1), ("waiting", 0))
    hub.deploy(day(1, 1), ("success", 5))
    hub.status(waited, "success", day(4, 12))
    event = collected(hub, Window(day(4, 11), day(4, 13))).one("deployment")
    assert (event.id, event.ended_at, event.status) == (str(waited), day(4, 12), "succeeded")
    assert [path for path in hub.paths() if "/statuses" in path] == [f"/deployments/{waited}/statuses?per_page=100"]


def test_one_that_was_under_way_is_read_again_though_its_list_says_nothing(hub: Hub) -> None:
    number = hub.deploy(day(1), ("in_progress", 1))
    assert collected(hub, Window(day(1), day(1, 1))).one("deployment").status == "running"
    hub.status(number, "success", day(4, 12), touch=False)
    assert collected(hub, Window(day(4, 11), day(4, 13))).one("deployment").status == "succeeded"
    assert collected(hub, Window(day(4, 13), day(4, 14))).of("deployment") == []


def test_a_deployment_that_comes_while_the_list_is_read_is_not_met_twice(hub: Hub) -> None:
    hub.per_page = 2
    for number in range(5):
        hub.deploy(day(2, number), ("success", 1))

    def push(asked: object) -> None:
        if "page=2" in str(asked) and len(hub.deployments) == 5:
            hub.deploy(day(9), ("success", 1))

    hub.fault = push
    came = collected(hub)
    assert len(came.of("deployment")) == len({each.id for each in came.of("deployment")}) == 5


def test_an_older_enterprise_lacks_fields(hub: Hub) -> None:
    number = hub.deploy(AT, ("success", 1))
    hub.merge(7, day(3))
    for name in ("updated_at", "payload", "description", "task", "transient_environment"):
        del hub.deployments[0][name]
    del hub.statuses[number][0]["log_url"], hub.pulls[0]["labels"]
    hub.issue(9, day(4))
    del hub.issues[0]["state_reason"]
    assert [each.kind for each in collected(hub).events] == ["deployment", "change", "incident"]


def test_a_clock_that_is_ahead_costs_nothing(hub: Hub) -> None:
    """GitHub's clock is five minutes ahead: what it made "after" the window comes with the next one."""
    hub.deploy(day(8, 0, 5), ("success", 1))
    assert collected(hub).of("deployment") == []
    assert len(collected(hub, Window(day(8) - timedelta(hours=1), day(8, 1))).of("deployment")) == 1
