"""What the org tells of itself: versions, resources, limits, objects, describes, and what was changed or deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.describe import object_json, summary_json
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.times import moment_of, stamp

OLDEST, NEWEST = 50, 68
"""The API versions served."""

_RELEASES = ("Spring", "Summer", "Winter")
UPDATED_DAYS, DELETED_DAYS = 30, 15
"""How far back `updated` and `deleted` reach; REST guide, "Get Updated", "Get Deleted"."""


def versions() -> Reply:
    """GET /services/data, which needs no session."""

    def label(number: int) -> str:
        since = number - 51  # v51 was Spring '21
        year = 21 + since // 3 + (1 if since % 3 == 2 else 0)
        return f"{_RELEASES[since % 3]} '{year}"

    found = [
        {"label": label(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in range(OLDEST, NEWEST + 1)
    ]
    return json_reply(200, found)


def resources(call: Call) -> Reply:
    """GET /services/data/vXX.0/."""
    names = ("sobjects", "query", "queryAll", "limits", "composite", "tooling", "jobs")
    return json_reply(200, {**{n: f"{call.base}/{n}" for n in names}, "identity": f"/id/{call.user}"})


def limits(call: Call, used: int) -> Reply:
    """GET /limits."""
    most = call.org.settings.api_limit

    def left(number: int, spent: int = 0) -> dict[str, int]:
        return {"Max": number, "Remaining": max(number - spent, 0)}

    return json_reply(
        200,
        {
            "DailyApiRequests": left(most, used),
            "DailyBulkApiBatches": left(15_000),
            "DailyBulkV2QueryJobs": left(10_000),
            "DailyBulkV2QueryFileStorageMB": left(976_562),
            "DataStorageMB": left(1_024),
            "FileStorageMB": left(1_024),
        },
    )


def all_objects(call: Call) -> Reply:
    """GET /sobjects."""
    found = [summary_json(obj, call.base) for obj in call.org.schema.values()]
    return json_reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": found})


def basic(call: Call, name: str) -> Reply:
    """GET /sobjects/{object}."""
    return json_reply(200, {"objectDescribe": summary_json(call.org.object(name), call.base), "recentItems": []})


def describe(call: Call, name: str) -> Reply:
    """GET /sobjects/{object}/describe."""
    obj = call.org.object(name)
    access = call.org.access(call.user, obj)
    return json_reply(200, object_json(obj, call.org.schema, access, call.base, call.request.base_url))


def _window(call: Call, days: int) -> tuple[datetime, datetime]:
    try:
        start, end = (moment_of(call.request.param(name).replace(" ", "+")) for name in ("start", "end"))
    except ValueError:
        raise ApiError("INVALID_REPLICATION_DATE", "start and end must be ISO 8601 date times") from None
    if start >= end:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate cannot be later than endDate")
    if call.org.clock() - start > timedelta(days=days):
        raise ApiError("INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
    return start, end


def updated(call: Call, name: str) -> Reply:
    """GET /sobjects/{object}/updated?start&end."""
    obj = call.org.object(name)
    start, end = _window(call, UPDATED_DAYS)
    low, high = stamp(start), stamp(end)
    rows = call.org.visible(obj, deleted=False)
    ids = [row["Id"] for row in rows if low <= str(row.get("LastModifiedDate")) < high]
    return json_reply(200, {"ids": ids, "latestDateCovered": stamp(min(end, call.org.clock()))})


def deleted(call: Call, name: str) -> Reply:
    """GET /sobjects/{object}/deleted?start&end."""
    obj = call.org.object(name)
    start, end = _window(call, DELETED_DAYS)
    low, high = stamp(start), stamp(end)
    records = [
        {"id": row["Id"], "deletedDate": row.get("SystemModstamp")}
        for row in call.org.visible(obj, deleted=True)
        if row.get("IsDeleted") is True and low <= str(row.get("SystemModstamp")) < high
    ]
    earliest = stamp(call.org.clock() - timedelta(days=DELETED_DAYS))
    covered = stamp(min(end, call.org.clock()))
    reply = {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": covered}
    return json_reply(200, reply)
