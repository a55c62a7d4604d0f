"""Records as HubSpot's answers show them: which properties, which associations, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from leadsync.sandbox import Request
from leadsync_hubspot.sandbox.links import PRIMARY, SINGULAR_V3
from leadsync_hubspot.sandbox.state import Obj, Portal
from leadsync_hubspot.sandbox.values import iso


def wanted(portal: Portal, kind: str, asked: Iterable[str]) -> list[str]:
    """The properties an answer carries: those asked for that exist (others are ignored), else the defaults."""
    spec = portal.kinds[kind]
    known = portal.properties[kind]
    names = [name for name in asked if name in known] or list(spec.defaults)
    return sorted({*names, *spec.always})


def envelope(obj: Obj, properties: Mapping[str, str | None]) -> dict[str, Any]:
    """The frame around a record's properties."""
    archived = obj.archived_at is not None
    found: dict[str, Any] = {
        "id": obj.id,
        "properties": dict(properties),
        "createdAt": iso(obj.created),
        "updatedAt": iso(obj.updated),
        "archived": archived,
    }
    if obj.archived_at is not None:
        found["archivedAt"] = iso(obj.archived_at)
    return found


def url_of(portal: Portal, obj: Obj) -> str:
    """Where a person sees the record."""
    return f"https://app.hubspot.com/contacts/{portal.account['portalId']}/record/{portal.kinds[obj.kind].type_id}/{obj.id}"


def picked(portal: Portal, obj: Obj, names: Sequence[str]) -> dict[str, Any]:
    """A record with these properties; one that was never set is null, a cleared one ""."""
    shown = portal.shown(obj)
    return envelope(obj, {name: shown.get(name) for name in names})


def with_history(obj: Obj, names: Iterable[str]) -> dict[str, Any]:
    """All values of the named properties, the newest first."""
    return {name: [change.as_json() for change in reversed(obj.history.get(name, []))] for name in names}


def associations(portal: Portal, obj: Obj, kinds: Iterable[str]) -> dict[str, Any]:
    """The `associations` of a record; a primary company is listed under both of its types."""
    found: dict[str, Any] = {}
    for kind in kinds:
        ties = portal.links.of(obj.node, kind)
        entries = [{"id": i, "type": t} for i, types in ties.items() for t in type_names(obj.kind, kind, types)]
        if entries:
            found[kind] = {"results": entries}
    return found


def type_names(a: str, b: str, types: set[int]) -> list[str]:
    base = f"{SINGULAR_V3.get(a, a.rstrip('s'))}_to_{SINGULAR_V3.get(b, b.rstrip('s'))}"
    if (a, b) not in PRIMARY:
        return [base]
    return [base, f"{base}_unlabeled"] if PRIMARY[a, b] in types else [f"{base}_unlabeled"]


def full(portal: Portal, obj: Obj, request: Request) -> dict[str, Any]:
    """A record as a list or a single read shows it, by the query's properties, history and associations."""
    asked = request.params("properties")
    history = [n for n in request.params("propertiesWithHistory") if n in portal.properties[obj.kind]]
    found = picked(portal, obj, wanted(portal, obj.kind, [*asked, *history]))
    if history:
        found["propertiesWithHistory"] = with_history(obj, history)
    kinds = [portal.kind(name).name for name in request.params("associations")]
    if kinds and (ties := associations(portal, obj, kinds)):
        found["associations"] = ties
    return {**found, "url": url_of(portal, obj)}


def paging(request: Request, after: str | None) -> dict[str, Any]:
    """The `paging` of an answer, with an absolute link; empty on the last page."""
    if after is None:
        return {}
    query = [(name, value) for name, value in request.query if name != "after"]
    link = f"{request.base_url}{request.path}?{urlencode([*query, ('after', after)])}"
    return {"paging": {"next": {"after": after, "link": link}}}
