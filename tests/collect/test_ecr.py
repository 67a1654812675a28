"""ecr: images by digest, their sizes, what is stored, faults and what heals them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest

from metrics.collect import Batch, ecr
from metrics.collect.ecr import Settings, Target, check, collect
from metrics.collect.http import Budget, client
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, Points, Snapshot, Window
from tests.collect.cloudwatch import moto_account
from tests.collect.cloudwatch.aws_json_server import KEY, SECRET, USER, Cloud, Fault, running
from tests.collect.ecr_account import CONFIG, IMAGE, INDEX, MB, digest, image, registry, source

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = Window(NOON - 7 * DAY, NOON)
WEB = {"service": "jobs", "component": "web", "repository": "jobs/web"}
PUSHED = [
    image("old", NOON - 20 * DAY, 100 * MB),
    image("first", NOON - 2 * DAY, 200 * MB, "v1.0"),
    image("second", NOON - timedelta(hours=1), 210 * MB, "v1.1", "latest"),
]
THROTTLED = Fault(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}')
EXPIRED = Fault(400, b'{"__type": "ExpiredTokenException", "message": "expired"}')


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with running(registry({"jobs/web": PUSHED}, NOON)) as cloud:
        yield cloud


def asked(cloud: Cloud, *targets: dict[str, object], **rest: object) -> Settings:
    return Settings(**{**source(cloud, *(targets or (WEB,))), **rest})


def pushes(batches: Iterable[Batch]) -> list[tuple[str | None, str, float]]:
    """Part, time and size in MB of each image."""
    return values(batches, "image.size")


def stored(batches: Iterable[Batch]) -> list[tuple[str | None, str, float]]:
    return values(batches, "storage.used")


def values(batches: Iterable[Batch], name: str) -> list[tuple[str | None, str, float]]:
    return [
        (each.series.part, f"{at.item():%m-%d %H:%M:%S}", value / MB)
        for each in batches
        if isinstance(each, Points) and each.series.indicator == name
        for at, value in zip(each.ts, each.values, strict=True)
    ]


def answers(batches: Iterable[Batch]) -> list[tuple[str, str | None, str, str]]:
    found = [each for each in batches if isinstance(each, Coverage)]
    return [(each.indicator, each.part, each.state, each.detail) for each in found]


def test_pushes_of_the_window_and_what_is_stored_at_its_end(cloud, http):
    batches = list(collect(asked(cloud), WEEK, http))
    assert pushes(batches) == [(None, "11-22 12:00:00", 200.0), (None, "11-24 11:00:00", 210.0)]
    assert stored(batches) == [(None, "11-24 11:59:59", 510.0)]
    (size, store) = (each.series for each in batches if isinstance(each, Points))
    assert (size.stat, size.unit, size.period_s, size.source) == ("last", "By", 0, "ecr")
    assert (store.stat, store.unit, store.service, store.component) == ("last", "By", "jobs", "web")
    assert answers(batches) == [
        ("image.size", None, "complete", ""),
        ("storage.used", None, "complete", ""),
        ("storage.used", None, "empty", "ECR tells what is stored now, and nobody asked it then"),
    ]


def test_all_of_the_window_is_answered_for(cloud, http):
    batches = list(collect(asked(cloud), WEEK, http))
    spans = [each.window for each in batches if isinstance(each, Coverage) and each.indicator == "storage.used"]
    assert spans == [Window(NOON - DAY, NOON), Window(WEEK.start, NOON - DAY)]
    short = Window(NOON - timedelta(hours=2), NOON)
    assert {each.window for each in collect(asked(cloud), short, http) if isinstance(each, Coverage)} == {short}


def test_each_image_is_kept_by_its_digest_and_the_time_of_its_push(cloud, http):
    kept = [each for each in collect(asked(cloud), WEEK, http) if isinstance(each, Snapshot)]
    assert [(each.kind, each.taken_at) for each in kept] == [
        (f"image {digest('old')[:19]}", NOON - 20 * DAY),
        (f"image {digest('first')[:19]}", NOON - 2 * DAY),
        (f"image {digest('second')[:19]}", NOON - timedelta(hours=1)),
    ]
    assert kept[-1].values == {
        "repository": "jobs/web",
        "digest": digest("second"),
        "tags": "latest v1.1",
        "pushed_at": "2026-11-24T11:00:00+00:00",
        "size": 210 * MB,
    }


def test_an_image_that_was_pushed_again_and_one_that_is_gone_write_over_nothing(http):
    """ECR then tells another time for the same digest; the store keeps what it was told before, by its key."""
    before = registry({"jobs/web": PUSHED}, NOON)
    again = [image("first", NOON - timedelta(minutes=5), 200 * MB, "v1.0", "production")]
    with running(before) as then, running(registry({"jobs/web": again}, NOON)) as now:
        first = [each for each in collect(asked(then), WEEK, http) if isinstance(each, Snapshot)]
        second = [each for each in collect(asked(now), WEEK, http) if isinstance(each, Snapshot)]
    assert {each.kind for each in second} < {each.kind for each in first}
    assert not {(each.kind, each.taken_at) for each in second} & {(each.kind, each.taken_at) for each in first}


def test_only_pushes_of_the_window_are_points_but_late_tags_are_read_again(cloud, http):
    hour = Window(NOON - timedelta(minutes=30), NOON)
    batches = list(collect(asked(cloud), hour, http))
    assert pushes(batches) == []
    assert answers(batches)[0][2:] == ("empty", "no image that is still there was pushed in this time")
    assert len([each for each in batches if isinstance(each, Snapshot)]) == 3
    later = Window(NOON + 15 * DAY, NOON + 16 * DAY)
    assert len([each for each in collect(asked(cloud), later, http) if isinstance(each, Snapshot)]) == 2


def test_a_push_belongs_to_exactly_one_of_two_windows_that_meet(cloud, http):
    at = NOON - 2 * DAY
    before, after = (collect(asked(cloud), each, http) for each in (Window(at - DAY, at), Window(at, at + DAY)))
    assert (pushes(before), len(pushes(after))) == ([], 1)


def test_what_is_stored_now_is_not_told_of_a_window_that_ended_long_ago(cloud, http):
    batches = list(collect(asked(cloud), Window(NOON - 7 * DAY, NOON - DAY), http))
    assert len(pushes(batches)) == 1
    assert stored(batches) == []
    assert answers(batches)[1][2:] == ("empty", "ECR tells what is stored now, and nobody asked it then")


def test_an_answer_without_a_date_is_taken_for_now(http):
    settings = Settings(region="eu-west-1", access_key_id=KEY, secret_access_key=SECRET, targets=(Target(**WEB),))
    seen = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"imageDetails": PUSHED})))
    with seen:
        assert stored(collect(settings, WEEK, seen)) == [(None, "11-24 11:59:59", 510.0)]


def test_a_thousand_a_page_to_the_last_page(http):
    many = [image(f"n{n}", NOON - timedelta(minutes=n + 1), (n + 1) * MB, f"t{n}") for n in range(2_500)]
    with running(registry({"jobs/web": many}, NOON)) as cloud:
        batches = list(collect(asked(cloud), WEEK, http))
    assert [call.get("nextToken") for _, call in cloud.calls] == [None, "1000", "2000"]
    assert {call["maxResults"] for _, call in cloud.calls} == {1000}
    (points,) = (each for each in batches if isinstance(each, Points) and each.series.indicator == "image.size")
    assert points.ts.size == 2_500
    assert (np.diff(points.ts.astype(np.int64)) > 0).all()


# ---- what counts as an image


def test_an_index_is_one_image_and_is_stored_once(http):
    """For two platforms: ECR lists both images and the index, and gives that the size of the larger one."""
    at = NOON - timedelta(hours=1)
    built = [
        image("alone", NOON - 3 * DAY, 90 * MB),
        image("amd64", at, 220 * MB),
        image("arm64", at + timedelta(seconds=2), 205 * MB),
        image("provenance", at + timedelta(seconds=3), 0.1 * MB),
        image("all", at + timedelta(seconds=4), 220 * MB, "v2", imageManifestMediaType=INDEX, artifactMediaType=None),
    ]
    with running(registry({"jobs/web": built}, NOON)) as cloud:
        batches = list(collect(asked(cloud), WEEK, http))
    assert pushes(batches) == [(None, "11-21 12:00:00", 90.0), (None, "11-24 11:00:04", 220.0)]
    assert stored(batches)[0][2] == pytest.approx(515.1)


def test_charts_signatures_and_bills_of_material_are_no_images_but_are_stored(http):
    at = NOON - DAY
    signature = f"{digest('web').replace(':', '-')}.sig"
    listed = [
        image("web", at, 200 * MB, "v1"),
        image("chart", at, MB, "chart-1", artifactMediaType="application/vnd.cncf.helm.config.v1+json"),
        image("signed", at, MB, signature),
        image("sbom", at, 2 * MB, subjectManifestDigest=digest("web"), artifactMediaType=CONFIG),
    ]
    with running(registry({"jobs/web": listed}, NOON)) as cloud:
        batches = list(collect(asked(cloud), WEEK, http))
    assert [size for *_, size in pushes(batches)] == [200.0]
    assert [size for *_, size in stored(batches)] == [204.0]


def test_only_tags_that_are_asked_for(cloud, http):
    batches = list(collect(asked(cloud, {**WEB, "tag_pattern": "v1.*"}), WEEK, http))
    assert len(pushes(batches)) == 2
    batches = list(collect(asked(cloud, {**WEB, "tag_pattern": "late*"}), WEEK, http))
    assert [size for *_, size in pushes(batches)] == [210.0]
    assert [size for *_, size in stored(batches)] == [510.0]


def test_two_pushes_in_one_second_are_the_larger_one(http):
    at = NOON - DAY
    pair = [image("a", at, 10 * MB, "a"), image("b", at, 30 * MB, "b"), image("c", at, 20 * MB, "c")]
    with running(registry({"jobs/web": pair}, NOON)) as cloud:
        assert [size for *_, size in pushes(collect(asked(cloud), WEEK, http))] == [30.0]


# ---- several repositories


def test_of_several_repositories_each_is_a_part(http):
    both = {"jobs/web": PUSHED, "jobs/worker": PUSHED[:2]}
    with running(registry(both, NOON)) as cloud:
        several = {"service": "jobs", "component": "images", "repositories": ["jobs/web", "jobs/worker"]}
        batches = list(collect(asked(cloud, several), WEEK, http))
    assert stored(batches) == [
        ("jobs/web", "11-24 11:59:59", 510.0),
        ("jobs/worker", "11-24 11:59:59", 300.0),
    ]


def test_a_repository_that_two_components_name_is_listed_once(cloud, http):
    batches = list(collect(asked(cloud, WEB, {**WEB, "component": "api", "tag_pattern": "v*"}, WEB), WEEK, http))
    assert len(cloud.calls) == 1
    assert len(stored(batches)) == 2


def test_a_registry_of_another_account(cloud, http):
    list(collect(asked(cloud, {**WEB, "registry_id": "210987654321"}), WEEK, http))
    assert cloud.calls[0][1]["registryId"] == "210987654321"


# ---- what is missing


def test_a_repository_that_is_not_there_stops_no_other(cloud, http):
    batches = list(collect(asked(cloud, {**WEB, "component": "gone", "repository": "jobs/wep"}, WEB), WEEK, http))
    said = "there is no repository `jobs/wep` in the account's registry in eu-west-1: check the name and region"
    assert answers(batches)[:2] == [("image.size", None, "failed", said), ("storage.used", None, "failed", said)]
    assert {each.window for each in batches if isinstance(each, Coverage) and each.component == "gone"} == {WEEK}
    assert len(pushes(batches)) == 2


def test_what_is_not_allowed_is_named(cloud, http):
    cloud.denied = {"ecr:DescribeImages"}
    said = f"ecr:DescribeImages is not allowed for {USER}: add it to the policy"
    assert answers(collect(asked(cloud), WEEK, http)) == [
        ("image.size", None, "forbidden", said),
        ("storage.used", None, "forbidden", said),
    ]


def test_an_empty_repository_holds_nothing_and_no_zero(http):
    with running(registry({"jobs/web": []}, NOON)) as cloud:
        batches = list(collect(asked(cloud), WEEK, http))
    assert (pushes(batches), stored(batches)) == ([], [])
    assert [(state, detail) for *_, state, detail in answers(batches)] == [
        ("empty", "no image that is still there was pushed in this time"),
        ("empty", "the repository `jobs/web` holds no image"),
    ]


@pytest.mark.parametrize("lacks", ["imageDigest", "imagePushedAt", "imageSizeInBytes"])
def test_an_entry_that_can_not_be_understood_makes_it_partial(http, lacks):
    with running(registry({"jobs/web": [*PUSHED, image("odd", NOON - DAY, 1, **{lacks: None})]}, NOON)) as cloud:
        batches = list(collect(asked(cloud), WEEK, http))
    said = "of the images that ECR listed 1 can't be understood: a digest, size or time is missing"
    assert answers(batches) == [("image.size", None, "partial", said), ("storage.used", None, "partial", said)]
    assert (len(pushes(batches)), stored(batches)) == (2, [])


# ---- faults


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([Fault(500, b"{}")] * 6, "again and again"),
        ([Fault(429, b"{}", headers={"Retry-After": "0"})] * 6, "429"),
        ([THROTTLED] * 6, "ecr:DescribeImages is throttled"),
        ([Fault(cut=True)] * 6, "can't be reached: RemoteProtocolError"),
        ([EXPIRED] * 2, "have expired"),
        ([Fault(body=b'{"imageDetails": [')], "which is not what AWS answers"),
        ([Fault(body=b'{"imageDetails": 7}')], "something impossible"),
        ([Fault(body=b'{"errors": ["who are you?"]}')], "with no list of images"),
        ([Fault(body=b"<html>log in", kind="text/html")], "which is not what AWS answers"),
    ],
    ids=["5xx", "429", "throttled", "cut", "expired", "half", "shape", "other", "page"],
)
def test_a_later_run_brings_what_a_fault_kept_back(cloud, http, faults, said):
    cloud.faults = list(faults)
    with pytest.raises(SourceError, match=said):
        list(collect(asked(cloud), WEEK, http))
    assert cloud.faults == []
    assert len(pushes(collect(asked(cloud), WEEK, http))) == 2


def test_throttling_is_waited_out(cloud, http):
    cloud.faults = [THROTTLED, THROTTLED]
    assert len(pushes(collect(asked(cloud), WEEK, http))) == 2
    assert len(cloud.calls) == 3


def test_a_fault_on_the_second_page_gives_no_half_list(http):
    with running(registry({"jobs/web": PUSHED}, NOON, page=2)) as cloud:
        cloud.faults = [None, *[Fault(500)] * 6]
        with pytest.raises(SourceError):
            list(collect(asked(cloud), WEEK, http))


def test_a_clock_that_is_off_is_said_to_be(cloud, http):
    cloud.date, cloud.ahead = None, timedelta(minutes=20)
    with pytest.raises(SourceError, match="clock differs too much from AWS's"):
        list(collect(asked(cloud), WEEK, http))


def test_a_spent_budget_passes_to_the_runner_as_it_is(cloud):
    with client(budget=Budget(0, per_second=1e6)) as http, pytest.raises(BudgetSpentError):
        list(collect(asked(cloud), WEEK, http))


def test_a_secret_is_in_nothing_that_comes_out(cloud, http, caplog):
    caplog.set_level(logging.INFO)
    cloud.denied = {"ecr:DescribeImages"}
    out = [repr(each) for each in (*collect(asked(cloud), WEEK, http), *check(asked(cloud), http), asked(cloud))]
    cloud.keys = {}
    with pytest.raises(SourceError) as caught:
        list(collect(asked(cloud), WEEK, http))
    assert SECRET not in "".join([*out, repr(caught.value), caplog.text])


# ---- moto, where the call itself is another's


def test_against_moto(http):
    url = moto_account.emptied()
    boto = moto_account.boto("ecr")
    boto.create_repository(repositoryName="jobs/web")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": IMAGE, "layers": []})
    boto.put_image(repositoryName="jobs/web", imageManifest=manifest, imageTag="v1")
    (pushed,) = boto.describe_images(repositoryName="jobs/web")["imageDetails"]
    at = pushed["imagePushedAt"].astimezone(UTC)
    settings = Settings(
        endpoint_url=url,
        region=moto_account.REGION,
        access_key_id=KEY,
        secret_access_key=SECRET,
        targets=(Target(**WEB),),
    )
    batches = list(collect(settings, Window(at - DAY, at + timedelta(minutes=1)), http))
    (kept,) = (each for each in batches if isinstance(each, Snapshot))
    assert (kept.values["digest"], kept.values["tags"], kept.taken_at) == (pushed["imageDigest"], "v1", at)
    assert [state for *_, state, _ in answers(batches)] == ["complete", "complete", "empty"]


def test_boto3_is_imported_only_when_an_account_is_opened():
    assert not {"boto3", "botocore"} & set(vars(ecr))
