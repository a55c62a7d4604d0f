"""Bulk API 1.0 under /services/async/: jobs of batches, in JSON, CSV or XML as a job's content type says."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leadsync.sandbox import Reply, Request
from leadsync_salesforce.sandbox.about import NEWEST, OLDEST
from leadsync_salesforce.sandbox.async_rows import Saved, read, written
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.ids import generated
from leadsync_salesforce.sandbox.jobs import OPERATIONS, apply, cell, flat
from leadsync_salesforce.sandbox.markup import HEAD, XSI, elements, parsed, texts
from leadsync_salesforce.sandbox.soql.run import Asker, run
from leadsync_salesforce.sandbox.times import moment_of

if TYPE_CHECKING:
    from leadsync_salesforce.sandbox.server import SalesforceSandbox

PATH = re.compile(
    r"/services/async/(\d+)\.0/job(?:/(\w+))?(/batch)?(?:/(\w+))?(/request|/result)?(?:/(\w+))?/?\Z", re.IGNORECASE
)
LABEL = re.compile(r"/(75[012]\w+)(?=/|\Z)")
QUERIES = ("query", "queryAll")
JSON, CSV, XML = "application/json", "text/csv", "application/xml"
KINDS = {"JSON": JSON, "CSV": CSV, "XML": XML}
SPACE = "http://www.force.com/2009/06/asyncapi/dataload"
ROWS = 10_000
"""Records of one batch; Bulk API guide, "Bulk API Limits"."""


class Refused(Exception):
    """An error of this API, answered with 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(slots=True)
class Batch:
    """One upload and what became of it."""

    id: str
    job: str
    created: str
    body: bytes
    state: str = "Queued"
    problem: str | None = None
    saved: list[Saved] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    polls: int = 0


@dataclass(slots=True)
class Job:
    """One job: what was asked for, and its batches."""

    id: str
    given: Mapping[str, Any]
    user: str
    created: str
    state: str = "Open"
    batches: list[Batch] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The content type of its batches."""
        return KINDS[str(self.given.get("contentType", "XML")).upper()]


class AsyncApi:
    """The jobs of Bulk API 1.0 of an org."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self._batches = 0

    def answer(self, sandbox: SalesforceSandbox, request: Request) -> Reply:
        """Answer one request."""
        asked = _kind(request)
        try:
            call, parts = self._asked(sandbox, request)
            return self._routed(call, parts, asked)
        except Refused as no:
            return _document("error", {"exceptionCode": no.code, "exceptionMessage": no.message}, asked, 400)

    def _asked(self, sandbox: SalesforceSandbox, request: Request) -> tuple[Call, Sequence[str | None]]:
        """The call and the parts of its address; raises Refused for who has no session."""
        found = PATH.match(request.path)
        if found is None:
            raise Refused("InvalidUrl", f"Destination URL not reset. The URL {request.path} is unknown")
        if not OLDEST <= int(found.group(1)) <= NEWEST:
            raise Refused("InvalidVersion", f"Unsupported api version: {found.group(1)}.0")
        logins = sandbox.logins
        session = logins.session_of(request.headers.get("x-sfdc-session", "")) or logins.session(request)
        if session is None:
            raise Refused("InvalidSessionId", "Invalid session id")
        sandbox.spend()
        return Call(sandbox.org, request, f"{found.group(1)}.0", session.user), found.groups()[1:]

    def _routed(self, call: Call, parts: Sequence[str | None], asked: str) -> Reply:
        ident, batches, batch, what, result = parts
        method = call.request.method
        if ident is None:
            if method != "POST":
                raise Refused("InvalidUrl", "a job is made by POST")
            return self._make(call, asked)
        job = self._job(ident)
        if batches is None:
            if method == "POST":
                self._change(call, job)
            return _document("jobInfo", self._job_info(call, job), asked)
        if batch is None:
            if method == "POST":
                return _document("batchInfo", _batch_info(self._add(call, job)), job.kind, 201)
            return _document("batchInfoList", {"batchInfo": [_batch_info(b) for b in job.batches]}, job.kind)
        one = next((b for b in job.batches if b.id[:15] == batch[:15]), None)
        if one is None:
            raise Refused("InvalidBatch", f"Unable to find batch {batch}")
        if what is None:
            self._advance(call, job, one)
            return _document("batchInfo", _batch_info(one), job.kind)
        if what.lower() == "/request":
            return Reply(200, one.body, {"content-type": job.kind})
        return _result(call, job, one, result)

    def _job(self, ident: str) -> Job:
        found = next((job for known, job in self.jobs.items() if known[:15] == ident[:15]), None)
        if found is None:
            raise Refused("InvalidJob", f"Unable to find object: {ident}")
        return found

    def _make(self, call: Call, asked: str) -> Reply:
        given = _body(call.request, asked)
        operation, kind = str(given.get("operation", "")), str(given.get("contentType", "XML")).upper()
        if operation not in (*QUERIES, *OPERATIONS):
            raise Refused("InvalidJob", f"Unknown operation: {operation}")
        if kind not in KINDS:
            raise Refused("InvalidJob", f"Unsupported content type: {kind}")
        obj = call.org.schema.get(str(given.get("object", "")).lower())
        if obj is None:
            raise Refused("InvalidJob", f"Unable to find object: {given.get('object')}")
        key = obj.field(str(given.get("externalIdFieldName", "")))
        if operation == "upsert" and (key is None or not key.id_lookup):
            raise Refused("InvalidJob", "External ID was blank or is no external id field")
        job = Job(generated("750", 500_000 + len(self.jobs)), given, call.user, call.org.now())
        self.jobs[job.id] = job
        return _document("jobInfo", self._job_info(call, job), asked, 201)

    def _change(self, call: Call, job: Job) -> None:
        wanted = str(_body(call.request, _kind(call.request)).get("state", ""))
        if job.state != "Open" or wanted not in ("Closed", "Aborted"):
            raise Refused("InvalidJobState", f"A job cannot go from {job.state} to {wanted}")
        job.state = wanted

    def _add(self, call: Call, job: Job) -> Batch:
        if job.state != "Open":
            raise Refused("InvalidJobState", f"Job {job.id} is {job.state} and takes no more batches")
        self._batches += 1
        batch = Batch(generated("751", self._batches), job.id, call.org.now(), call.request.body)
        job.batches.append(batch)
        return batch

    def _advance(self, call: Call, job: Job, batch: Batch) -> None:
        """Each look moves a batch on, as those at jobs of Bulk API 2.0 do."""
        if batch.state not in ("Queued", "InProgress"):
            return
        if job.state == "Aborted":
            batch.state, batch.problem = "NotProcessed", "Aborted"
            return
        batch.state, batch.polls = "InProgress", batch.polls + 1
        if batch.polls <= call.org.settings.bulk_polls:
            return
        try:
            self._run(call, job, batch)
            batch.state = "Completed"
        except ApiError as refused:
            batch.state, batch.problem = "Failed", f"InvalidBatch : {refused.code} : {refused.message}"
        except Refused as refused:
            batch.state, batch.problem = "Failed", f"{refused.code} : {refused.message}"

    def _run(self, call: Call, job: Job, batch: Batch) -> None:
        if call.org.settings.bulk_outcome != "JobComplete":
            raise Refused("InternalServerError", "the batch was ended by the sandbox's settings")
        operation = str(job.given["operation"])
        if operation in QUERIES:
            asker = Asker(call.org, job.user, operation == "queryAll", call.base)
            result = run(asker, batch.body.decode("utf-8", errors="replace"))
            batch.rows = result.records(0, result.total)
            return
        rows = read(batch.body, job.kind)
        if rows is None:
            raise Refused("InvalidBatch", f"The body is no {job.given.get('contentType')} of records")
        if len(rows) > ROWS:
            raise Refused("InvalidBatch", f"Records not processed: more than {ROWS}")
        obj = call.org.object(str(job.given["object"]))
        for values in rows:
            try:
                ident, created = apply(call, (operation, str(job.given.get("externalIdFieldName", ""))), obj, values)
                batch.saved.append(Saved(ident, created=created))
            except ApiError as refused:
                batch.saved.append(Saved("", refused=refused))

    def _job_info(self, call: Call, job: Job) -> dict[str, Any]:
        states = [batch.state for batch in job.batches]
        numbers = {"Queued": "Queued", "InProgress": "InProgress", "Completed": "Completed", "Failed": "Failed"}
        saved = [one for batch in job.batches for one in batch.saved]
        return {
            "id": job.id,
            "operation": job.given["operation"],
            "object": call.org.object(str(job.given["object"])).name,
            "createdById": job.user,
            "createdDate": job.created,
            "systemModstamp": job.created,
            "state": job.state,
            "externalIdFieldName": job.given.get("externalIdFieldName"),
            "concurrencyMode": "Serial" if job.given.get("concurrencyMode") in (1, "Serial") else "Parallel",
            "contentType": str(job.given.get("contentType", "XML")).upper(),
            **{f"numberBatches{name}": states.count(state) for state, name in numbers.items()},
            "numberBatchesTotal": len(states),
            "numberRecordsProcessed": len(saved) + sum(len(batch.rows) for batch in job.batches),
            "numberRetries": 0,
            "apiVersion": float(call.version),
            "assignmentRuleId": job.given.get("assignmentRuleId"),
            "numberRecordsFailed": sum(one.refused is not None for one in saved),
            **dict.fromkeys(("totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"), 0),
            "fastPathEnabled": False,
        }


def _kind(request: Request) -> str:
    """The form of what is not a batch: that of the request, XML when it says none."""
    given = request.headers.get("content-type", request.headers.get("accept", ""))
    return JSON if "json" in given else XML


def _body(request: Request, kind: str) -> Mapping[str, Any]:
    if kind == JSON:
        try:
            found = request.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refused("InvalidJob", "The body is no JSON object")
        return found
    root = parsed(request.body)
    if root is None:
        raise Refused("InvalidXML", "The body is no XML")
    return texts(root)


def _batch_info(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "jobId": batch.job,
        "state": batch.state,
        "stateMessage": batch.problem,
        "createdDate": batch.created,
        "systemModstamp": batch.created,
        "numberRecordsProcessed": len(batch.saved) + len(batch.rows),
        "numberRecordsFailed": sum(one.refused is not None for one in batch.saved),
        **dict.fromkeys(("totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"), 0),
    }


def _document(root: str, values: Mapping[str, Any], kind: str, status: int = 200) -> Reply:
    """In XML what is null is left out; a CSV job tells of itself in XML too."""
    if kind == JSON:
        return Reply(status, json.dumps(values).encode(), {"content-type": JSON})
    shown = {name: value for name, value in values.items() if value is not None}
    if root == "batchInfoList":
        shown = {"batchInfo": [{k: v for k, v in one.items() if v is not None} for one in values["batchInfo"]]}
    text = f'{HEAD}<{root} xmlns="{SPACE}" xmlns:xsi="{XSI}">{elements(shown)}</{root}>'
    return Reply(status, text.encode(), {"content-type": XML})


def _result(call: Call, job: Job, batch: Batch, result: str | None) -> Reply:
    if batch.state in ("Queued", "InProgress"):
        raise Refused("InvalidBatch", f"Batch {batch.id} is not completed")
    if job.given["operation"] not in QUERIES:
        return Reply(200, written(batch.saved, job.kind), {"content-type": job.kind})
    ident = "752" + batch.id[3:]
    if result is None:
        if job.kind == JSON:
            return Reply(200, json.dumps([ident]).encode(), {"content-type": JSON})
        text = f'{HEAD}<result-list xmlns="{SPACE}"><result>{ident}</result></result-list>'
        return Reply(200, text.encode(), {"content-type": XML})
    if result != ident:
        raise Refused("InvalidBatch", f"Unable to find result {result}")
    return Reply(200, _rows(call, job, batch), {"content-type": job.kind})


def _rows(call: Call, job: Job, batch: Batch) -> bytes:
    if job.kind == JSON:
        obj = call.org.object(str(job.given["object"]))
        timed = {f.name for f in obj.fields.values() if f.type in ("datetime", "date")}
        return json.dumps([{k: _epoch(v) if k in timed else v for k, v in row.items()} for row in batch.rows]).encode()
    rows = [flat(row) for row in batch.rows]
    if job.kind == XML:
        records = "".join(f"<records>{elements(row)}</records>" for row in rows)
        return f'{HEAD}<queryResult xmlns="{SPACE}" xmlns:xsi="{XSI}">{records}</queryResult>'.encode()
    if not rows:
        return b"Records not found for this query"
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([list(rows[0]), *([cell(value) for value in row.values()] for row in rows)])
    return text.getvalue().encode()


def _epoch(value: Any) -> Any:
    """Times as milliseconds, as this API's JSON has them (simple-salesforce issue #290)."""
    return int(moment_of(value).timestamp() * 1000) if isinstance(value, str) else value
