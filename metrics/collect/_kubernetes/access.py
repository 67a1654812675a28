"""The way into a cluster: where its API is, whose certificates it is believed by, and the token to show."""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import httpx
from pydantic import field_validator, model_validator

from metrics.collect._cloudwatch.session import Access as AwsAccess
from metrics.collect._cloudwatch.session import Account
from metrics.collect._kubernetes.api import Api, Identity
from metrics.collect.address import HeaderSecret, address, fits_a_header
from metrics.collect.http import trusting
from metrics.errors import SourceError

__all__ = ["Access", "opened"]

# As `aws eks get-token` makes it: EKS takes it for a quarter of an hour, whatever the address itself says.
TOKEN_PREFIX: Final = "k8s-aws-v1."  # noqa: S105 - no secret
CLUSTER_HEADER: Final = "x-k8s-aws-id"
EXPIRES_S: Final = 60


class Access(AwsAccess, frozen=True, extra="forbid"):
    """How to get into the cluster. The keys of AWS are for EKS."""

    base_url: str | None = None
    token: HeaderSecret | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    eks_cluster: str | None = None

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, written: str | None) -> str | None:
        if written is None:
            return None
        address(written, such_as="https://kubernetes.default.svc", login="a token under `token` or `token_file`")
        return written.rstrip("/")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.base_url is None and self.eks_cluster is None:
            raise ValueError("set `base_url`, or `eks_cluster` with `region`")
        if sum(way is not None for way in (self.token, self.token_file, self.eks_cluster)) > 1:
            raise ValueError("one of token, token_file and eks_cluster says who asks: not several")
        for_aws = [name for name in AwsAccess.model_fields if getattr(self, name) is not None]
        if for_aws and self.eks_cluster is None:
            raise ValueError(f"`{for_aws[0]}` is for EKS: set `eks_cluster` too, or leave it out")
        return self


@contextmanager
def opened(access: Access, http: httpx.Client) -> Iterator[Api]:
    """The cluster's API. Raises SourceError where there is no way in."""
    account = Account(access, http)  # which is opened by its first question only
    base_url, context = _place(access, account)
    identity = _identity(access, account)
    if context is None:
        yield Api(http, base_url, identity)
        return
    with trusting(http, context) as believing:
        yield Api(believing, base_url, identity)


def _place(access: Access, account: Account) -> tuple[str, ssl.SSLContext | None]:
    """Where the API is, and whose certificates it is believed by where that is not everybody's."""
    own = None if access.ca_file is None else _trusting(access.ca_file)
    if access.base_url is not None:
        return access.base_url, own
    base_url, context = _endpoint(account, access.eks_cluster or "")
    return base_url, own or context


def _identity(access: Access, account: Account) -> Identity:
    if access.eks_cluster is not None:
        cluster = access.eks_cluster
        return Identity(
            partial(_eks_token, account, cluster), f"this AWS identity: give it an access entry in {cluster}"
        )
    if access.token_file is not None:
        return Identity(partial(_read_token, access.token_file), f"the token in {access.token_file}")
    if access.token is not None:
        return Identity(access.token.get_secret_value, "`token`: it has expired, or belongs to another cluster")
    return Identity(lambda: None, "nobody: set `token`, `token_file` or `eks_cluster`")


def _read_token(path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SourceError(f"`token_file` {path} can't be read: {reason}", retryable=False) from None
    if not fits_a_header(token):
        raise SourceError(f"`token_file` {path} holds no token: one line that fits a header", retryable=False)
    return token


def _trusting(path: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SourceError(f"`ca_file` {path} can't be used: {error}"[:300], retryable=False) from None


def _endpoint(account: Account, cluster: str) -> tuple[str, ssl.SSLContext]:
    """Where EKS says that the cluster's API is, and the certificate that it is signed by."""
    reply = account.asked(account.client("eks").describe_cluster, "eks:DescribeCluster", name=cluster)
    found = reply.get("cluster", {})
    address, encoded = found.get("endpoint"), found.get("certificateAuthority", {}).get("data")
    if not address or not encoded:
        state = str(found.get("status", "of unknown state")).lower()
        raise SourceError(f"EKS tells no address of cluster {cluster}, which is {state}: wait until it is active")
    try:
        certificates = base64.b64decode(encoded, validate=True).decode("ascii")
        return str(address), ssl.create_default_context(cadata=certificates)
    except (binascii.Error, ValueError, ssl.SSLError) as error:
        raise SourceError(f"EKS tells a certificate of {cluster} that can't be used: {error}"[:300]) from None


def _eks_token(account: Account, cluster: str) -> str:
    """A signed question to AWS who one is, which the cluster asks in our place."""
    sts = account.client("sts")

    def named(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore comes without types
        request.headers[CLUSTER_HEADER] = cluster

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", named, unique_id="tomoni-eks")
    url = account.asked(
        sts.generate_presigned_url, "sts:GetCallerIdentity",
        ClientMethod="get_caller_identity", ExpiresIn=EXPIRES_S, HttpMethod="GET",
    )  # fmt: skip
    return TOKEN_PREFIX + base64.urlsafe_b64encode(str(url).encode()).decode().rstrip("=")
