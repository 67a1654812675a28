"""Where a source's server is, and what lets one in, as somebody wrote it down."""

from __future__ import annotations

from typing import Annotated

import httpx
from pydantic import AfterValidator, SecretStr

__all__ = ["HeaderSecret", "address", "fits_a_header", "for_a_header"]


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


def fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and text.strip() == text


def for_a_header(written: str) -> str:
    """The text. Raises ValueError where no header can hold it."""
    if not fits_a_header(written):
        raise ValueError("holds characters that no header may have, such as a line break at its end")
    return written


HeaderSecret = Annotated[SecretStr, AfterValidator(lambda of: SecretStr(for_a_header(of.get_secret_value())))]
"""A token as a header shows it."""
