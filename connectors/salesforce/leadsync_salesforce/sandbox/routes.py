"""Which handler answers which path. Paths come in any case, with and without a slash at the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from leadsync.sandbox import Reply, Request
from leadsync_salesforce.sandbox import about, batches, composite, search, sobjects, tooling, tree
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.errors import ApiError, not_found

if TYPE_CHECKING:
    from leadsync_salesforce.sandbox.server import SalesforceSandbox

Handler: TypeAlias = Callable[["SalesforceSandbox", Call, tuple[str, ...]], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path below /services/data/vXX.0, its label without ids, and whether it writes."""

    method: str
    label: str
    pattern: re.Pattern[str]
    writes: bool
    handler: Handler


def _route(method: str, label: str, handler: Handler, *, writes: bool = False) -> Route:
    """A label's `{x}` stands for one part of the path; `{value}` for all that is left."""
    pattern = re.sub(r"\\{value\\}", "(.+)", re.escape(label))
    pattern = re.sub(r"\\{\w+\\}", "([^/]+)", pattern)
    return Route(method, label, re.compile(pattern + r"\Z", re.IGNORECASE), writes, handler)


ROUTES = (
    _route("GET", "", lambda _s, c, _a: about.resources(c)),
    _route("GET", "/limits", lambda s, c, _a: about.limits(c, s.used, s.spent())),
    _route("GET", "/limits/recordCount", lambda _s, c, _a: about.record_count(c)),
    _route("GET", "/recent", lambda _s, c, _a: about.recent(c)),
    _route("GET", "/search", lambda _s, c, _a: search.sosl(c)),
    _route("GET", "/parameterizedSearch", lambda _s, c, _a: search.parameterized(c)),
    _route("POST", "/parameterizedSearch", lambda _s, c, _a: search.parameterized(c)),
    _route("GET", "/sobjects", lambda _s, c, _a: about.all_objects(c)),
    _route("GET", "/query", lambda s, c, _a: s.queries.query(c, deleted=False)),
    _route("GET", "/queryAll", lambda s, c, _a: s.queries.query(c, deleted=True)),
    _route("GET", "/query/{locator}", lambda s, c, a: s.queries.more(c, a[0])),
    _route("GET", "/queryAll/{locator}", lambda s, c, a: s.queries.more(c, a[0])),
    _route("GET", "/composite", lambda _s, c, _a: about.composites(c)),
    _route("POST", "/composite/tree/{object}", lambda _s, c, a: tree.add(c, a[0]), writes=True),
    _route("POST", "/composite", lambda s, c, _a: composite.composite(c, s.dispatch), writes=True),
    _route("POST", "/composite/graph", lambda s, c, _a: composite.graph(c, s.dispatch), writes=True),
    _route("POST", "/composite/batch", lambda s, c, _a: composite.batch(c, s.dispatch), writes=True),
    _route("POST", "/composite/sobjects", lambda _s, c, _a: batches.add(c), writes=True),
    _route("PATCH", "/composite/sobjects", lambda _s, c, _a: batches.change(c), writes=True),
    _route("DELETE", "/composite/sobjects", lambda _s, c, _a: batches.remove(c), writes=True),
    _route("GET", "/composite/sobjects/{object}", lambda _s, c, a: batches.read(c, a[0])),
    _route("POST", "/composite/sobjects/{object}", lambda _s, c, a: batches.read(c, a[0])),
    _route("PATCH", "/composite/sobjects/{object}/{field}", lambda _s, c, a: batches.merge_in(c, *a), writes=True),
    _route("GET", "/sobjects/{object}", lambda _s, c, a: about.basic(c, a[0])),
    _route("POST", "/sobjects/{object}", lambda _s, c, a: sobjects.add(c, a[0]), writes=True),
    _route("GET", "/sobjects/{object}/describe", lambda _s, c, a: about.describe(c, a[0])),
    _route("GET", "/sobjects/{object}/updated", lambda _s, c, a: about.updated(c, a[0])),
    _route("GET", "/sobjects/{object}/deleted", lambda _s, c, a: about.deleted(c, a[0])),
    _route("GET", "/sobjects/{object}/{id}", lambda _s, c, a: sobjects.get(c, *a)),
    _route("PATCH", "/sobjects/{object}/{id}", lambda _s, c, a: sobjects.change(c, *a), writes=True),
    _route("DELETE", "/sobjects/{object}/{id}", lambda _s, c, a: sobjects.remove(c, *a), writes=True),
    _route("GET", "/sobjects/{object}/{field}/{value}", lambda _s, c, a: sobjects.get_by_external_id(c, *a)),
    _route("PATCH", "/sobjects/{object}/{field}/{value}", lambda _s, c, a: sobjects.by_external_id(c, *a), writes=True),
    _route(
        "DELETE",
        "/sobjects/{object}/{field}/{value}",
        lambda _s, c, a: sobjects.remove_by_external_id(c, *a),
        writes=True,
    ),
    _route("GET", "/tooling/query", lambda s, c, _a: tooling.query(c, s.queries)),
    _route("POST", "/tooling/sobjects/CustomField", lambda _s, c, _a: tooling.add_field(c), writes=True),
    _route("GET", "/tooling/sobjects/CustomField/{id}", lambda _s, c, a: tooling.get_field(c, a[0])),
    _route("DELETE", "/tooling/sobjects/CustomField/{id}", lambda _s, c, a: tooling.delete_field(c, a[0]), writes=True),
    _route("GET", "/jobs/query", lambda s, c, _a: s.jobs.all(c, "query")),
    _route("POST", "/jobs/query", lambda s, c, _a: s.jobs.make(c, "query")),
    _route("GET", "/jobs/query/{id}", lambda s, c, a: s.jobs.get(c, "query", a[0])),
    _route("PATCH", "/jobs/query/{id}", lambda s, c, a: s.jobs.change(c, "query", a[0])),
    _route("DELETE", "/jobs/query/{id}", lambda s, _c, a: s.jobs.remove("query", a[0])),
    _route("GET", "/jobs/query/{id}/results", lambda s, c, a: s.jobs.results(c, a[0])),
    _route("GET", "/jobs/ingest", lambda s, c, _a: s.jobs.all(c, "ingest")),
    _route("POST", "/jobs/ingest", lambda s, c, _a: s.jobs.make(c, "ingest"), writes=True),
    _route("GET", "/jobs/ingest/{id}", lambda s, c, a: s.jobs.get(c, "ingest", a[0])),
    _route("PATCH", "/jobs/ingest/{id}", lambda s, c, a: s.jobs.change(c, "ingest", a[0]), writes=True),
    _route("DELETE", "/jobs/ingest/{id}", lambda s, _c, a: s.jobs.remove("ingest", a[0]), writes=True),
    _route("PUT", "/jobs/ingest/{id}/batches", lambda s, c, a: s.jobs.upload(c, a[0]), writes=True),
    _route("GET", "/jobs/ingest/{id}/{results}", lambda s, _c, a: s.jobs.outcome(*a)),
)
"""The first that fits wins, so the fixed words stand before the `{id}`s."""

DATA = re.compile(r"/services/data/v(\d+)\.0(/.*)?\Z", re.IGNORECASE)


def tail(path: str) -> tuple[int, str] | None:
    """The API version and what follows it, without a slash at the end; None for other paths."""
    found = DATA.match(path)
    return None if found is None else (int(found.group(1)), (found.group(2) or "").rstrip("/"))


def route(request: Request, rest: str) -> tuple[Route, tuple[str, ...]]:
    """The route of a path below the version; raises the API's 404 and 405."""
    asked, allowed = method_of(request), []
    for one in ROUTES:
        found = one.pattern.match(rest)
        if found is None:
            continue
        if one.method == asked:
            return one, found.groups()
        allowed.append(one.method)
    if allowed:
        message = f"HTTP Method '{asked}' not allowed. Allowed are {','.join(dict.fromkeys(allowed))}"
        raise ApiError("METHOD_NOT_ALLOWED", message, status=405)
    raise not_found()


def method_of(request: Request) -> str:
    """HEAD is answered like GET, and a POST may ask for another method; REST guide, "Using HTTP PATCH"."""
    if request.method == "HEAD":
        return "GET"
    asked = request.param("_HttpMethod").upper()
    return asked if request.method == "POST" and asked in ("PATCH", "DELETE", "GET") else request.method
