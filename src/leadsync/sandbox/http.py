"""A request and a reply as plain values, so that a sandbox is a function that needs no network to be tested."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is decoded, `query` keeps order and repeats, header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return next((v for k, v in reversed(self.query) if k == name), default)

    def params(self, name: str) -> list[str]:
        """All values of a query parameter; commas separate as repeats do."""
        return [part for k, v in self.query if k == name for part in v.split(",") if part]

    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is not."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as an HTML form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def base_url(self) -> str:
        """What the client called us, e.g. "http://127.0.0.1:9101"; vendors build absolute links from it."""
        return f"http://{self.headers.get('host', 'localhost')}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(status: int, data: object, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer in JSON as the vendors send it."""
    body = json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
    return Reply(status, body, {"content-type": "application/json;charset=utf-8", **(headers or {})})
