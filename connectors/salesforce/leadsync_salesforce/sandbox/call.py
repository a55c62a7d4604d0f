"""One authenticated request: who asks, of which API version, and what its parts say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadsync.sandbox import Reply, Request
from leadsync_salesforce.sandbox.dml import Actor
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.org import Org


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its session's user."""

    org: Org
    request: Request
    version: str
    user: str

    @property
    def base(self) -> str:
        """What the URLs of this version begin with."""
        return f"/services/data/v{self.version}"

    @property
    def actor(self) -> Actor:
        """Who writes, with the request's headers."""
        header = self.request.headers.get("sforce-duplicate-rule-header", "")
        return Actor(self.user, allow_duplicates="allowsave=true" in header.replace(" ", "").lower())

    def body(self) -> dict[str, Any]:
        """The JSON object of the body; raises the API's error when it is none."""
        try:
            found = self.request.json()
        except ValueError as problem:
            raise ApiError("JSON_PARSER_ERROR", f"Unexpected character at [line:1, column:1]: {problem}") from None
        if not isinstance(found, dict):
            raise ApiError("JSON_PARSER_ERROR", "The HTTP entity body must be an object")
        return found

    def flag(self, given: Mapping[str, Any], name: str) -> bool:
        """A boolean of a body or query, false when it is missing."""
        return str(given.get(name, "false")).lower() == "true"


NO_CONTENT = Reply(204)
