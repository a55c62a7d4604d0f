"""Pages of the REST API's lists: numbers and links, or a cursor for more than can be numbered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from leadsync.sandbox import Reply, Request, json_reply

TYPE = {"content-type": "application/vnd.api+json"}
PER_PAGE, MOST_PER_PAGE = 15, 200
"""Of records; clients that list all of them ask for 200."""
LISTED_PER_PAGE, MOST_LISTED = 10, 500
"""Of code lists, as recorded."""
DEEPEST = 10_000
"""How far numbered pages reach; clients go on by cursor from there."""


def problem(status: int, title: str) -> Reply:
    """An error as JSON:API has it."""
    return json_reply(status, {"errors": [{"status": str(status), "title": title}]}, TYPE)


def document(meta: Mapping[str, Any], data: Any) -> Reply:
    """One resource."""
    return json_reply(200, {**({"meta": meta} if meta else {}), "data": data}, TYPE)


def page(
    request: Request,
    found: Sequence[Any],
    render: Callable[[Any], Any],
    meta: Mapping[str, Any],
    sizes: tuple[int, int] = (PER_PAGE, MOST_PER_PAGE),
) -> Reply:
    """The part of a list that the request asks for; `sizes`: rows of a page when nothing is said, and at most."""
    size = request.param("page[size]", str(sizes[0]))
    if not size.isdigit() or not 1 <= int(size) <= sizes[1]:
        return problem(400, f"page[size] must be 1 to {sizes[1]}")
    cursor = request.param("page[cursor]")
    if cursor:
        return _by_cursor(request, (cursor, int(size)), found, render, meta)
    number = request.param("page[number]", "1")
    if not number.isdigit() or int(number) < 1:
        return problem(400, "page[number] must be at least 1")
    if int(number) * int(size) > DEEPEST:
        return problem(400, f"Only the first {DEEPEST} results have numbered pages: use page[cursor]")
    return _numbered(request, (int(number), int(size)), found, render, meta)


def _numbered(
    request: Request, at: tuple[int, int], found: Sequence[Any], render: Callable[[Any], Any], meta: Mapping[str, Any]
) -> Reply:
    number, size = at
    start, last = (number - 1) * size, max(1, -(-len(found) // size))
    shown = [render(one) for one in found[start : start + size]]
    pagination = {
        "currentPage": number,
        "perPage": size,
        "from": start + 1 if shown else None,
        "to": start + len(shown) if shown else None,
        "total": len(found),
        "lastPage": last,
    }
    numbers = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
    there = {name: n for name, n in numbers.items() if name in ("first", "last") or 1 <= n <= last}
    links = {name: _link(request, {"page[number]": str(n), "page[size]": str(size)}) for name, n in there.items()}
    return json_reply(200, {"meta": {**meta, "pagination": pagination}, "links": links, "data": shown}, TYPE)


def _by_cursor(
    request: Request, at: tuple[str, int], found: Sequence[Any], render: Callable[[Any], Any], meta: Mapping[str, Any]
) -> Reply:
    cursor, size = at
    if cursor != "*" and not cursor.isdigit():
        return problem(400, "page[cursor] is unknown")
    start = 0 if cursor == "*" else int(cursor)
    shown = [render(one) for one in found[start : start + size]]
    more = start + size < len(found)
    links = {"next": _link(request, {"page[cursor]": str(start + size), "page[size]": str(size)})} if more else {}
    pagination = {"perPage": size, "total": len(found)}
    return json_reply(200, {"meta": {**meta, "pagination": pagination}, "links": links, "data": shown}, TYPE)


def _link(request: Request, pages: Mapping[str, str]) -> str:
    """The request's own address with other page parameters."""
    kept = [(k, v) for k, v in request.query if not k.startswith("page[")]
    return f"{request.base_url}{request.path}?{urlencode([*kept, *pages.items()])}"
