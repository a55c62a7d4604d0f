"""What an admin configures for a Salesforce connection."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from leadsync.connector.secrets import Secret, read_secret

HOSTS = (".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com")
"""Where Salesforce serves My Domain addresses."""


def _reference_or_text(value: object, info: ValidationInfo) -> object:
    """A client id is no secret: it may stand in the file itself, or be given by reference."""
    return read_secret(value, info) if isinstance(value, str) and value.startswith(("env:", "file:")) else value


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class SalesforceSettings(BaseModel):
    """Two ways to log in: `client_secret` (client credentials) or `username` with `private_key` (JWT bearer)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="The org's My Domain address, e.g. https://acme.my.salesforce.com")
    client_id: Annotated[str, BeforeValidator(_reference_or_text)] = Field(description="The connected app's key")
    client_secret: Secret | None = Field(default=None, description="The connected app's secret, for client credentials")
    username: str | None = Field(default=None, description="The user that leadsync acts as, for JWT bearer")
    private_key: Secret | None = Field(default=None, description="The RSA key in PEM that signs, for JWT bearer")
    audience: str = Field(
        default="https://login.salesforce.com", description="https://test.salesforce.com for sandbox orgs (JWT bearer)"
    )
    api_version: str = Field(default="62.0", pattern=r"^[5-9]\d\.0$", description="The REST API version")
    connect_timeout: float = Field(default=5.0, gt=0, le=60, description="Seconds to wait for a connection")
    read_timeout: float = Field(default=60.0, gt=0, le=600, description="Seconds to wait for an answer")
    total_timeout: float = Field(default=300.0, gt=0, le=3600, description="Seconds an answer may take as a whole")
    overlap_seconds: int = Field(
        default=600, ge=0, le=7200, description="How far each pull reaches back: changes become visible late"
    )
    daily_limit: int = Field(
        default=100_000, gt=0, description="Requests a day that the org's edition allows; answers only lower it"
    )
    bulk_from: int = Field(
        default=1401, gt=0, description="Records at once from which Bulk API 2.0 is used, for fewer calls"
    )
    bulk_wait_seconds: float = Field(
        default=600.0, gt=0, le=7200, description="How long to wait for a bulk job before it is stopped"
    )
    activities: bool = Field(default=True, description="Whether tasks and events are read as touchpoints")
    allow_custom_hosts: bool = Field(default=False, description="Whether `url` may lie outside Salesforce's domains")

    @field_validator("url")
    @classmethod
    def _clean_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError("must look like https://acme.my.salesforce.com")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("plain http is for a sandbox on this machine only: use https")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("audience")
    @classmethod
    def _known_audience(cls, audience: str) -> str:
        if not re.fullmatch(r"https://[\w.-]+\.salesforce\.com", audience):
            raise ValueError("must be https://login.salesforce.com, https://test.salesforce.com or a My Domain")
        return audience

    @model_validator(mode="after")
    def _one_way_in(self) -> SalesforceSettings:
        host = urlsplit(self.url).hostname or ""
        if not (self.allow_custom_hosts or is_loopback(host) or host.endswith(HOSTS)):
            raise ValueError(f"url: {host} is no address of Salesforce; set allow_custom_hosts = true if it is meant")
        jwt = self.username is not None and self.private_key is not None
        if (self.client_secret is not None) is jwt:
            raise ValueError("give either client_secret, or username and private_key")
        return self
