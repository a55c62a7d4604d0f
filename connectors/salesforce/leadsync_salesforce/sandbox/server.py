"""The Salesforce sandbox: an org in memory behind the vendor's HTTP API."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from leadsync.sandbox import Reply, Request, Sandbox, SandboxClock
from leadsync_salesforce.sandbox import about, lifecycle, pages, soap
from leadsync_salesforce.sandbox.async_api import LABEL, AsyncApi
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.errors import ApiError, not_found
from leadsync_salesforce.sandbox.jobs import Jobs
from leadsync_salesforce.sandbox.named_faults import NAMED
from leadsync_salesforce.sandbox.oauth import Logins
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.queries import Queries
from leadsync_salesforce.sandbox.routes import route, tail
from leadsync_salesforce.sandbox.seeding import CLIENTS, PASSWORD, furnish, sow


class SalesforceSandbox(Sandbox):
    """Serves one org. `org` may be looked into and changed by tests; `sow` and the API are the ordinary ways in."""

    name = "salesforce"
    org: Org
    queries: Queries
    jobs: Jobs
    logins: Logins
    async_api: AsyncApi
    used: int

    def __init__(self, clock: SandboxClock | None = None) -> None:
        super().__init__(clock)
        self._fresh()

    def _fresh(self) -> None:
        self.org = Org(self.clock)
        furnish(self.org)
        self.queries = Queries()
        self.jobs = Jobs()
        self.logins = Logins(self.org, CLIENTS, PASSWORD)
        self.async_api = AsyncApi()
        self.used = 0

    def handle(self, request: Request) -> Reply:
        """Answer one request of Salesforce's API."""
        request = _single_slash(request)
        try:
            reply = self.dispatch(request, counted=True)
        except ApiError as refused:
            reply = refused.reply()
        return self._dressed(request, reply)

    def _dressed(self, request: Request, reply: Reply) -> Reply:
        headers = dict(reply.headers)
        settings = self.org.settings
        if settings.date_skew_seconds:
            moment = self.clock() + timedelta(seconds=settings.date_skew_seconds)
            headers["date"] = format_datetime(moment, usegmt=True)
        if tail(request.path) is not None and settings.limit_info != "absent" and reply.status != 401:
            bursts = "; api-bursts=1/750" if settings.limit_info == "bursts" else ""
            headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{settings.api_limit}{bursts}"
        return Reply(reply.status, reply.body, headers)

    def dispatch(self, request: Request, *, counted: bool = False) -> Reply:
        """Answer a request or a part of a composite one; raises ApiError."""
        path = request.path.rstrip("/").lower()
        if (found := tail(request.path)) is not None:
            return self._data(request, *found, counted=counted)
        match request.method, path:
            case "POST", "/services/oauth2/token":
                return self.logins.token(request)
            case "GET" | "POST", "/services/oauth2/userinfo":
                return self.logins.userinfo(request)
            case "GET" | "POST", "/services/oauth2/revoke":
                return self.logins.revoke(request)
            case "GET", "/services/data":
                return about.versions()
            case "GET", _ if re.fullmatch(r"/id/\w+/\w+", path):
                return self.logins.userinfo(request)
            case "POST", _ if path.startswith("/services/soap/"):
                return soap.answer(self, request)
            case _ if path.startswith("/services/async/"):
                return self.async_api.answer(self, request)
            case _ if not path.startswith("/services/"):
                return pages.answer(self.org, request)
            case _:
                raise not_found()

    def _data(self, request: Request, version: int, rest: str, *, counted: bool) -> Reply:
        if version < about.OLDEST:
            raise ApiError("GONE", f"API version {version}.0 has been retired.", status=410)
        if version > about.NEWEST:
            raise not_found()
        session = self.logins.session(request)
        if session is None:
            raise ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)
        if counted:
            self.spend()
        found, parts = route(request, rest)
        reply = found.handler(self, Call(self.org, request, f"{version}.0", session.user), parts)
        return Reply(reply.status, b"", reply.headers) if request.method == "HEAD" else reply

    def spend(self) -> None:
        """Count one request against the org's day; raises ApiError when there are no more."""
        self.used += 1
        if self.used > self.org.settings.api_limit:
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)

    def spent(self) -> dict[str, int]:
        """What was used of the org's other allowances, by the names of GET /limits."""
        kinds = Counter(job.kind for job in self.jobs.jobs.values())
        batches = sum(len(job.batches) for job in self.async_api.jobs.values())
        return {"DailyBulkV2QueryJobs": kinds["query"], "DailyBulkApiBatches": kinds["ingest"] + batches}

    def endpoint(self, request: Request) -> tuple[str, bool]:
        """The path without ids and API version, and whether it writes."""
        request = _single_slash(request)
        if request.path.lower().startswith("/services/async/"):
            return LABEL.sub("/{id}", request.path.rstrip("/")), request.method == "POST"
        if request.path.lower().startswith("/services/soap/"):
            return request.path.rstrip("/"), True
        found = tail(request.path)
        if found is None:
            return request.path.rstrip("/").lower() or "/", False
        try:
            one, _ = route(request, found[1])
        except ApiError:
            return "/services/data/{unknown}", request.method not in ("GET", "HEAD")
        return f"/services/data/vXX.X{one.label}", one.writes

    def seed(self, data: Mapping[str, Any]) -> None:
        """Add the records, custom fields, rules and settings of a seed's "salesforce" section."""
        sow(self.org, data)

    def reset(self) -> None:
        """A fresh org with the same connected apps; sessions end."""
        self._fresh()

    def dump(self) -> dict[str, Any]:
        """Every record by object."""
        rows = {name: [dict(row) for row in table.rows.values()] for name, table in self.org.tables.items()}
        return {"objects": {name: found for name, found in rows.items() if found}}

    def credentials(self) -> dict[str, str]:
        """The connected app of the integration user."""
        client = CLIENTS["sandbox-client"]
        return {"client_id": client.id, "client_secret": client.secret}

    def fault_reply(self, name: str) -> Reply:
        """Salesforce's own answer for a named fault; raises ValueError listing the names."""
        if name not in NAMED:
            raise ValueError(f"unknown Salesforce fault {name!r}; known: {', '.join(sorted(NAMED))}")
        return NAMED[name]

    def _control(self, method: str, what: str, request: Request) -> Reply:
        body = request.json() if request.body else {}
        match method, what:
            case "POST", "convert":
                return lifecycle.convert_reply(self.org, body)
            case "POST", "merge":
                return lifecycle.merge_reply(self.org, body)
            case "POST", "expire-sessions":
                self.logins.sessions.clear()
            case "POST", "expire-locators":
                self.queries.cursors.clear()
            case _:
                return super()._control(method, what, request)
        return Reply(200, b'{"ok":true}', {"content-type": "application/json"})


def _single_slash(request: Request) -> Request:
    """The sf command line writes an address that ends in a slash before paths that begin with one."""
    return replace(request, path="/" + request.path.lstrip("/")) if request.path.startswith("//") else request
