"""Releases and merges, for teams that make no deployments on GitHub."""

from __future__ import annotations

from datetime import timedelta

from tests.collect.github.github_asked import collected
from tests.collect.github.github_server import Hub, day, refused, sha


def test_a_published_release_is_a_deployment_that_took_no_time(hub: Hub) -> None:
    hub.release("v1.4.2", day(2, 9), name="The June release")
    came = collected(hub, deployments_from="releases", environments={"prod": "production"})
    event = came.one("deployment")
    assert (event.id, event.title, event.status) == ("release-3000", "v1.4.2", "succeeded")
    assert event.started_at == event.ended_at == day(2, 9)
    assert event.attrs == {
        "environment": "production", "version": "v1.4.2", "ref": "v1.4.2", "commit": sha("v1.4.2"),
    }  # fmt: skip


def test_drafts_and_pre_releases_reach_nobody(hub: Hub) -> None:
    hub.release("v1.4.3", None)
    hub.release("v1.5.0-rc.1", day(2), prerelease=True)
    came = collected(hub, deployments_from="releases")
    assert came.of("deployment") == []
    assert came.states["deployment"] == "empty"


def test_a_release_that_lay_as_a_draft_counts_from_when_it_was_published(hub: Hub) -> None:
    hub.release("v1.4.2", day(2), created_at="2026-04-20T00:00:00Z")
    hub.release("v1.4.1", day(1) - timedelta(days=1))
    assert [each.title for each in collected(hub, deployments_from="releases").of("deployment")] == ["v1.4.2"]


def test_a_tag_that_is_gone_leaves_the_release_without_a_commit(hub: Hub) -> None:
    hub.release("hotfix-1.4.2", day(2))
    hub.tags.clear()
    event = collected(hub, deployments_from="releases").one("deployment")
    assert "commit" not in event.attrs
    assert event.attrs["kind"] == "hotfix"


def test_a_tag_with_a_slash_is_found(hub: Hub) -> None:
    hub.release("web/v1.4.2", day(2))
    event = collected(hub, deployments_from="releases").one("deployment")
    assert event.attrs["commit"] == sha("web/v1.4.2")


def test_without_contents_releases_are_forbidden(hub: Hub) -> None:
    hub.release("v1.4.2", day(2))
    hub.fault = lambda asked: (
        refused(403, "Resource not accessible by personal access token") if "/commits/" in asked.path else None
    )
    came = collected(hub, deployments_from="releases")
    assert came.states["deployment"] == "forbidden"
    assert "`Contents: read`" in came.details["deployment"]


def test_each_merge_is_a_deployment_and_its_change_says_so(hub: Hub) -> None:
    merged = hub.merge(7, day(2, 9))
    hub.merge(8, day(3, 9), title='Revert "Change 7"')
    hub.merge(9, day(4, 9), labels=[{"name": "hotfix"}])
    came = collected(hub, deployments_from="merges")
    found = {each.id: each for each in came.of("deployment")}
    first = found[merged]
    assert (first.title, first.status, first.started_at, first.ended_at) == (
        merged[:12], "succeeded", day(2, 9), day(2, 9),
    )  # fmt: skip
    assert first.attrs == {
        "environment": "production", "version": merged[:12], "commit": merged, "branch": "main", "ref": "main",
    }  # fmt: skip
    assert sorted(str(each.attrs.get("kind")) for each in found.values()) == ["None", "hotfix", "revert"]
    assert {each.attrs["deployed_by"] for each in came.of("change")} == set(found)
    # One list for both kinds of event.
    assert len([path for path in hub.paths() if path.startswith("/pulls?")]) == 1
