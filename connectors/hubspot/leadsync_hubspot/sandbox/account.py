"""The account itself: details, usage, owners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.errors import not_found
from leadsync_hubspot.sandbox.limits import TIERS, Limits
from leadsync_hubspot.sandbox.pipelines import EPOCH
from leadsync_hubspot.sandbox.render import paging
from leadsync_hubspot.sandbox.routing import Call, Route, ok
from leadsync_hubspot.sandbox.values import iso


def _details(call: Call) -> Reply:
    account = call.portal.account
    return ok(
        {
            "portalId": account["portalId"],
            "accountType": account.get("accountType", "DEVELOPER_TEST"),
            "timeZone": account["timeZone"],
            "companyCurrency": account.get("companyCurrency", "EUR"),
            "additionalCurrencies": [],
            **_utc_offset(call),
            "uiDomain": account.get("uiDomain", "app.hubspot.com"),
            "dataHostingLocation": account.get("dataHostingLocation", "na1"),
        }
    )


def _utc_offset(call: Call) -> dict[str, Any]:
    offset = call.portal.clock().astimezone(ZoneInfo(call.portal.account["timeZone"])).utcoffset()
    seconds = 0 if offset is None else int(offset.total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "-" if seconds < 0 else "+"
    return {"utcOffset": f"{sign}{hours:02}:{minutes:02}", "utcOffsetMilliseconds": seconds * 1000}


def _me(call: Call) -> Reply:
    account = call.portal.account
    told = {"portalId": account["portalId"], "timeZone": account["timeZone"], "accountType": "STANDARD"}
    return ok({**told, "currency": account.get("companyCurrency", "EUR"), **_utc_offset(call)})


def usage_route(limits: Limits) -> Route:
    """GET /account-info/{version}/api-usage/daily/private-apps."""

    def usage(call: Call) -> Reply:
        tier = TIERS[str(call.portal.account.get("tier") or "enterprise").lower()]
        now = call.portal.clock()
        entry = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": tier.daily,
            "currentUsage": limits.today,
            "collectedAt": iso(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso(limits.resets_at(call.portal.account, now)),
        }
        return ok({"results": [entry]})

    return Route("GET", "/account-info/api-usage/daily/private-apps", usage)


def owner_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """An owner as HubSpot answers it; an archived one has no user."""
    archived = bool(data.get("archived", False))
    return {
        "id": str(data["id"]),
        "email": data.get("email", ""),
        "type": "PERSON",
        "firstName": data.get("firstName", ""),
        "lastName": data.get("lastName", ""),
        "userId": None if archived else int(data.get("userId", data["id"])),
        "userIdIncludingInactive": int(data.get("userId", data["id"])),
        "createdAt": data.get("createdAt", EPOCH),
        "updatedAt": data.get("updatedAt", EPOCH),
        "archived": archived,
    }


def _owners(call: Call) -> Reply:
    limit = call.number("limit", 100, 500)
    after, email = call.request.param("after", "0"), call.request.param("email")
    archived = call.request.param("archived").lower() == "true"
    found = [o for o in call.portal.owners.values() if o["archived"] == archived and (not email or o["email"] == email)]
    found = [o for o in sorted(found, key=lambda o: int(o["id"])) if int(o["id"]) >= int(after or 0)]
    following = found[limit]["id"] if len(found) > limit else None
    return ok({"results": found[:limit], **paging(call.request, following)})


def _owner(call: Call) -> Reply:
    key = "userIdIncludingInactive" if call.request.param("idProperty") == "userId" else "id"
    found = [owner for owner in call.portal.owners.values() if str(owner[key]) == call.args["id"]]
    archived = call.request.param("archived").lower()
    if not found or (archived != "" and found[0]["archived"] != (archived == "true")):
        raise not_found()
    return ok(found[0])


OWNERS = ("crm.objects.owners.read",)
ROUTES = (
    Route("GET", "/account-info/details", _details),
    Route("GET", "/integrations/me", _me),
    Route("GET", "/crm/owners", _owners, OWNERS),
    Route("GET", "/crm/owners/{id}", _owner, OWNERS),
)
