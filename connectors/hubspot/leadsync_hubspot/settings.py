"""What an admin sets to connect to a HubSpot account."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from leadsync.connector.secrets import Secret

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class HubSpotSettings(BaseModel):
    """The `[hubspot]` section of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field("https://api.hubapi.com", description="Where HubSpot's API answers.")
    token: Secret = Field(description="A service key's or private app's token, as env:NAME or file:PATH.")
    api_version: Literal["v3", "2026-03", "2026-09"] = Field("v3", description="The version of HubSpot's API to speak.")
    connect_timeout: float = Field(5.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(30.0, gt=0, description="Seconds to wait for the next byte of an answer.")
    total_timeout: float = Field(120.0, gt=0, description="Seconds an answer may take as a whole.")
    burst_limit: int = Field(
        100, gt=0, description="Requests per 10 seconds that the account's tier allows (190 from Professional on)."
    )
    search_limit: int = Field(5, gt=0, description="Searches per second that HubSpot allows the account.")
    daily_limit: int = Field(
        250_000, gt=0, description="Requests a day that the account's tier allows; what HubSpot answers only lowers it."
    )
    overlap_seconds: float = Field(
        300.0, ge=0, description="How far each pull goes back behind the last one, for what search showed late."
    )

    @field_validator("url")
    @classmethod
    def _safe_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
            return value.rstrip("/")
        raise ValueError("must start with https:// (http:// is for a sandbox on this machine only)")
