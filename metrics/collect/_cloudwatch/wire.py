"""botocore over our polite client: AWS's own code signs, serialises and parses; this only carries the bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, Final, Protocol
from urllib.parse import urlsplit

import httpx

from metrics.errors import SourceError

__all__ = ["sender"]

# `Any`: boto3 and botocore come without types.
Send = Callable[..., Any]


class _Prepared(Protocol):
    """botocore's AWSPreparedRequest: signed, ready to go."""

    method: str
    url: str
    headers: Mapping[str, str | bytes]
    body: IO[bytes] | bytes | str | None


class _Body(io.BytesIO):
    """What botocore expects below a response: urllib3's `stream` beside `read`."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def sender(http: httpx.Client) -> Send:
    """A handler of botocore's `before-send`: whatever it returns is taken for the reply and nothing else is sent."""

    def send(request: _Prepared, **_: object) -> object:
        from botocore.awsrequest import AWSResponse  # type: ignore[import-untyped]  # it has no types

        reply = http.send(_as_signed(http, request))
        _refuse_what_is_no_answer(reply)
        return AWSResponse(request.url, reply.status_code, dict(reply.headers), _Body(reply.content))

    return send


def _as_signed(http: httpx.Client, request: _Prepared) -> httpx.Request:
    body = request.body if isinstance(request.body, bytes | str | None) else request.body.read()
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
    }
    signed = http.build_request(request.method, request.url, headers=headers, content=body or b"")
    # httpx has its own mind about escapes; the signature holds for the path and query as botocore wrote them.
    parts = urlsplit(request.url)
    signed.extensions["target"] = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}".encode("ascii")
    return signed


def _refuse_what_is_no_answer(reply: httpx.Response) -> None:
    """botocore takes half a JSON, or a proxy's page, for an empty answer, which would look like "no data"."""
    text, kind = reply.content.strip(), reply.headers.get("content-type", "")
    is_json = text.startswith(b"{") and text.endswith(b"}")
    is_xml = text.startswith(b"<") and not _PAGE.match(text) and "X-Amz-Target" not in reply.request.headers
    if reply.is_success and not (is_json or is_xml or "cbor" in kind):
        start = text[:80].decode("utf-8", "replace")
        raise SourceError(
            f"{reply.url.host} answered {start!r}, which is not what AWS answers: check `endpoint_url`, or any proxy"
        )


_PAGE: Final = re.compile(rb"<(!doctype\s+)?html", re.IGNORECASE)
