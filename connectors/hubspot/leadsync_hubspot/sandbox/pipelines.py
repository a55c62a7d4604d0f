"""Pipelines and their stages: read, made, changed, archived, each with an audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.errors import invalid, not_found, refuse
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Portal
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
EPOCH = "2019-10-30T03:30:17.883Z"
DEALS = (
    "appointmentscheduled qualifiedtobuy presentationscheduled decisionmakerboughtin contractsent closedwon closedlost"
)
DEFAULT_PIPELINES: Mapping[str, tuple[str, str]] = {
    "deals": ("default", DEALS),
    "leads": ("lead-pipeline-id", "new-stage-id attempting-stage-id connected-stage-id qualified-stage-id"),
    "tickets": ("0", "1 2 3 4"),
    "contacts": ("contacts-lifecycle-pipeline", "subscriber lead marketingqualifiedlead salesqualifiedlead"),
}
USED: Mapping[str, tuple[str, str]] = {
    "deals": ("pipeline", "dealstage"),
    "leads": ("hs_pipeline", "hs_pipeline_stage"),
    "tickets": ("hs_pipeline", "hs_pipeline_stage"),
}
"""Where records name their pipeline and stage."""
CLOSED = {"closedwon": "1.0", "closedlost": "0.0"}


def stage_json(ident: str, data: Mapping[str, Any], order: int, now: str = EPOCH) -> Json:
    """A stage as HubSpot answers it."""
    return {
        "id": ident,
        "label": str(data.get("label", ident)),
        "displayOrder": int(data.get("displayOrder", order)),
        "metadata": {str(k): str(v) for k, v in (data.get("metadata") or {}).items()},
        "createdAt": now,
        "updatedAt": now,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def pipeline_json(ident: str, data: Mapping[str, Any], now: str = EPOCH) -> Json:
    """A pipeline with its stages."""
    stages = [
        stage_json(str(stage.get("id") or f"{ident}-{order}"), stage, order, now)
        for order, stage in enumerate(data.get("stages", ()))
    ]
    frame = {"label": str(data.get("label", ident)), "displayOrder": int(data.get("displayOrder", 0))}
    return {"id": ident, **frame, "createdAt": now, "updatedAt": now, "archived": False, "stages": stages}


def default_pipelines(portal: Portal) -> None:
    """Give the account the pipelines every account starts with."""
    for kind, (ident, names) in DEFAULT_PIPELINES.items():
        stages = [{"id": stage, "metadata": _metadata(kind, stage)} for stage in names.split()]
        portal.pipelines.setdefault(kind, {})[ident] = pipeline_json(ident, {"stages": stages})


def _metadata(kind: str, stage: str) -> Json:
    if kind == "deals":
        return {"isClosed": str(stage in CLOSED).lower(), "probability": CLOSED.get(stage, "0.5")}
    return {"ticketState": "CLOSED" if stage == "4" else "OPEN"} if kind == "tickets" else {}


# ---- finding


def _of_kind(call: Call) -> dict[str, Json]:
    return call.portal.pipelines.setdefault(call.spec.name, {})


def _pipeline(call: Call) -> Json:
    found = _of_kind(call).get(call.args["id"])
    if found is None:
        raise not_found()
    return found


def _stage(call: Call) -> Json:
    found = [stage for stage in _pipeline(call)["stages"] if stage["id"] == call.args["stage"]]
    if not found:
        raise not_found()
    return dict(found[0]) if call.request.method == "GET" else found[0]


def _given(call: Call, *required: str) -> Json:
    given = call.json()
    if gone := [name for name in required if given.get(name) is None]:
        raise invalid(f"Invalid input JSON on line 1, column 1: Some required fields were not set: [{', '.join(gone)}]")
    for part in (given, *shapes.objects(given, "stages")):
        shapes.mapping(part, "metadata")
        if not isinstance(part.get("displayOrder", 0), int) or not isinstance(part.get("label", ""), str):
            raise invalid("Invalid input JSON: label must be text and displayOrder a whole number")
    return given


def _note(call: Call, ident: str, action: str, after: Mapping[str, Any]) -> None:
    entry = {
        "portalId": call.portal.account["portalId"],
        "identifier": ident,
        "action": action,
        "timestamp": iso(call.portal.tick()),
        "message": f"{action} {after['label']}",
        "rawObject": {k: v for k, v in after.items() if k != "stages"},
    }
    call.portal.audits.setdefault((call.spec.name, ident), []).append(entry)


def _audit(call: Call) -> Reply:
    _pipeline(call)
    ident = call.args.get("stage", call.args["id"])
    return ok({"results": call.portal.audits.get((call.spec.name, ident), [])[::-1]})


# ---- reading


def _all(call: Call) -> Reply:
    return ok({"results": sorted(_of_kind(call).values(), key=lambda pipeline: int(pipeline["displayOrder"]))})


def _one(call: Call) -> Reply:
    return ok(_pipeline(call))


def _stages(call: Call) -> Reply:
    return ok({"results": _pipeline(call)["stages"]})


def _one_stage(call: Call) -> Reply:
    return ok(_stage(call))


# ---- writing


def _check_stage(call: Call, stage: object) -> Json:
    if not isinstance(stage, dict) or not isinstance(stage.get("label"), str):
        raise invalid("Invalid input JSON: a stage needs a label")
    if call.spec.name == "deals" and "probability" not in (stage.get("metadata") or {}):
        raise invalid("Deal stages must have a probability in their metadata")
    return stage


def _create(call: Call) -> Reply:
    given = _given(call, "label", "displayOrder", "stages")
    for stage in given["stages"]:
        _check_stage(call, stage)
    _check_label(call, given["label"], None)
    ident, now = str(given.get("pipelineId") or call.portal.new_id()), iso(call.portal.tick())
    made = pipeline_json(ident, {**given, "stages": []}, now)
    made["stages"] = [stage_json(call.portal.new_id(), s, n, now) for n, s in enumerate(given["stages"])]
    _of_kind(call)[ident] = made
    _note(call, ident, "CREATE", made)
    return ok(made, 201)


def _check_label(call: Call, label: str, own: str | None) -> None:
    if any(p["label"] == label for ident, p in _of_kind(call).items() if ident != own):
        raise refuse(409, f"A pipeline with the label '{label}' already exists.", "CONFLICT")


def _change(call: Call) -> Reply:
    found, given = _pipeline(call), _given(call)
    _check_label(call, str(given.get("label", found["label"])), found["id"])
    found.update({k: given[k] for k in ("label", "displayOrder") if k in given}, updatedAt=iso(call.portal.tick()))
    _note(call, found["id"], "UPDATE", found)
    return ok(found)


def _replace(call: Call) -> Reply:
    found, given = _pipeline(call), _given(call, "label", "displayOrder", "stages")
    stages = [_check_stage(call, stage) for stage in given["stages"]]
    kept = {str(stage["id"]) for stage in stages if "id" in stage or "stageId" in stage}
    _check_unused(call, found["id"], {s["id"] for s in found["stages"]} - kept)
    now = iso(call.portal.tick())
    found.update(label=given["label"], displayOrder=given["displayOrder"], updatedAt=now)
    found["stages"] = [
        stage_json(str(s.get("id") or s.get("stageId") or call.portal.new_id()), s, n, now)
        for n, s in enumerate(stages)
    ]
    _note(call, found["id"], "UPDATE", found)
    return ok(found)


def _check_unused(call: Call, pipeline: str, stages: set[str]) -> None:
    """Refuse to take away stages that records stand in, where the request asks for the check."""
    asked = ("validateReferencesBeforeDelete", "validateDealStageUsagesBeforeDelete")
    if call.spec.name not in USED or all(call.request.param(name).lower() != "true" for name in asked):
        return
    at, stage_at = USED[call.spec.name]
    records = (o.properties for o in call.portal.objects[call.spec.name].values() if o.archived_at is None)
    if any(values.get(at) == pipeline and values.get(stage_at) in stages for values in records):
        raise invalid(f"Pipeline {pipeline} has stages that are in use", context={"pipelineId": [pipeline]})


def _archive(call: Call) -> Reply:
    found = _pipeline(call)
    _check_unused(call, found["id"], {stage["id"] for stage in found["stages"]})
    _note(call, found["id"], "DELETE", found)
    del _of_kind(call)[found["id"]]
    return nothing()


def _create_stage(call: Call) -> Reply:
    pipeline, given = _pipeline(call), _check_stage(call, _given(call, "label", "displayOrder"))
    if any(stage["label"] == given["label"] for stage in pipeline["stages"]):
        raise refuse(409, f"A stage with the label '{given['label']}' already exists.", "CONFLICT")
    made = stage_json(call.portal.new_id(), given, len(pipeline["stages"]), iso(call.portal.tick()))
    pipeline["stages"].append(made)
    _note(call, made["id"], "CREATE", made)
    return ok(made, 201)


def _change_stage(call: Call) -> Reply:
    found, given = _stage(call), _given(call)
    if "metadata" in given:
        given["metadata"] = {**found["metadata"], **{str(k): str(v) for k, v in given["metadata"].items()}}
    found.update({k: given[k] for k in ("label", "displayOrder", "metadata") if k in given})
    found["updatedAt"] = iso(call.portal.tick())
    _note(call, found["id"], "UPDATE", found)
    return ok(found)


def _replace_stage(call: Call) -> Reply:
    found, given = _stage(call), _check_stage(call, _given(call, "label", "displayOrder"))
    found.update(stage_json(found["id"], given, 0, found["createdAt"]), updatedAt=iso(call.portal.tick()))
    _note(call, found["id"], "UPDATE", found)
    return ok(found)


def _archive_stage(call: Call) -> Reply:
    found, pipeline = _stage(call), _pipeline(call)
    _note(call, found["id"], "DELETE", found)
    pipeline["stages"] = [stage for stage in pipeline["stages"] if stage["id"] != found["id"]]
    return nothing()


READ = ("crm.objects.{kind}.read", "crm.schemas.{kind}.read", "crm.pipelines.orders.read")
WRITE = ("crm.objects.{kind}.write", "crm.schemas.{kind}.write", "crm.pipelines.orders.write")
_KIND = "/crm/pipelines/{kind}"
_ONE = _KIND + "/{id}"
_STAGE = _ONE + "/stages/{stage}"
ROUTES = (
    Route("GET", _KIND, _all, READ),
    Route("POST", _KIND, _create, WRITE),
    Route("GET", _ONE, _one, READ),
    Route("PATCH", _ONE, _change, WRITE),
    Route("PUT", _ONE, _replace, WRITE),
    Route("DELETE", _ONE, _archive, WRITE),
    Route("GET", _ONE + "/audit", _audit, READ),
    Route("GET", _ONE + "/stages", _stages, READ),
    Route("POST", _ONE + "/stages", _create_stage, WRITE),
    Route("GET", _STAGE, _one_stage, READ),
    Route("PATCH", _STAGE, _change_stage, WRITE),
    Route("PUT", _STAGE, _replace_stage, WRITE),
    Route("DELETE", _STAGE, _archive_stage, WRITE),
    Route("GET", _STAGE + "/audit", _audit, READ),
)
