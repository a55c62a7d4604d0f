"""GLEIF from memory: the Golden Copy's publishes and downloads, and the REST API, from the same rows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from leadsync.sandbox import Reply, Request, Sandbox, SandboxClock, json_reply, parse_time
from leadsync.sandbox.pages import answer as page
from leadsync.sandbox.pages import is_page
from leadsync_gleif.sandbox import publishes, rest
from leadsync_gleif.sandbox.pages import Register
from leadsync_gleif.sandbox.shelf import Shelf

__all__ = ["GleifSandbox"]

RATE_LIMIT = 60
"""Requests a minute to the REST API, of all who ask together; several clients of the API state it for one user."""
_MINUTE = timedelta(minutes=1)
_ID = re.compile(r"/[A-Z0-9]{18}\d\d(?=/|$)|(?<=/storage/).*|(?<=/download/).*")


class GleifSandbox(Sandbox):
    """Answers as goldencopy.gleif.org and api.gleif.org do. A seed section is
    {"files": {"lei2": path or rows, "rr": …, "repex": …}, "delete": {…}, "publish_date": ISO, "rate_limit": requests of
    the REST API a minute or null}.
    """

    name = "gleif"

    def __init__(self, clock: SandboxClock | None = None) -> None:
        super().__init__(clock)
        self.shelf = Shelf()
        self.rate_limit: int | None = RATE_LIMIT
        self._asked: list[datetime] = []

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        if is_page(request.path):
            return page(Register(self.shelf), request)
        if request.method not in {"GET", "HEAD"}:
            return json_reply(405, {"errors": [{"status": "405", "title": "Method Not Allowed"}]})
        if request.path.startswith("/api/v1/"):
            return self._limited() or rest.answer(self.shelf, request)
        return publishes.answer(self.shelf, request)

    def _limited(self) -> Reply | None:
        if self.rate_limit is None:
            return None
        now = self.clock()
        self._asked = [at for at in self._asked if now - at < _MINUTE]
        if len(self._asked) >= self.rate_limit:
            free = self._asked[0] + _MINUTE - now if self._asked else _MINUTE
            return _too_many(math.ceil(free.total_seconds()))
        self._asked.append(now)
        return None

    def endpoint(self, request: Request) -> tuple[str, bool]:
        """The path without LEIs and file names; GLEIF is only ever read."""
        return _ID.sub(lambda found: "/{id}" if found.group().startswith("/") else "{file}", request.path), False

    def seed(self, data: Mapping[str, Any]) -> None:
        """Publish rows: what is new or changed since the last time is in the deltas."""
        if unknown := set(data) - {"files", "delete", "publish_date", "rate_limit"}:
            raise ValueError(f"unknown keys {sorted(unknown)}; known: files, delete, publish_date, rate_limit")
        if "rate_limit" in data:
            self.rate_limit = data["rate_limit"]
        if "files" in data or "delete" in data:
            given = data.get("publish_date")
            at = parse_time(given) if given is not None else self.clock().replace(microsecond=0)
            self.shelf.publish(at, data.get("files", {}), data.get("delete", {}))

    def reset(self) -> None:
        """Forget all rows."""
        self.shelf = Shelf()
        self.rate_limit = RATE_LIMIT
        self._asked.clear()

    def dump(self) -> dict[str, Any]:
        """Every row, blank columns left out."""
        return self.shelf.dump()

    def credentials(self) -> dict[str, str]:
        """GLEIF asks for none."""
        return {}

    def fault_reply(self, name: str) -> Reply:
        """GLEIF's own answer for a named fault."""
        match name:
            case "too_many_requests":
                return _too_many(1)
            case "maintenance":
                return Reply(503, b"<html><body>Service Unavailable</body></html>", {"content-type": "text/html"})
            case _:
                return super().fault_reply(name)


def _too_many(seconds: int) -> Reply:
    body = {"errors": [{"status": "429", "title": "Too Many Requests"}]}
    return json_reply(429, body, {"retry-after": str(max(1, seconds))})
