"""Settings of the register."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

GOLDEN_COPY = "https://goldencopy.gleif.org"
API = "https://api.gleif.org/api/v1"


class GleifSettings(BaseModel):
    """Where the register comes from and where its index is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["index", "api", "auto"] = Field(
        "index",
        description='"index": download the register and search it here; "api": ask GLEIF for each company; "auto": the '
        "index where there is one, else the API.",
    )
    url: str = Field(GOLDEN_COPY, description="Where the Golden Copy is published.")
    api_url: str = Field(
        "", description="The REST API; blank: GLEIF's own, or /api/v1 under a `url` that is not GLEIF's."
    )
    index: Path = Field(
        Path("gleif-index"), description="Folder of the local index (about 0.5 GB for the whole register)."
    )
    refresh: Literal["auto", "never"] = Field(
        "auto", description='"auto": download when the index is missing or older than what is published.'
    )
    refresh_hours: float = Field(
        0, ge=0, description="Hours between looks at what is published (GLEIF: three times a day); 0: at each start."
    )
    requests_per_minute: int = Field(60, ge=1, description="Requests a minute to the REST API; GLEIF allows 60.")
    timeout: float = Field(30, gt=0, description="Seconds to wait for a connection and for each part of an answer.")

    @property
    def api(self) -> str:
        """The REST API's address."""
        if self.api_url:
            return self.api_url.rstrip("/")
        return API if self.url.rstrip("/") == GOLDEN_COPY else f"{self.url.rstrip('/')}/api/v1"
