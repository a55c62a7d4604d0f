"""What the org tells of itself: versions, resources, limits, objects, describes, and what was changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.describe import object_json, summary_json
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.org import ORG_ID
from leadsync_salesforce.sandbox.soql.render import attributes
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
    """GET /services/data/vXX.0/: what is served below it."""
    names = ("composite", "jobs", "limits", "parameterizedSearch", "query", "queryAll", "recent", "search", "sobjects")
    found = {name: f"{call.base}/{name}" for name in (*names, "tooling")}
    return json_reply(200, {**found, "identity": f"{call.request.base_url}/id/{ORG_ID}/{call.user}"})


def composites(call: Call) -> Reply:
    """GET /composite."""
    return json_reply(200, {name: f"{call.base}/composite/{name}" for name in ("batch", "graph", "sobjects", "tree")})


ALLOWANCES = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyDurableGenericStreamingApiEvents": 10_000,
    "DailyDurableStreamingApiEvents": 10_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyStandardVolumePlatformEvents": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DailyWorkflowEmails": 385,
    "DataStorageMB": 1_024,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 1_024,
    "HourlyAsyncReportRuns": 1_200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5_000,
    "HourlyDashboardStatuses": 999_999_999,
    "HourlyLongTermIdMapping": 100_000,
    "HourlyODataCallout": 1_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "HourlyPublishedStandardVolumePlatformEvents": 1_000,
    "HourlyShortTermIdMapping": 100_000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 50,
    "MassEmail": 10,
    "PermissionSets": 1_500,
    "SingleEmail": 15,
    "StreamingApiConcurrentClients": 20,
}
"""What an org may do beside requests, by the names of REST guide, "Limits"; nothing here is counted against them but
batches and query jobs."""


def limits(call: Call, used: int, spent: Mapping[str, int]) -> Reply:
    """GET /limits. `spent`: how much of an allowance is used, by its name."""
    most = {**ALLOWANCES, "DailyApiRequests": call.org.settings.api_limit}
    gone = {**spent, "DailyApiRequests": used}
    found = {n: {"Max": most[n], "Remaining": max(most[n] - gone.get(n, 0), 0)} for n in sorted(most)}
    return json_reply(200, found)


def record_count(call: Call) -> Reply:
    """GET /limits/recordCount?sObjects=Lead,Contact."""
    asked = {name.lower() for name in call.request.params("sObjects")}
    counts = [
        {"count": sum(1 for _ in call.org.visible(obj, deleted=False)), "name": obj.name}
        for key, obj in call.org.schema.items()
        if not asked or key in asked
    ]
    return json_reply(200, {"sObjects": counts})


def recent(call: Call) -> Reply:
    """GET /recent: what the user changed last."""
    rows = [
        (obj, row)
        for obj in call.org.schema.values()
        for row in call.org.visible(obj, deleted=False)
        if row.get("LastModifiedById") == call.user and obj.field("Name") is not None
    ]
    rows.sort(key=lambda found: str(found[1].get("LastModifiedDate")), reverse=True)
    limit = min(int(call.request.param("limit", "200")), 200)
    shown = [
        {"attributes": attributes(obj, row, call.base), "Id": row["Id"], "Name": row.get("Name")} for obj, row in rows
    ]
    return json_reply(200, shown[:limit])


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
    found = object_json(obj, call.org.schema, access, call.base, call.request.base_url)
    if obj.name in call.org.settings.read_only_objects:
        found |= dict.fromkeys(("createable", "updateable", "deletable"), False)
    return json_reply(200, found)


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
