"""What `check` finds: the token, each permission, each name."""

from __future__ import annotations

import pytest

from metrics.collect import github
from metrics.errors import SourceError
from tests.collect.github.github_asked import client, settings
from tests.collect.github.github_server import Answer, Asked, Fault, Hub, answer, day, refused


def signs(hub: Hub, **target: object) -> list[tuple[str, str, str]]:
    with client() as http:
        return [(each.state, each.about, each.said) for each in github.check(settings(hub, **target), http)]


def states(found: list[tuple[str, str, str]]) -> list[str]:
    return sorted(state for state, _, _ in found)


def wrong(found: list[tuple[str, str, str]]) -> tuple[str, str]:
    ((about, said),) = [(about, said) for state, about, said in found if state == "wrong"]
    assert states(found).count("fine") == 0
    return about, said


def test_all_is_well(hub: Hub) -> None:
    hub.deploy(day(2), ("success", 1))
    assert signs(hub) == [
        ("note", "rate limit", "4,998 of 5,000 requests are left this hour"),
        ("fine", "", "127.0.0.1 accepts the token: 1 repository"),
    ]


def test_an_enterprise_without_limits_is_well_too(hub: Hub) -> None:
    hub.limited = False
    hub.deploy(day(2), ("success", 1))
    assert signs(hub)[0] == ("note", "", "this server sets no rate limit")
    assert states(signs(hub)) == ["fine", "note"]


def test_it_says_when_the_token_ends(hub: Hub) -> None:
    def dated(asked: Asked) -> Answer | None:
        said = answer(hub, asked)
        return Answer(
            said.status, said.content, {"GitHub-Authentication-Token-Expiration": "2026-12-01 09:00:00 UTC"}
        )

    hub.fault = dated
    assert ("note", "token", "expires on 2026-12-01 09:00:00 UTC: set a new one before") in signs(hub)


def test_a_wrong_token(hub: Hub) -> None:
    hub.fault = lambda _: refused(401, "Bad credentials")
    about, said = wrong(signs(hub))
    assert about == "token"
    assert said.startswith("127.0.0.1 refused the token (401)")


def test_a_wrong_address(hub: Hub) -> None:
    hub.fault = lambda _: Answer(404, raw=b"<html>nothing here</html>")
    found = signs(hub)
    assert [about for state, about, _ in found if state == "wrong"] == ["base_url", "acme/jobs"]
    assert "https://HOST/api/v3 for Enterprise" in found[0][2]


def test_a_wrong_repository(hub: Hub) -> None:
    about, said = wrong(signs(hub, repository="acme/job"))
    assert about == "acme/job"
    assert "acme/job is not found, or the token may not see it (404): check the name" in said


def test_a_renamed_repository(hub: Hub) -> None:
    hub.fault = lambda asked: refused(301, "Moved", Location="/x") if asked.path.endswith("/jobs") else None
    assert "write its present name under `repository`" in wrong(signs(hub))[1]


def denied(*parts: str) -> Fault:
    return lambda asked: (
        refused(403, "Resource not accessible by personal access token") if asked.path.endswith(parts) else None
    )


def test_every_missing_permission_is_named(hub: Hub) -> None:
    hub.fault = denied("/pulls", "/deployments", "/issues")
    found = [about for state, about, _ in signs(hub) if state == "wrong"]
    assert found == ["Pull requests: read", "Deployments: read", "Issues: read"]
    hub.fault = denied("/releases", "/issues")
    found = [about for state, about, _ in signs(hub, deployments_from="releases") if state == "wrong"]
    assert found == ["Contents: read", "Issues: read"]
    hub.fault = denied("/deployments", "/issues", "/releases")
    assert states(signs(hub, deployments_from="merges", incident_labels=[])) == ["fine", "note"]


def test_a_wrong_environment_is_told_with_the_nearest(hub: Hub) -> None:
    hub.environments = ["production", "staging"]
    hub.deploy(day(2), ("success", 1), environment="prod-eu")
    about, said = wrong(signs(hub, environments=["prodution"]))
    assert (about, said) == ("acme/jobs", "there is no environment 'prodution': did you mean production?")
    assert "use one of prod-eu, production, staging" in wrong(signs(hub, environments=["live"]))[1]


def test_without_the_right_to_list_environments_those_that_were_deployed_to_are_known(hub: Hub) -> None:
    hub.deploy(day(2), ("success", 1), environment="prod-eu")
    hub.fault = denied("/environments")
    assert "did you mean prod-eu?" in wrong(signs(hub, environments=["prod-us"]))[1]


def test_an_environment_that_nothing_was_deployed_to_yet_is_a_note(hub: Hub) -> None:
    found = signs(hub)
    assert ("note", "acme/jobs", "nothing was deployed to production yet") in found
    hub.environments = []
    assert "set `deployments_from` to releases or merges" in signs(hub)[1][2]
    assert states(signs(hub)) == ["fine", "note", "note"]


def test_a_wrong_branch(hub: Hub) -> None:
    hub.branches = ["main", "release/1"]
    assert wrong(signs(hub, branch="master", deployments_from="merges")) == (
        "acme/jobs", "there is no branch 'master'; correct `branch`",
    )  # fmt: skip
    assert states(signs(hub, branch="release/1", deployments_from="merges")) == ["fine", "note"]


def test_nobody_uses_it(hub: Hub) -> None:
    with client() as http:
        bare = settings(hub).model_copy(update={"targets": ()})
        found = [each.said for each in github.check(bare, http)]
    assert found[1:] == [
        "no component uses it: name it under `use` in a service's file, with `repository`",
        "127.0.0.1 accepts the token: 0 repositories",
    ]


def test_a_server_that_fails_is_reported_by_the_runner(hub: Hub) -> None:
    hub.fault = lambda _: refused(500, "x")
    with pytest.raises(SourceError, match="answered 500 to every try"):
        signs(hub)
    hub.fault = lambda _: Answer(200, {"resources": None})
    with pytest.raises(SourceError, match="not as GitHub documents it"):
        signs(hub)
