"""Batches of up to 100: all or nothing, or partial with 207 where the client gave trace ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.errors import Refused, entry, invalid
from leadsync_hubspot.sandbox.kinds import KindSpec
from leadsync_hubspot.sandbox.objects import (
    READ,
    WRITE,
    check_rules,
    checked,
    created_view,
    locate,
    tie_new,
    updated_view,
)
from leadsync_hubspot.sandbox.render import picked, url_of, wanted, with_history
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Obj
from leadsync_hubspot.sandbox.values import iso

LIMIT = 100  # inputs of one batch; HubSpot, "Understanding the CRM APIs"
Input = Mapping[str, Any]


def inputs_of(call: Call, most: int = LIMIT) -> list[dict[str, Any]]:
    """The inputs of a batch; 400 when there are too many or none."""
    found = call.json().get("inputs")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise invalid("Some required fields were not set: [inputs]")
    if len(found) > most:
        raise invalid(f"The maximum number of inputs supported in a batch request is {most}")
    return found


def answer(call: Call, results: Sequence[object], errors: Sequence[object], status: int) -> Reply:
    """A batch's answer; 207 when a part of it failed."""
    now = iso(call.portal.clock())
    found: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        found |= {"numErrors": len(errors), "errors": list(errors)}
    return ok(found, 207 if errors else status)


def _gone(spec: KindSpec, ids: Sequence[str]) -> dict[str, Any]:
    name = spec.singular.upper()
    message = f"Could not get some {name} objects, they may be deleted or not exist. Check that ids are valid."
    return entry("OBJECT_NOT_FOUND", message, {"ids": ids})


def _read(call: Call) -> Reply:
    given, spec, portal = call.json(), call.spec, call.portal
    archived = call.request.param("archived").lower() == "true"
    history = [n for n in shapes.texts(given, "propertiesWithHistory") if n in portal.properties[spec.name]]
    names = wanted(portal, spec.name, [*shapes.texts(given, "properties"), *history])
    key = str(given.get("idProperty") or "")
    found: dict[str, Obj] = {}
    missing: list[str] = []
    for item in inputs_of(call):
        obj = locate(portal, spec, shapes.ident(item), key, archived=archived)
        if obj is None:
            missing.append(shapes.ident(item))
        else:
            found[obj.id] = obj
    shown = [_shown(call, obj, names, history) for obj in found.values()]
    return answer(call, shown, [_gone(spec, missing)] if missing else [], 200)


def _shown(call: Call, obj: Obj, names: Sequence[str], history: Sequence[str]) -> dict[str, Any]:
    found = picked(call.portal, obj, names)
    return {**found, "propertiesWithHistory": with_history(obj, history)} if history else found


def _each(
    items: Sequence[Input],
    check: Callable[[Input], Any],
    act: Callable[[Input, Any], dict[str, Any]],
    *,
    partial: bool = True,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Check all, then do all. One bad input refuses the batch, unless it may be partial and all carry a trace id."""
    traced = all(item.get("objectWriteTraceId") for item in items) and bool(items)
    ready: list[tuple[Input, Any]] = []
    errors: list[dict[str, Any]] = []
    for item in items:
        try:
            ready.append((item, check(item)))
        except Refused as refused:
            if not (traced and partial):
                raise
            errors.append(_traced_error(item, refused))
    results: list[dict[str, Any]] = []
    for item, checks in ready:
        trace = {"objectWriteTraceId": item["objectWriteTraceId"]} if traced else {}
        results.append({**act(item, checks), **trace})
    return sorted(results, key=lambda found: int(found["id"])), errors  # recorded answers are not in the inputs' order


def _traced_error(item: Input, refused: Refused) -> dict[str, Any]:
    body = json.loads(refused.reply.body)
    more = {"errors": body["errors"]} if "errors" in body else {}
    return entry(body["category"], body["message"], {"objectWriteTraceId": [str(item["objectWriteTraceId"])]}, **more)


class _Batch:
    """Uniqueness inside one batch, on top of the portal's."""

    def __init__(self, call: Call) -> None:
        self.call, self.spec, self.portal = call, call.spec, call.portal
        self.seen: dict[tuple[str, str], str] = {}

    def unique(self, clean: Mapping[str, str], own: str | None, mark: str) -> None:
        """Refuse values that another record, or another input, holds."""
        self.portal.check_unique(self.spec.name, clean, own)
        for name, value in clean.items():
            if value and self.portal.is_unique(self.spec.name, name):
                held = self.seen.setdefault((name, value.lower()), mark)
                if held != mark:
                    raise self.portal.taken(self.spec.name, name, value, (own or mark, held))


def _create(call: Call) -> Reply:
    batch = _Batch(call)

    def check(item: Input) -> dict[str, str]:
        clean = checked(call.portal, batch.spec, shapes.mapping(item, "properties"), call.version)
        batch.unique(clean, None, str(id(item)))
        return clean

    def act(item: Input, clean: dict[str, str]) -> dict[str, Any]:
        obj = call.portal.create(batch.spec.name, clean, call.actor)
        tie_new(call.portal, obj, shapes.objects(item, "associations"))
        return {**created_view(call.portal, obj), "url": url_of(call.portal, obj)}

    results, errors = _each(inputs_of(call), check, act)
    return answer(call, results, errors, 201)


def _update(call: Call) -> Reply:
    batch = _Batch(call)
    items = inputs_of(call)
    _no_doubles([shapes.ident(item) for item in items])
    there: list[tuple[Input, Obj]] = []
    missing: list[str] = []
    for item in items:
        obj = _updatable(call, batch.spec, item)
        if obj is not None:
            there.append((item, obj))
        elif not _dropped(call, batch.spec, shapes.ident(item)):
            missing.append(shapes.ident(item))
    objs = {id(item): obj for item, obj in there}
    # only creating is documented to be partial: one bad value refuses all the others' updates
    results, _ = _each(
        [item for item, _ in there],
        lambda item: _changes(batch, objs[id(item)], item),
        _set(call),
        partial=False,
    )
    return answer(call, results, [_gone(batch.spec, missing)] if missing else [], 200)


def _updatable(call: Call, spec: KindSpec, item: Input) -> Obj | None:
    ident, key = shapes.ident(item), str(item.get("idProperty") or "")
    if (key and not call.portal.is_unique(spec.name, key)) or key == "email":
        raise invalid(f"Unable to perform update/upsert by non-unique {spec.type_id} property {key}")
    if not key and (spec.name, ident) in call.portal.merged:
        return None
    return locate(call.portal, spec, ident, key)


def _dropped(call: Call, spec: KindSpec, ident: str) -> bool:
    """A merged-away id vanishes from a batch update without a word (third-party report)."""
    return (spec.name, ident) in call.portal.merged and bool(call.portal.settings["batch_update_drops_merged"])


def _no_doubles(ids: Sequence[str]) -> None:
    if twice := sorted({ident for ident in ids if ids.count(ident) > 1}):
        raise invalid(f"Duplicate IDs found in batch input: {twice}. IDs must be unique")


def _changes(batch: _Batch, obj: Obj, item: Input) -> tuple[Obj, dict[str, str]]:
    clean = batch.portal.check(batch.spec.name, shapes.mapping(item, "properties"))
    check_rules(batch.portal, batch.spec, {**obj.properties, **clean}, batch.call.version)
    batch.unique(clean, obj.id, obj.id)
    return obj, clean


def _set(call: Call) -> Callable[[Input, Any], dict[str, Any]]:
    """The doing part of an update."""

    def act(item: Input, checks: tuple[Obj, dict[str, str]]) -> dict[str, Any]:
        obj, clean = checks
        call.portal.update(obj, clean, call.actor)
        return updated_view(call.portal, obj, shapes.mapping(item, "properties"))

    return act


def _upsert(call: Call) -> Reply:
    batch, items = _Batch(call), inputs_of(call)
    _no_doubles([shapes.ident(item).strip().lower() for item in items])
    for item in items:
        key = str(item.get("idProperty") or "")
        if not key or not call.portal.is_unique(batch.spec.name, key):
            raise invalid(f"Unable to perform update/upsert by non-unique {batch.spec.type_id} property {key}")
    # HubSpot, contacts guide: "Partial upserts are not supported when using email"
    partial = all(item["idProperty"] != "email" for item in items)
    results, errors = _each(items, lambda item: _upsert_check(batch, item), _upsert_act(call), partial=partial)
    return answer(call, results, errors, 200)


def _upsert_check(batch: _Batch, item: Input) -> tuple[Obj | None, dict[str, str]]:
    key, ident = str(item["idProperty"]), shapes.ident(item)
    given = {key: ident, **(shapes.mapping(item, "properties"))}
    obj = batch.portal.by_unique(batch.spec.name, key, ident)
    if obj is not None:
        return _changes(batch, obj, {"properties": given})
    clean = checked(batch.portal, batch.spec, given, batch.call.version)
    batch.unique(clean, None, str(id(item)))
    return None, clean


def _upsert_act(call: Call) -> Callable[[Input, Any], dict[str, Any]]:
    def act(item: Input, checks: tuple[Obj | None, dict[str, str]]) -> dict[str, Any]:
        obj, clean = checks
        if obj is None:
            made = call.portal.create(call.spec.name, clean, call.actor)
            return {**created_view(call.portal, made), "new": True}
        call.portal.update(obj, clean, call.actor)
        return {**updated_view(call.portal, obj, {**(shapes.mapping(item, "properties")), **clean}), "new": False}

    return act


def _archive(call: Call) -> Reply:
    for item in inputs_of(call):
        obj = call.portal.get(call.spec.name, shapes.ident(item))
        if obj is not None:
            call.portal.archive(obj, call.actor)
    return nothing()


ROUTES = (
    Route("POST", "/crm/objects/{kind}/batch/read", _read, READ, reads=True),
    Route("POST", "/crm/objects/{kind}/batch/create", _create, WRITE),
    Route("POST", "/crm/objects/{kind}/batch/update", _update, WRITE),
    Route("POST", "/crm/objects/{kind}/batch/upsert", _upsert, WRITE),
    Route("POST", "/crm/objects/{kind}/batch/archive", _archive, WRITE),
)
