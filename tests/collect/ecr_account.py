"""Repositories of ECR, as the JSON that AWS answers: sizes, indexes and pages, which moto does not have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from tests.collect.cloudwatch.aws_json_server import KEY, SECRET, Cloud, RefusedError, serve

MB = 1e6
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


def digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def image(name: str, at: datetime, size: float, *tags: str, **rest: object) -> dict[str, object]:
    """One entry of ECR's list. `rest` are its fields, None for one that is left out."""
    row = {
        "registryId": "123456789012",
        "imageDigest": digest(name),
        "imageTags": list(tags) or None,
        "imageSizeInBytes": int(size),
        "imagePushedAt": at.timestamp(),
        "imageManifestMediaType": IMAGE,
        "artifactMediaType": CONFIG,
        **rest,
    }
    return {key: value for key, value in row.items() if value is not None}


def registry(repositories: Mapping[str, list[dict[str, object]]], now: datetime, page: int = 1000) -> Cloud:
    """An account whose clock stands at `now`, and that lists at most `page` images at once."""

    def images(asked: Mapping[str, Any]) -> Mapping[str, object]:
        name = asked["repositoryName"]
        if name not in repositories:
            said = f"The repository with name '{name}' does not exist in the registry with id '123456789012'"
            raise RefusedError(400, "RepositoryNotFoundException", said)
        if not 1 <= asked.get("maxResults", 100) <= 1000:
            raise RefusedError(400, "InvalidParameterException", "maxResults")
        first, most = int(asked.get("nextToken", 0)), min(page, asked.get("maxResults", 100))
        rows = [{**row, "repositoryName": name} for row in repositories[name]]
        more = {"nextToken": str(first + most)} if first + most < len(rows) else {}
        return {"imageDetails": rows[first : first + most], **more}

    def names(_: Mapping[str, Any]) -> Mapping[str, object]:
        return {"repositories": [{"repositoryName": name} for name in repositories]}

    return Cloud(json_answers={"DescribeImages": images, "DescribeRepositories": names}, date=now)


def source(cloud: Cloud, *targets: Mapping[str, object]) -> dict[str, object]:
    """What stands under the source in tomoni.yaml."""
    keys = {"region": "eu-west-1", "access_key_id": KEY, "secret_access_key": SECRET}
    return {"endpoint_url": cloud.url, **keys, "targets": list(targets)}


@cache
def example(now: datetime, *, busy: bool = True) -> Mapping[str, object]:
    """A repository with a push a day, in an account that answers until the process ends."""
    week = [image(f"build-{n}", now - timedelta(days=n, hours=3), (200 + n) * MB, f"v1.{9 - n}") for n in range(6)]
    cloud = registry({"jobs/web": week if busy else []}, now)
    serve(cloud)
    return source(cloud, {"service": "jobs", "component": "registry", "repository": "jobs/web"})
