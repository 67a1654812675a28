"""S3: what buckets hold, once a day, by storage class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from metrics.collect._cloudwatch.found import Fault, Found, NoSuchThingError, refused
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found", "of_bucket"]

ACTIONS: Final = ("s3:ListAllMyBuckets", "s3:GetBucketLocation", "cloudwatch:ListMetrics")

_SIZE: Final = (Line("storage.used", "BucketSizeBytes", "Average", daily=True),)
_COUNT: Final = (Line("storage.objects", "NumberOfObjects", "Average", daily=True),)
INDICATORS: Final = indicators(*_SIZE, *_COUNT)
"""What a bucket would have, to be answered for one that is not there."""

STANDARD: Final = "StandardStorage"
# What GetBucketLocation says of the two oldest regions.
_OLD_NAMES: Final = {"": "us-east-1", "EU": "eu-west-1"}


def found(reader: Reader, target: Target) -> Found:
    """The buckets that the target names. Raises NoSuchThingError when none is there, RefusedError."""
    there = _all(reader)
    faults: list[Fault] = []
    asked: list[Metric] = []
    regions: dict[str, str] = {}
    for name in target.names:
        part = None if target.bucket else name
        if name not in there:
            error = NoSuchThingError("bucket", name, "this account", there)
            if there.isdisjoint(target.names):
                raise error
            faults.append(Fault(target.service, target.component, part, INDICATORS, "failed", str(error)))
            continue
        try:
            region, own = of_bucket(reader, target, name, part)
        except RefusedError as refusal:
            faults.append(refused(refusal, target, part, INDICATORS))
        else:
            regions[name] = region
            asked += own
    said = ", ".join(f"{name} in {region}" for name, region in regions.items())
    return Found(said or "no bucket that can be read", tuple(asked), faults=tuple(faults))


def _all(reader: Reader) -> set[str]:
    return {str(row["Name"]) for row in reader.rows("s3", "list_buckets", "Buckets")}


def of_bucket(reader: Reader, target: Target, name: str, part: str | None) -> tuple[str, list[Metric]]:
    """A bucket's region and what is asked for there. Raises RefusedError."""
    told = reader.reply("s3", "get_bucket_location", Bucket=name).get("LocationConstraint") or ""
    region = _OLD_NAMES.get(told, str(told))
    elsewhere = None if region == reader.region else region
    return region, list(_metrics(reader, target, name, part, elsewhere))


def _metrics(reader: Reader, target: Target, name: str, part: str | None, region: str | None) -> Iterator[Metric]:
    rows = reader.rows(
        "cloudwatch", "list_metrics", "Metrics", region=region,
        Namespace="AWS/S3", MetricName="BucketSizeBytes", Dimensions=[{"Name": "BucketName", "Value": name}],
    )  # fmt: skip
    told = [{each["Name"]: each["Value"] for each in row["Dimensions"]}.get("StorageType", STANDARD) for row in rows]
    classes = sorted(set(told)) or [STANDARD]
    bucket = ("BucketName", name)
    for each in classes:
        inside = part if classes == [STANDARD] else " ".join(filter(None, [part, each]))
        yield from metrics(_SIZE, Place(target, inside, "AWS/S3", (bucket, ("StorageType", each)), region))
    yield from metrics(_COUNT, Place(target, part, "AWS/S3", (bucket, ("StorageType", "AllStorageTypes")), region))
