"""Where a source's server is, as somebody wrote it down."""

from __future__ import annotations

import httpx

__all__ = ["address"]


def address(written: str, *, such_as: str, login: str) -> httpx.URL:
    """The address. Raises ValueError that says what to write (`such_as`), and where a login goes (`login`)."""
    try:
        url = httpx.URL(written)
    except httpx.InvalidURL:
        raise ValueError(f"is no address; write one such as {such_as}") from None
    if url.userinfo:
        raise ValueError(f"has a login in it; write {login}")
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ValueError(f"is no address; write one such as {such_as}")
    return url
