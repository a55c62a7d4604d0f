"""Which endpoint a path means, whatever its API version, and what an endpoint is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from leadsync.sandbox import Reply, Request, json_reply
from leadsync_hubspot.sandbox.errors import invalid
from leadsync_hubspot.sandbox.kinds import KindSpec
from leadsync_hubspot.sandbox.state import Actor, Portal

VERSION = re.compile(r"(v[1-4]|20\d\d-\d\d)$")


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through an endpoint."""

    request: Request
    portal: Portal
    version: str
    args: Mapping[str, str]
    actor: Actor

    @property
    def spec(self) -> KindSpec:
        """The object type that the path names."""
        return self.portal.kind(self.args["kind"])

    def json(self) -> dict[str, Any]:
        """The body as an object; 400 when it is not."""
        try:
            found = self.request.json()
        except ValueError:
            raise invalid("Invalid input JSON on line 1, column 1: Unable to parse the request body") from None
        if not isinstance(found, dict):
            raise invalid("Invalid input JSON: the request body must be an object")
        return found

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query within 1..most; 400 otherwise."""
        text = self.request.param(name, str(default))
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise invalid(f"Invalid value for {name}: {text}. It must be between 1 and {most}.")
        return int(text)


Handler: TypeAlias = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: method, path without version ("/crm/objects/{kind}/{id}"), and what answers it.

    `scopes`: any one of them will do; "{kind}" stands for the object type. `reads`: it changes nothing though it posts.
    """

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    reads: bool = False
    open: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "$")


def canonical(path: str) -> tuple[str, str]:
    """The path without its version and trailing slash, and the version ("" where there is none).

    "/crm/v3/objects/contacts" and "/crm/objects/2026-03/contacts" are the same endpoint.
    """
    parts = path.strip("/").split("/")
    for place in (1, 2):
        if place < len(parts) and VERSION.match(parts[place]):
            return "/" + "/".join(parts[:place] + parts[place + 1 :]), parts[place]
    return "/" + "/".join(parts), ""


class Router:
    """Finds the route of a request; the first that fits answers."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route, route.pattern) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str], str] | None:
        """(route, its arguments, version), or None."""
        plain, version = canonical(path)
        for route, pattern in self._routes:
            if route.method == method and (found := pattern.match(plain)):
                return route, found.groupdict(), version
        return None

    def knows(self, path: str) -> bool:
        """Whether any method is served at the path."""
        plain, _ = canonical(path)
        return any(pattern.match(plain) for _, pattern in self._routes)


def label(path: str, args: Mapping[str, str]) -> str:
    """The path with its ids taken out, for the counters."""
    names = {value: name for name, value in args.items() if name not in ("kind", "to")}
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in path.split("/"))


def ok(data: object, status: int = 200) -> Reply:
    """A plain answer."""
    return json_reply(status, data)


def nothing() -> Reply:
    """204."""
    return Reply(204)
