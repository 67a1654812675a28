"""ecr's settings, and what its `check` says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from pydantic import ValidationError

from metrics.collect.ecr import Settings, Target, check
from metrics.errors import SourceError
from tests.collect.cloudwatch.aws_json_server import USER, Cloud, running
from tests.collect.ecr_account import image, registry
from tests.collect.test_ecr import NOON, PUSHED, WEB, asked


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with running(registry({"jobs/web": PUSHED, "jobs/new": []}, NOON)) as cloud:
        yield cloud


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "write `repository`, or `repositories`"),
        ({"repository": "a/b", "repositories": ["a/c"]}, "one of the two"),
        ({"repositories": []}, "at least 1 item"),
        ({"repository": "a/b", "registry_id": "12"}, "registry_id"),
        ({"repository": "a/b", "tags": "v*"}, "tags"),
    ],
)
def test_a_target_that_can_not_be_meant_is_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        Target(component="web", **keys)


def test_a_list_of_one_needs_no_brackets():
    assert Target(component="web", repositories="jobs/web").names == ("jobs/web",)


def signs(settings: Settings, http: httpx.Client) -> list[tuple[str, str]]:
    return [(sign.state, sign.said) for sign in check(settings, http)]


def test_check_says_what_each_repository_holds(cloud, http):
    assert signs(asked(cloud), http) == [
        ("fine", f"it is {USER} and asks in eu-west-1"),
        (
            "fine",
            "`jobs/web`: 3 images, the newest pushed on 2026-11-24 11:00 UTC with 210 MB. "
            "Requests that a run takes for it: 1",
        ),
    ]


def test_check_names_all_that_somebody_has_to_mend(cloud, http):
    wrong = {**WEB, "repository": "jobs/wep"}
    assert signs(asked(cloud, wrong, {**WEB, "tag_pattern": "release-*"}), http)[1:] == [
        (
            "wrong",
            "there is no repository `jobs/wep` in the account's registry in eu-west-1: check the name and region; "
            "did you mean `jobs/web`?",
        ),
        ("wrong", "`jobs/web` holds 3 of something, but no image with a tag like `release-*`"),
    ]
    cloud.denied = {"ecr:DescribeImages"}
    assert signs(asked(cloud), http)[1:] == [
        ("wrong", f"ecr:DescribeImages is not allowed for {USER}: add it to the policy")
    ]
    assert signs(asked(cloud, targets=()), http)[1:] == [
        ("note", "no component uses it: write `use: ecr` in a service's file")
    ]


def test_check_knows_an_empty_repository_from_one_without_images(http):
    chart = image("c", NOON - timedelta(days=1), 1, "1", artifactMediaType="application/vnd.cncf.helm.config.v1+json")
    with running(registry({"charts": [chart], "new": []}, NOON)) as cloud:
        both = ({**WEB, "repository": "new"}, {**WEB, "component": "it", "repository": "charts"})
        assert signs(asked(cloud, *both), http)[1:] == [
            ("note", "`new` holds no image yet"),
            ("wrong", "`charts` holds 1 of something, but no image that containers are started from"),
        ]


def test_check_does_without_the_list_of_names(cloud, http):
    cloud.denied = {"ecr:DescribeRepositories"}
    ((state, said),) = signs(asked(cloud, {**WEB, "repository": "jobs/wep"}), http)[1:]
    assert (state, "did you mean" in said) == ("wrong", False)


def test_check_raises_what_nobody_can_get_past(cloud, http):
    cloud.keys = {}
    with pytest.raises(SourceError, match="does not know these credentials"):
        list(check(asked(cloud), http))
