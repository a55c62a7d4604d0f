"""From a request for a page to its answer."""

from __future__ import annotations

import base64
import hashlib

from leadsync.sandbox.http import Reply, Request
from leadsync.sandbox.origin import foreign, misnamed
from leadsync.sandbox.pages.markup import address, el
from leadsync.sandbox.pages.model import Browsable, FieldView, NoSuch, ObjectView, RecordView, Refusal
from leadsync.sandbox.pages.views import ROOT, STYLE, field_page, listing, overview, page, record

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def is_page(path: str) -> bool:
    """Whether a path belongs to the pages rather than to the vendor's API."""
    return path in ("/", f"/{ROOT}") or path.startswith(f"/{ROOT}/")


def answer(crm: Browsable, request: Request) -> Reply:
    """Answer a request whose path `is_page`."""
    if (why := misnamed(request)) is not None:
        return _plain(crm, 403, "Refused", why)
    try:
        return _answer(crm, request)
    except NoSuch as problem:
        return _plain(crm, 404, "Not found", str(problem))


def _answer(crm: Browsable, request: Request) -> Reply:
    parts = [part for part in request.path.split("/") if part][1:]
    match request.method, parts:
        case "GET" | "HEAD", []:
            return _html(overview(crm.title, crm.objects(), crm.users()))
        case "GET" | "HEAD", [kind]:
            return _list(crm, request, _object(crm, kind))
        case "GET" | "HEAD", [kind, ident]:
            return _html(record(crm.title, _object(crm, kind), crm.record(kind, ident)))
        case "GET" | "HEAD", [kind, ident, field]:
            return _field(crm, kind, ident, field)
        case "POST", [kind, ident, field]:
            return _edit(crm, request, (kind, ident, field))
        case _:
            return _plain(crm, 404 if request.method in ("GET", "HEAD") else 405, "Not found", request.path)


def _html(body: bytes, status: int = 200) -> Reply:
    return Reply(status, body, HEADERS)


def _plain(crm: Browsable, status: int, title: str, text: str) -> Reply:
    return _html(page(title, [("/", crm.title)], el("p", text, class_="alert", role="alert")), status)


def _object(crm: Browsable, kind: str) -> ObjectView:
    found = next((obj for obj in crm.objects() if obj.name == kind), None)
    if found is None:
        raise NoSuch(f"There is no object {kind}.")
    return found


def _list(crm: Browsable, request: Request, obj: ObjectView) -> Reply:
    query, text = request.param("q").strip(), request.param("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0 else 1
    return _html(listing(crm.title, obj, crm.records(obj.name, query, number), query, number))


def _field(
    crm: Browsable, kind: str, ident: str, name: str, refused: tuple[str, str] | None = None, status: int = 200
) -> Reply:
    found = crm.record(kind, ident)
    return _html(field_page(crm, _object(crm, kind), found, _named(found, name), refused), status)


def _named(found: RecordView, name: str) -> FieldView:
    field = next((field for field in found.fields if field.name == name), None)
    if field is None:
        raise NoSuch(f"{found.title} has no field {name}.")
    return field


def _edit(crm: Browsable, request: Request, what: tuple[str, str, str]) -> Reply:
    if (why := foreign(request)) is not None:
        return _plain(crm, 403, "Refused", why)
    kind, ident, name = what
    field, form = _named(crm.record(kind, ident), name), request.form()
    user, value = form.get("user", ""), form.get("value")
    if value is None or user not in {known.id for known in crm.users()}:
        return _plain(crm, 400, "Refused", "The form needs a value and one of the users.")
    if not field.editable:
        return _plain(crm, 403, "Refused", f"Nobody can edit {field.label}.")
    try:
        crm.edit(kind, ident, name, value, user)
    except Refusal as refused:
        return _field(crm, kind, ident, name, (value, str(refused)), 400)
    return Reply(303, b"", {**HEADERS, "location": address(ROOT, kind, ident, name)})
