"""How to get into a Datadog account: where it is, and the two keys."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, SecretStr, field_validator

__all__ = ["SITES", "Access"]

# All that the client knows (a test compares).
SITES: Final = (
    "datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "ap1.datadoghq.com", "ap2.datadoghq.com",
    "uk1.datadoghq.com", "datadoghq.eu", "ddog-gov.com", "us2.ddog-gov.com",
)  # fmt: skip


class Access(BaseModel, frozen=True, extra="forbid"):
    """What all sources that ask Datadog have among their settings."""

    site: str = "datadoghq.com"
    host: str | None = None
    """The address of a proxy or a test server, instead of a site's."""
    api_key: SecretStr
    app_key: SecretStr

    @field_validator("site")
    @classmethod
    def _site_exists(cls, site: str) -> str:
        if site not in SITES:
            raise ValueError(f"there is no site {site!r}; use one of {', '.join(SITES)}")
        return site

    @field_validator("host")
    @classmethod
    def _host_is_an_address(cls, host: str | None) -> str | None:
        if host is not None and not host.startswith(("http://", "https://")):
            raise ValueError(f"{host!r} is no address; write one as in https://datadog-proxy.internal")
        if host is not None and "@" in host:
            raise ValueError("has a user in it; a proxy that wants one is not supported")
        return host.rstrip("/") if host else None

    @property
    def address(self) -> str:
        return self.host or f"https://api.{self.site}"
