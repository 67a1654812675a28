"""The way into a cluster whose certificates nobody knows, and into EKS: moto plays AWS, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
from moto.eks.models import eks_backends

from metrics.collect.http import Budget, client
from metrics.collect.kubernetes import Settings, collect
from metrics.errors import BudgetSpentError, SourceError
from tests.collect.cloudwatch.moto_account import KEYS, REGION, boto, emptied
from tests.collect.kubernetes.certificates import made
from tests.collect.kubernetes.kubernetes_asked import ask, days, hour, settings, signs
from tests.collect.kubernetes.kubernetes_server import Cluster, echo, job, running

DAY = days(0, 1)
JOBS: dict[str, Any] = {"namespace": "jobs"}
WHOLE = [("nightly", "complete", "")]


@dataclass
class AwsTokens:
    """How a cluster of EKS believes a token: it asks AWS the signed question that the token is."""

    cluster: str
    asked: list[str] = field(default_factory=list)
    """The questions."""

    def __contains__(self, token: str) -> bool:
        text = token.removeprefix("k8s-aws-v1.")
        url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        self.asked.append(url)
        # moto tells its services apart by this header, which AWS does not need.
        credential = dict(parse_qsl(urlsplit(url).query))["X-Amz-Credential"]
        route = {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"}
        reply = httpx.get(url, headers={"x-k8s-aws-id": self.cluster, **route})
        return token != text and "=" not in text and reply.is_success and "GetCallerIdentityResult" in reply.text


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[Path, Path]:
    return made(tmp_path / "pki")


@pytest.fixture
def cluster(certificates: tuple[Path, Path]) -> Iterator[Cluster]:
    with running(str(certificates[1])) as found:
        found.add(job("load-1", hour(1), 30))
        yield found


@pytest.fixture
def eks(cluster: Cluster, certificates: tuple[Path, Path]) -> Settings:
    """A way in by the cluster's name only."""
    boto_url = emptied()
    boto("eks").create_cluster(
        name="jobs-production", roleArn="arn:aws:iam::123456789012:role/eks", resourcesVpcConfig={}
    )
    known = eks_backends["123456789012"][REGION].clusters["jobs-production"]
    known.endpoint = cluster.url
    known.certificate_authority = {"data": base64.b64encode(certificates[0].read_bytes()).decode()}
    cluster.tokens = AwsTokens("jobs-production")  # type: ignore[assignment]
    return by_name(cluster, boto_url)


def by_name(cluster: Cluster, url: str, **more: object) -> Settings:
    keys = {"access_key_id": KEYS["aws_access_key_id"], "secret_access_key": KEYS["aws_secret_access_key"]}
    asked = {"base_url": None, "eks_cluster": "jobs-production", "region": REGION, "endpoint_url": url}
    return settings(cluster, JOBS, **asked, **keys, **more)


def test_a_cluster_of_eks_is_found_believed_and_let_in_by_its_name(eks: Settings, cluster: Cluster) -> None:
    asked = ask(eks, DAY)
    assert (asked.names, asked.said(), asked.error) == (["load-1"], WHOLE, None)
    assert signs(eks) == [("fine", "", "127.0.0.1 answers (Kubernetes 1.33.4-eks-1a2b3c4)")]


def test_the_token_is_signed_for_this_cluster(eks: Settings, cluster: Cluster) -> None:
    """By AWS's Signature Version 4, reckoned here from its description."""
    ask(eks, DAY)
    url = urlsplit(cluster.tokens.asked[0])  # type: ignore[attr-defined]
    query = dict(parse_qsl(url.query))
    signature = query.pop("X-Amz-Signature")
    assert (query["Action"], query["X-Amz-SignedHeaders"], query["X-Amz-Expires"]) == (
        "GetCallerIdentity", "host;x-k8s-aws-id", "60"
    )  # fmt: skip
    canonical = "\n".join(
        [
            "GET",
            "/",
            "&".join(
                f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(query.items())
            ),
            f"host:{url.netloc}\nx-k8s-aws-id:jobs-production\n",
            "host;x-k8s-aws-id",
            hashlib.sha256(b"").hexdigest(),
        ]
    )
    day, scope = query["X-Amz-Date"][:8], query["X-Amz-Credential"].partition("/")[2]
    assert scope == f"{day}/{REGION}/sts/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{KEYS['aws_secret_access_key']}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    assert key.hex() == signature


def test_a_token_that_has_ended_is_made_anew_once(eks: Settings, cluster: Cluster) -> None:
    tokens, refused = cluster.tokens, set[str]()

    class Ended:
        def __contains__(self, token: str) -> bool:
            if not refused:
                time.sleep(1)  # a token tells the second in which it was made
                refused.add(token)
            return token not in refused and token in tokens

    cluster.tokens = Ended()  # type: ignore[assignment]
    asked = ask(eks, DAY)
    assert (asked.names, asked.error) == (["load-1"], None)
    assert [len(set(cluster.shown)), cluster.shown[0] in refused] == [2, True]


def test_an_identity_without_an_access_entry_is_told_what_it_needs(eks: Settings, cluster: Cluster) -> None:
    cluster.tokens = set()
    asked = ask(eks, DAY)
    says = (
        "127.0.0.1 does not accept this AWS identity: give it an access entry in jobs-production (401): Unauthorized"
    )
    assert (str(asked.error), [each.detail for each in asked.answers]) == (says, [says] * 3)
    assert KEYS["aws_secret_access_key"] not in f"{asked.batches}"


def test_the_token_is_told_nowhere(eks: Settings, cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever has it is us to the cluster, for a quarter of an hour."""
    caplog.set_level(logging.DEBUG, "metrics")
    told: list[object] = []
    for code in (200, 401, 403, 500):
        cluster.faults += [echo(code)] * 7
        asked = ask(eks, DAY)
        told += [*asked.batches, asked.error]
        cluster.faults.clear()
    assert len(cluster.shown) > 4
    assert [token for token in cluster.shown if token[:200] in f"{told}{caplog.text}"] == []
    assert "«secret»" in f"{told}"


def test_a_cluster_that_eks_does_not_know_is_told(eks: Settings) -> None:
    boto("eks").delete_cluster(name="jobs-production")
    asked = ask(eks, DAY)
    assert str(asked.error).startswith("eks:DescribeCluster was refused: ResourceNotFoundException: No cluster found")
    assert [each.state for each in asked.answers] == ["failed"] * 3


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            {"endpoint": None, "status": "CREATING"},
            "EKS tells no address of cluster jobs-production, which is creating",
        ),
        ({"certificate_authority": {"data": "%%%"}}, "EKS tells a certificate of jobs-production that can't be used"),
        (
            {"certificate_authority": {"data": "aGVsbG8="}},
            "EKS tells a certificate of jobs-production that can't be used",
        ),
    ],
)
def test_an_address_that_eks_does_not_tell_is_no_address(eks: Settings, told: Mapping[str, Any], says: str) -> None:
    known = eks_backends["123456789012"][REGION].clusters["jobs-production"]
    for name, value in told.items():
        setattr(known, name, value)
    asked = ask(eks, DAY)
    assert isinstance(asked.error, SourceError)
    assert (str(asked.error).startswith(says), asked.error.retryable) == (True, True), asked.error


def test_with_an_address_eks_is_not_asked_for_it(
    eks: Settings, cluster: Cluster, certificates: tuple[Path, Path]
) -> None:
    boto("eks").delete_cluster(name="jobs-production")
    of = eks.model_copy(update={"base_url": cluster.url, "ca_file": certificates[0]})
    assert ask(of, DAY).said() == WHOLE


def test_an_own_authority_is_believed_when_it_is_named_and_never_otherwise(
    cluster: Cluster, certificates: tuple[Path, Path], tmp_path: Path
) -> None:
    assert ask(settings(cluster, JOBS, ca_file=certificates[0]), DAY).said() == WHOLE
    says = "127.0.0.1 shows a certificate that is not to be believed"
    other, _ = made(tmp_path / "other")
    for more in ({}, {"ca_file": other}):
        asked = ask(settings(cluster, JOBS, **more), DAY)
        assert isinstance(asked.error, SourceError)
        assert (str(asked.error).startswith(says), asked.error.retryable) == (True, False), asked.error
    assert cluster.shown == [settings(cluster).token.get_secret_value()] * 2  # type: ignore[union-attr]


@pytest.mark.parametrize("held", [None, "no certificate"])
def test_an_authority_that_can_t_be_read_is_told(cluster: Cluster, tmp_path: Path, held: str | None) -> None:
    file = tmp_path / "ca.crt"
    if held:
        file.write_text(held, encoding="utf-8")
    asked = ask(settings(cluster, JOBS, ca_file=file), DAY)
    assert str(asked.error).startswith(f"`ca_file` {file} can't be used")
    assert [each.retryable for each in asked.answers] == [False] * 3


def test_what_an_own_authority_is_asked_counts_for_the_budget(
    cluster: Cluster, certificates: tuple[Path, Path]
) -> None:
    budget = Budget(1, per_second=1e9)
    of = settings(cluster, JOBS, ca_file=certificates[0])
    with client(budget=budget) as http, pytest.raises(BudgetSpentError):
        list(collect(of, DAY, http))
    assert (budget.spent, len(cluster.asked)) == (1, 1)
