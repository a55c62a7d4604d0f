"""Forms: their definitions, and what people submitted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from leadsync.sandbox import Reply, parse_time
from leadsync_hubspot.sandbox.errors import invalid, not_found
from leadsync_hubspot.sandbox.render import paging
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Portal
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
SUBMISSIONS = 50  # submissions of one page; HubSpot, form submissions v1
FORMS = 500
READ = ("forms", "forms-uploaded-files")
WRITE = ("forms",)
PARTS = ("name", "fieldGroups", "configuration", "displayOptions", "legalConsentOptions", "archived")
"""What a client may set of a definition; HubSpot, forms v3 API."""
CONFIGURATION: Mapping[str, Any] = {
    "language": "en",
    "cloneable": True,
    "postSubmitAction": {"type": "thank_you", "value": "Thanks for submitting the form."},
    "editable": True,
    "archivable": True,
    "recaptchaEnabled": False,
    "notifyContactOwner": False,
    "notifyRecipients": [],
    "createNewContactForNewEmail": True,
    "prePopulateKnownValues": True,
    "allowLinkToResetKnownValues": False,
    "lifecycleStages": [],
}
STYLE: Mapping[str, str] = {
    "fontFamily": "arial, helvetica, sans-serif",
    "backgroundWidth": "100%",
    "labelTextColor": "#33475b",
    "labelTextSize": "14px",
    "helpTextColor": "#7C98B6",
    "helpTextSize": "11px",
    "legalConsentTextColor": "#33475b",
    "legalConsentTextSize": "14px",
    "submitColor": "#ff7a59",
    "submitAlignment": "left",
    "submitFontColor": "#ffffff",
    "submitSize": "12px",
}
DISPLAY: Mapping[str, Any] = {
    "renderRawHtml": False,
    "theme": "default_style",
    "submitButtonText": "Submit",
    "style": STYLE,
}


def form_json(ident: str, data: Mapping[str, Any], stamps: Mapping[str, str]) -> Json:
    """A definition as HubSpot answers it, filled up with its own first values."""
    return {
        "id": ident,
        "name": str(data["name"]),
        "createdAt": stamps["createdAt"],
        "updatedAt": stamps["updatedAt"],
        "archived": bool(data.get("archived", False)),
        "fieldGroups": list(data.get("fieldGroups") or ()),
        "configuration": {**CONFIGURATION, **(data.get("configuration") or {})},
        "displayOptions": {**DISPLAY, **(data.get("displayOptions") or {})},
        "legalConsentOptions": data.get("legalConsentOptions") or {"type": "none"},
        "formType": str(data.get("formType", "hubspot")),
    }


def add_form(portal: Portal, data: Mapping[str, Any], now: str) -> None:
    """Make a seed's form known."""
    guid = str(data["guid"])
    stamps = {"createdAt": data.get("createdAt", now), "updatedAt": data.get("updatedAt", now)}
    portal.forms[guid] = form_json(guid, data, stamps)
    portal.submissions.setdefault(guid, [])


def add_submission(portal: Portal, data: Mapping[str, Any]) -> None:
    """Take a submission in; raises ValueError for a form that is not there."""
    guid = str(data["form"])
    if guid not in portal.forms:
        raise ValueError(f"a submission names the form {guid!r}, which the seed does not have")
    values = {"email": data.get("email"), **data.get("values", {})}
    fields = [{"name": k, "value": v, "objectTypeId": "0-1"} for k, v in values.items() if v is not None]
    at = round(parse_time(str(data["submittedAt"])).timestamp() * 1000)
    number = len(portal.submissions[guid])
    ident = str(data.get("id") or uuid.uuid5(uuid.NAMESPACE_OID, f"{guid}/{at}/{number}"))
    entry = {"submittedAt": at, "values": fields, "pageUrl": data.get("pageUrl", ""), "conversionId": ident}
    portal.submissions[guid].append(entry)
    portal.submissions[guid].sort(key=lambda s: -int(s["submittedAt"]))


def offset_of(call: Call) -> int:
    """Where a page starts; 400 for a mark that is none."""
    after = call.request.param("after") or "0"
    if not after.isdigit():
        raise invalid(f"Invalid value for after: {after}")
    return int(after)


def page(call: Call, found: list[Any], default: int, most: int) -> Json:
    """One page of what was found, with `paging` unless it is the last."""
    limit, start = call.number("limit", default, most), offset_of(call)
    following = str(start + limit) if len(found) > start + limit else None
    return {"results": found[start : start + limit], **paging(call.request, following)}


# ---- definitions


def _is_asked(call: Call, form: Json) -> bool:
    """HubSpot, forms v3 API, "Get a list of forms": by default those of the type "hubspot" alone."""
    types = call.request.params("formTypes") or ["hubspot"]
    archived = call.request.param("archived").lower() == "true"
    return form["archived"] == archived and (form["formType"] in types or "all" in types)


def _forms(call: Call) -> Reply:
    return ok(page(call, [form for form in call.portal.forms.values() if _is_asked(call, form)], 20, FORMS))


def _find(call: Call, *, archived: bool = False) -> Json:
    found = call.portal.forms.get(call.args["id"])
    if found is None or (found["archived"] and not archived):
        raise not_found(f"Form {call.args['id']} was not found")
    return found


def _form(call: Call) -> Reply:
    return ok(_find(call, archived=call.request.param("archived").lower() == "true"))


def _given(call: Call, *required: str) -> Json:
    given = call.json()
    if gone := [name for name in required if given.get(name) is None]:
        raise invalid(f"Invalid input JSON on line 1, column 1: Some required fields were not set: [{', '.join(gone)}]")
    kinds = {"name": str, "fieldGroups": list, "configuration": dict, "displayOptions": dict, "archived": bool}
    if wrong := [n for n, kind in kinds.items() if given.get(n) is not None and not isinstance(given[n], kind)]:
        raise invalid(f"Invalid input JSON: invalid values for [{', '.join(wrong)}]")
    return given


def _create(call: Call) -> Reply:
    given, now = _given(call, "name", "formType"), iso(call.portal.tick())
    guid = str(uuid.UUID(int=call.portal.rng.getrandbits(128), version=4))
    call.portal.forms[guid] = form_json(guid, given, {"createdAt": now, "updatedAt": now})
    call.portal.submissions.setdefault(guid, [])
    return ok(call.portal.forms[guid], 201)


def _change(call: Call) -> Reply:
    found, given = _find(call), _given(call)
    return _set(call, found, {**found, **{k: given[k] for k in PARTS if k in given}})


def _replace(call: Call) -> Reply:
    return _set(call, _find(call), _given(call, "name", "formType"))


def _set(call: Call, old: Json, data: Mapping[str, Any]) -> Reply:
    new = form_json(old["id"], data, {"createdAt": old["createdAt"], "updatedAt": iso(call.portal.tick())})
    call.portal.forms[old["id"]] = new
    return ok(new)


def _archive(call: Call) -> Reply:
    found = _find(call)
    found.update(archived=True, archivedAt=iso(call.portal.tick()))
    return nothing()


# ---- submissions


def _submissions(call: Call) -> Reply:
    if call.args["id"] not in call.portal.submissions:
        raise not_found("Form not found")
    return ok(page(call, call.portal.submissions[call.args["id"]], 20, SUBMISSIONS))


def _submit(call: Call) -> Reply:
    given = call.json()
    if call.args["id"] not in call.portal.forms:
        raise not_found("Form not found")
    try:
        values = {str(field["name"]): field.get("value") for field in given.get("fields", ())}
        where = (given.get("context") or {}).get("pageUri", "")
    except (TypeError, KeyError, AttributeError):
        raise invalid("Invalid input JSON: fields need a name and a value") from None
    now = call.portal.tick().isoformat()
    add_submission(call.portal, {"form": call.args["id"], "values": values, "submittedAt": now, "pageUrl": where})
    return ok({"inlineMessage": "Thanks for submitting the form."})


_ONE = "/marketing/forms/{id}"
ROUTES = (
    Route("GET", "/marketing/forms", _forms, READ),
    Route("POST", "/marketing/forms", _create, WRITE),
    Route("GET", _ONE, _form, READ),
    Route("PATCH", _ONE, _change, WRITE),
    Route("PUT", _ONE, _replace, WRITE),
    Route("DELETE", _ONE, _archive, WRITE),
    Route("GET", "/form-integrations/submissions/forms/{id}", _submissions, READ),
    Route("POST", "/submissions/integration/submit/{portal}/{id}", _submit, open=True),
    Route("POST", "/submissions/integration/secure/submit/{portal}/{id}", _submit, READ),
)
