"""Changes: one a merged pull request, since its first commit; and what it takes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.model import Window
from tests.collect.github.github_asked import client, collected
from tests.collect.github.github_server import Hub, commit, day, review, sha


def test_a_change_as_it_is_kept(hub: Hub) -> None:
    merged = hub.merge(
        7, day(3), title="Export jobs", branch="export", commits=[day(2, 5), day(2, 1), day(2, 9)],
        reviews=[review("COMMENTED", day(2, 10)), review("APPROVED", day(2, 20)), review("APPROVED", day(2, 12))],
    )  # fmt: skip
    event = collected(hub).one("change")
    assert (event.service, event.component, event.id, event.status) == ("jobs", "web", merged, "merged")
    assert (event.started_at, event.ended_at, event.title) == (day(2, 1), day(3), "Export jobs")
    assert event.url == "https://github.example.com/acme/jobs/pull/7"
    assert event.attrs == {
        "commit": merged, "pull_request": "7", "authored_at": "2026-06-02T01:00:00+00:00",
        "reviewed_at": "2026-06-02T12:00:00+00:00", "merged_at": "2026-06-03T00:00:00+00:00", "commits": 3,
        "branch": "export",
    }  # fmt: skip


def test_a_squash_is_as_old_as_the_first_commit_that_went_into_it(hub: Hub) -> None:
    """The commit on the main branch was authored when it was merged; GitHub still lists the original ones."""
    hub.merge(7, day(3), commits=[day(1, 3), day(2)], merge_commit_sha=sha("squashed"))
    event = collected(hub).one("change")
    assert (event.id, event.started_at, event.attrs["commits"]) == (sha("squashed"), day(1, 3), 2)


def test_merge_commits_are_no_work(hub: Hub) -> None:
    hub.merge(7, day(3), commits=[day(2)])
    hub.commits[7].insert(0, commit("main into it", day(1), parents=2))
    event = collected(hub).one("change")
    assert (event.started_at, event.attrs["commits"]) == (day(2), 1)


def test_commits_without_an_author_leave_the_time_of_the_pull_request(hub: Hub) -> None:
    hub.merge(7, day(3), commits=[])
    hub.commits[7] = [commit("somebody's", None)]
    event = collected(hub).one("change")
    assert event.started_at == day(3) - timedelta(hours=12)


def test_a_clock_that_is_ahead_starts_no_change_after_its_merge(hub: Hub) -> None:
    hub.merge(7, day(3), commits=[day(3, 2)])
    event = collected(hub).one("change")
    assert (event.started_at, event.attrs["authored_at"]) == (day(3), "2026-06-03T02:00:00+00:00")


def test_all_pages_of_commits_are_read(hub: Hub) -> None:
    hub.per_page = 100
    hub.merge(7, day(3), commits=[day(2) + timedelta(minutes=n) for n in range(250)])
    event = collected(hub).one("change")
    assert (event.started_at, event.attrs["commits"]) == (day(2), 250)


def test_only_what_was_merged_into_the_branch_counts(hub: Hub) -> None:
    hub.merge(7, day(3))
    hub.merge(8, day(3), base="feature-7")
    hub.merge(9, None)
    hub.merge(10, day(3), base="develop")
    assert collected(hub).one("change").attrs["pull_request"] == "7"
    assert collected(hub, branch="develop").one("change").attrs["pull_request"] == "10"
    assert [path for path in hub.paths() if "base=develop" in path]


def test_the_list_is_left_where_nobody_touched_anything_since_the_window(hub: Hub) -> None:
    hub.per_page = 5
    for number in range(20):
        hub.merge(number, day(7) - timedelta(days=number))
    came = collected(hub)
    assert len(came.of("change")) == 7
    assert len([path for path in hub.paths() if path.startswith("/pulls?")]) == 2
    assert len([path for path in hub.paths() if "/commits" in path]) == 7


def test_one_that_was_touched_later_is_found_in_the_window_of_its_merge_and_read_once(hub: Hub) -> None:
    hub.merge(7, day(3), updated_at="2026-06-20T00:00:00Z")
    with client() as http:
        later = collected(hub, Window(day(15), day(22)), http=http)
        before = len(hub.asked)
        first = collected(hub, http=http)
    assert later.one("change") == first.one("change")
    assert hub.paths(before) == []
    assert collected(hub).one("change").id == first.one("change").id


@pytest.mark.parametrize(
    ("told", "reverts"),
    [
        ({"title": 'Revert "Export jobs"', "branch": "revert-12-export", "body": "Reverts acme/jobs#12"}, "12"),
        ({"title": "Take exports back", "branch": "revert-12-export"}, "12"),
        ({"title": "Take exports back", "body": "We need time.\n\nReverts #12\n"}, "12"),
        ({"title": "Take exports back", "body": "This reverts commit `3F2C9AB01d`."}, "3f2c9ab01d"),
        ({"title": "Take exports back", "branch": "mona/revert-12-export"}, "12"),
        # Only the title is left.
        ({"title": 'Revert "Export jobs"'}, "5"),
        ({"title": 'Revert "Export jobs" (#31)'}, "5"),
        ({"title": 'Revert "Something of last year"'}, "Something of last year"),
        # Nobody's own.
        ({"title": "Sync", "body": "Reverts other/thing#12"}, None),
        ({"title": "Revert to the old export format", "branch": "revert-format"}, None),
        ({"title": "Docs", "body": "A button that reverts #12 and others"}, None),
    ],
)
def test_a_revert_is_known_by_body_branch_or_title(hub: Hub, told: dict[str, str], reverts: str | None) -> None:
    hub.merge(5, day(1) - timedelta(days=2), title="Export jobs")
    hub.merge(20, day(3), **told)
    assert collected(hub).one("change").attrs.get("reverts") == reverts


def test_two_services_share_a_repository_by_paths(hub: Hub) -> None:
    hub.merge(7, day(3), files=["apps/web/index.ts", "README.md"])
    hub.merge(8, day(4), files=["apps/webhooks/main.go"])
    hub.merge(9, day(5), files=["libs/new.ts"])
    hub.files[9][0]["previous_filename"] = "apps/web/old.ts"
    web = collected(hub, paths=["apps/web/"])
    assert sorted(str(each.attrs["pull_request"]) for each in web.of("change")) == ["7", "9"]
    hooks = collected(hub, service="hooks", paths=["apps/webhooks", "apps/api"])
    assert [each.attrs["pull_request"] for each in hooks.of("change")] == ["8"]
    assert len(collected(hub).of("change")) == 3


def test_components_of_one_service_that_share_a_repository_bring_each_change_once(hub: Hub) -> None:
    hub.merge(7, day(3))
    hub.deploy(day(3, 1), ("success", 1), environment="web-prod")
    hub.deploy(day(3, 2), ("success", 1), environment="api-prod")
    web = {"component": "web", "environments": {"web-prod": "production"}}
    api = {"component": "api", "environments": {"api-prod": "production"}}
    first, second = collected(hub, Window(day(1), day(8)), web, api), collected(hub, Window(day(1), day(8)), api, web)
    assert {(each.id, each.component) for each in first.of("change")} == {(sha("merge 7"), None)}
    assert [each.component for each in first.of("deployment")] == ["web", "api"]
    assert set(map(str, first.events)) == set(map(str, second.events))
    assert [(each.component, each.indicator) for each in first.answers] == [
        ("web", "deployment"), ("web", "change"), ("web", "incident"),
        ("api", "deployment"), ("api", "change"), ("api", "incident"),
    ]  # fmt: skip


def test_a_component_of_two_repositories_answers_for_each(hub: Hub) -> None:
    hub.merge(7, day(3))
    came = collected(hub, Window(day(1), day(8)), {}, {"repository": "acme/gone"})
    assert {(each.indicator, each.part): each.state for each in came.answers} == {
        ("deployment", "acme/jobs"): "empty", ("change", "acme/jobs"): "complete", ("incident", "acme/jobs"): "empty",
        ("deployment", "acme/gone"): "failed", ("change", "acme/gone"): "failed", ("incident", "acme/gone"): "failed",
    }  # fmt: skip
