"""Bulk API 2.0: query and ingest jobs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadsync.records import Value
from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import NO_CONTENT, Call
from leadsync_salesforce.sandbox.dml import create, delete, update, upsert
from leadsync_salesforce.sandbox.errors import ApiError, not_found
from leadsync_salesforce.sandbox.ids import generated
from leadsync_salesforce.sandbox.rules import check_trigger
from leadsync_salesforce.sandbox.schema import ObjectDef
from leadsync_salesforce.sandbox.soql.run import Asker, run

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
NULL = "#N/A"
"""What a CSV cell holds to clear a field; an empty cell leaves it alone. Bulk API 2.0 guide, "Prepare CSV Files"."""
UPLOAD_LIMIT = 150 * 1000 * 1000
"""Bytes of one upload; Bulk API 2.0 guide, "Limits"."""
TOGETHER = 200
"""Records that a trigger is given at once; Bulk API 2.0 guide, "How Requests Are Processed"."""
DONE_STATES = ("JobComplete", "Failed", "Aborted")


@dataclass(slots=True)
class Job:
    """One job. `polls` counts how often its state was asked for while it was at work."""

    id: str
    kind: str
    given: Mapping[str, Any]
    user: str
    created: str
    state: str
    polls: int = 0
    upload: str = ""
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    successes: list[tuple[str, bool, list[str]]] = field(default_factory=list)
    failures: list[tuple[str, str, list[str]]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)
    problem: str = ""
    source: str = ""
    """The object of a query."""

    @property
    def delimiter(self) -> str:
        """Between the cells of its CSV."""
        return DELIMITERS[str(self.given.get("columnDelimiter", "COMMA"))]


class Jobs:
    """The bulk jobs of an org."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    def make(self, call: Call, kind: str) -> Reply:
        """POST /jobs/query and /jobs/ingest."""
        given = call.body()
        if str(given.get("columnDelimiter", "COMMA")) not in DELIMITERS:
            raise ApiError("INVALIDJOB", "Unknown columnDelimiter")
        job = Job(generated("750", len(self.jobs) + 1), kind, given, call.user, call.org.now(), "Open")
        if kind == "query":
            job.source = self._check_query(call, given)
            job.state = "UploadComplete"
        else:
            self._check_ingest(call, given)
        self.jobs[job.id] = job
        return json_reply(200, self._json(call, job))

    def _check_query(self, call: Call, given: Mapping[str, Any]) -> str:
        """The name of the object that is asked for."""
        if given.get("operation") not in ("query", "queryAll"):
            raise ApiError("INVALIDOPERATION", "operation must be query or queryAll")
        return run(Asker(call.org, call.user, deleted=False, base=call.base), str(given.get("query", ""))).obj.name

    def _check_ingest(self, call: Call, given: Mapping[str, Any]) -> None:
        if given.get("operation") not in OPERATIONS:
            raise ApiError("INVALIDOPERATION", f"operation must be one of {', '.join(OPERATIONS)}")
        obj = call.org.object(str(given.get("object", "")))
        key = str(given.get("externalIdFieldName", ""))
        if given["operation"] == "upsert" and not ((known := obj.field(key)) and known.id_lookup):
            raise ApiError("INVALIDJOB", "externalIdFieldName must name an external id field")

    def _job(self, kind: str, ident: str) -> Job:
        job = next((j for known, j in self.jobs.items() if known[:15] == ident[:15]), None)
        if job is None or job.kind != kind:
            raise not_found()
        return job

    def all(self, call: Call, kind: str) -> Reply:
        """GET /jobs/query and /jobs/ingest."""
        found = [self._json(call, job) for job in self.jobs.values() if job.kind == kind]
        return json_reply(200, {"done": True, "nextRecordsUrl": None, "records": found})

    def get(self, call: Call, kind: str, ident: str) -> Reply:
        """GET /jobs/{kind}/{id}: each look moves the job on."""
        job = self._job(kind, ident)
        self._advance(call, job)
        return json_reply(200, self._json(call, job))

    def change(self, call: Call, kind: str, ident: str) -> Reply:
        """PATCH /jobs/{kind}/{id} {"state": "UploadComplete" | "Aborted"}."""
        job = self._job(kind, ident)
        wanted = call.body().get("state")
        if job.state in DONE_STATES or wanted not in ("UploadComplete", "Aborted"):
            raise ApiError("INVALIDJOBSTATE", f"Job {job.id} cannot go from {job.state} to {wanted}")
        job.state = str(wanted)
        if wanted == "Aborted":
            job.unprocessed = job.rows or list(_table(job))[1:]
        return json_reply(200, self._json(call, job))

    def remove(self, kind: str, ident: str) -> Reply:
        """DELETE /jobs/{kind}/{id}."""
        job = self._job(kind, ident)
        if job.state not in (*DONE_STATES, "Open"):
            raise ApiError("INVALIDJOBSTATE", f"Job {job.id} is still {job.state}")
        del self.jobs[job.id]
        return NO_CONTENT

    def upload(self, call: Call, ident: str) -> Reply:
        """PUT /jobs/ingest/{id}/batches: once, as CSV."""
        job = self._job("ingest", ident)
        if job.state != "Open" or job.upload:
            raise ApiError("INVALIDJOBSTATE", f"Job {job.id} takes no more data")
        if len(call.request.body) > UPLOAD_LIMIT:
            raise ApiError("FILE_SIZE_LIMIT_EXCEEDED", "the upload is too large", status=413)
        job.upload = call.request.body.decode("utf-8-sig")
        return Reply(201)

    def _advance(self, call: Call, job: Job) -> None:
        if job.state not in ("UploadComplete", "InProgress"):
            return
        job.state = "InProgress"
        job.polls += 1
        if job.polls <= call.org.settings.bulk_polls:
            return
        if call.org.settings.bulk_outcome != "JobComplete":
            job.state = call.org.settings.bulk_outcome
            job.problem = "InternalServerError : the job was ended by the sandbox's settings"
            job.unprocessed = list(_table(job))[1:]
            return
        try:
            (self._query if job.kind == "query" else self._ingest)(call, job)
            job.state = "JobComplete"
        except ApiError as refused:
            job.state, job.problem = "Failed", f"{refused.code} : {refused.message}"
            job.unprocessed = list(_table(job))[1:]

    def _query(self, call: Call, job: Job) -> None:
        asker = Asker(call.org, job.user, job.given["operation"] == "queryAll", call.base)
        result = run(asker, str(job.given["query"]))
        records = [flat(r) for r in result.records(0, result.total)]
        job.header = list(records[0]) if records else [".".join(p) for p in _paths(result.query.items)]
        job.rows = [[cell(record.get(name)) for name in job.header] for record in records]

    def _ingest(self, call: Call, job: Job) -> None:
        table = _table(job)
        if not table:
            raise ApiError("InvalidBatch", "The CSV has no header row")
        obj = call.org.object(str(job.given["object"]))
        job.header, job.rows = table[0], table[1:]
        for name in job.header:
            if obj.field(name.split(".")[0]) is None and obj.parent(name.split(".")[0]) is None:
                raise ApiError("InvalidBatch", f"Field name not found : {name}")
        how = str(job.given["operation"]), str(job.given.get("externalIdFieldName", ""))
        for cells in job.rows:
            try:
                check_trigger(call.org, obj, min(len(job.rows), TOGETHER))
                ident, created = apply(call, how, obj, values_of(job.header, cells))
                job.successes.append((ident, created, cells))
            except ApiError as refused:
                job.failures.append(
                    ("", f"{refused.code}:{refused.message}:{','.join(refused.fields or ())} --", cells)
                )

    def results(self, call: Call, ident: str) -> Reply:
        """GET /jobs/query/{id}/results?locator&maxRecords: a part of the rows as CSV."""
        job = self._job("query", ident)
        if job.state != "JobComplete":
            raise ApiError("INVALIDJOBSTATE", f"Job {job.id} is {job.state}")
        start = int(call.request.param("locator", "0") or 0)
        most = min(int(call.request.param("maxRecords", "0") or 0) or call.org.settings.bulk_rows, 1_000_000)
        rows = job.rows[start : start + min(most, call.org.settings.bulk_rows)]
        end = start + len(rows)
        headers = {
            "Sforce-Locator": str(end) if end < len(job.rows) else "null",
            "Sforce-NumberOfRecords": str(len(rows)),
        }
        return _csv([job.header, *rows], job.delimiter, headers)

    def outcome(self, ident: str, which: str) -> Reply:
        """GET /jobs/ingest/{id}/successfulResults, failedResults, unprocessedrecords."""
        job = self._job("ingest", ident)
        header = job.header or (_table(job) or [[]])[0]
        match which.lower():
            case "successfulresults":
                rows = [[i, str(new).lower(), *cells] for i, new, cells in job.successes]
                return _csv([["sf__Id", "sf__Created", *header], *rows], job.delimiter, {})
            case "failedresults":
                failed = [[i, why, *cells] for i, why, cells in job.failures]
                return _csv([["sf__Id", "sf__Error", *header], *failed], job.delimiter, {})
            case _:
                return _csv([header, *job.unprocessed], job.delimiter, {})

    def _json(self, call: Call, job: Job) -> dict[str, Any]:
        names = ("operation", "object", "externalIdFieldName", "columnDelimiter", "lineEnding", "contentType")
        own = {name: job.given[name] for name in names if name in job.given}
        if job.kind == "query" and job.source:
            own["object"] = job.source
        spent = dict.fromkeys(("retries", "totalProcessingTime"), 0)
        found: dict[str, Any] = {
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
            "contentType": "CSV",
            **own,
            "id": job.id,
            "createdById": job.user,
            "createdDate": job.created,
            "systemModstamp": job.created,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "apiVersion": float(call.version),
        }
        if job.kind == "query":
            done = len(job.rows) if job.state == "JobComplete" else 0
            return {**found, "jobType": "V2Query", "numberRecordsProcessed": done, **spent}
        processed = len(job.successes) + len(job.failures)
        ends = {"numberRecordsProcessed": processed, "numberRecordsFailed": len(job.failures)}
        problem = {"errorMessage": job.problem} if job.problem else {}
        url = f"{call.base.removeprefix('/')}/jobs/ingest/{job.id}/batches"
        spent |= dict.fromkeys(("apiActiveProcessingTime", "apexProcessingTime"), 0)
        return {**found, "jobType": "V2Ingest", "contentUrl": url, **ends, **spent, **problem}


def _table(job: Job) -> list[list[str]]:
    return list(csv.reader(io.StringIO(job.upload), delimiter=job.delimiter)) if job.upload else []


def apply(call: Call, how: tuple[str, str], obj: ObjectDef, values: dict[str, Any]) -> tuple[str, bool]:
    """Do one record's part of a job: (its id, whether it is new). `how`: the operation, and the key of an upsert."""
    operation, key = how
    ident = str(next((v for k, v in values.items() if k.lower() == "id"), ""))
    match operation:
        case "insert":
            return create(call.org, call.actor, obj, values), True
        case "update":
            update(call.org, call.actor, obj, ident, values)
            return ident, False
        case "upsert":
            value = next((v for k, v in values.items() if k.lower() == key.lower()), None)
            return upsert(call.org, call.actor, obj, (key, value), values)
        case _:
            delete(call.org, call.actor, obj, ident)
            if operation == "hardDelete":
                call.org.table(obj).drop(ident)
            return ident, False


def values_of(header: list[str], cells: list[str]) -> dict[str, Any]:
    """One CSV row as a record's body: empty cells are left out, #N/A is null, "Account.Key__c" names a parent."""
    found: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        if cell == "":
            continue
        value = None if cell == NULL else cell
        parent, _, key = name.partition(".")
        found[parent] = {key: value} if key else value
    return found


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """A row of a query with its parents' fields beside its own, named by their paths."""
    found: dict[str, Value] = {}
    for name, value in record.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _paths(items: Any) -> list[tuple[str, ...]]:
    return [item.operand for item in items if isinstance(getattr(item, "operand", None), tuple)]


def cell(value: Any) -> str:
    """A value as CSV has it; null is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.replace("+0000", "Z") if isinstance(value, str) and value.endswith(".000+0000") else str(value)


def _csv(rows: list[list[str]], delimiter: str, headers: Mapping[str, str]) -> Reply:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return Reply(200, text.getvalue().encode(), {"content-type": "text/csv", **headers})
