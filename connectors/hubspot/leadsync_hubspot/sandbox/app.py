"""The HubSpot sandbox: from a request to its answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leadsync.sandbox import Reply, Request, Sandbox, SandboxClock
from leadsync.sandbox.pages import answer, is_page
from leadsync_hubspot.sandbox import (
    account,
    analytics,
    associations,
    attendance,
    batch,
    definitions,
    folders,
    forms,
    legacy,
    lists,
    marketing,
    objects,
    pipelines,
    properties,
    schemas,
    search,
)
from leadsync_hubspot.sandbox.auth import TOKEN, Tokens, all_scopes, check_scopes, info_route, oauth_routes, token_route
from leadsync_hubspot.sandbox.errors import CORRELATION, Refused, refuse
from leadsync_hubspot.sandbox.faults import named
from leadsync_hubspot.sandbox.limits import Limits
from leadsync_hubspot.sandbox.objects import dump_object
from leadsync_hubspot.sandbox.pages import Records
from leadsync_hubspot.sandbox.routing import Call, Route, Router, label
from leadsync_hubspot.sandbox.seeding import sow
from leadsync_hubspot.sandbox.state import Actor, Portal
from leadsync_hubspot.sandbox.webhooks import Deliveries, subscription

MODULES = (
    search,
    batch,
    associations,
    definitions,
    folders,
    lists,
    properties,
    objects,
    pipelines,
    forms,
    attendance,
    marketing,
    analytics,
    account,
    schemas,
    legacy,
)
"""Each has ROUTES; the first route that fits a request answers it."""


class HubSpotSandbox(Sandbox):
    """HubSpot's API from memory. Speaks v3, v4 and the date versions alike."""

    name = "hubspot"

    def __init__(self, clock: SandboxClock | None = None) -> None:
        super().__init__(clock)
        self.tokens = Tokens()
        self.limits = Limits()
        self.webhooks = Deliveries()
        self.portal = self._empty()
        self.router = Router(self._routes())

    def _empty(self) -> Portal:
        portal = Portal(self.clock)
        pipelines.default_pipelines(portal)
        return portal

    def _routes(self) -> list[Route]:
        info = info_route(self.tokens, lambda: all_scopes(self._routes(), self.portal.kinds.values()))
        mine = [token_route(self.tokens), *oauth_routes(self.tokens), info, account.usage_route(self.limits)]
        return [*mine, *(route for module in MODULES for route in module.ROUTES)]

    # ---- answering

    def handle(self, request: Request) -> Reply:
        """Answer one request of HubSpot's API, or for one of the pages."""
        reply = answer(Records(self.portal), request) if is_page(request.path) else self._routed(request)
        if self.portal.events:
            self.webhooks.send(self.portal, self.portal.events)
            self.portal.events.clear()
        return reply if is_page(request.path) else self._signed(reply)

    def _routed(self, request: Request) -> Reply:
        found = self.router.find(request.method, request.path)
        try:
            if found is None:
                raise self._no_route(request)
            return self._answer(request, *found)
        except Refused as refused:
            return refused.reply

    def _no_route(self, request: Request) -> Refused:
        if self.router.knows(request.path):
            return refuse(405, "Method Not Allowed", None)
        return refuse(404, f"Unable to find resource: {request.path}", None)

    def _answer(self, request: Request, route: Route, args: dict[str, str], version: str) -> Reply:
        if route.open:
            return route.handler(Call(request, self.portal, version, args, Actor()))
        text, token = self.tokens.authenticate(request, self.clock())
        headers = self.limits.take(self.portal.account, text, self.clock(), search=route.path.endswith("{kind}/search"))
        call = Call(request, self.portal, version, args, token.actor)
        check_scopes(token, route.scopes, call.spec if "kind" in args else None)
        reply = route.handler(call)
        if not self.portal.settings["rate_limit_headers"]:
            return reply
        return replace(reply, headers={**reply.headers, **headers})

    def _signed(self, reply: Reply) -> Reply:
        """Give the answer its correlation id, in the header and in an error's body."""
        ident = str(uuid.UUID(int=self.portal.rng.getrandbits(128), version=4))
        content = reply.body.replace(CORRELATION.encode(), ident.encode()) if reply.status >= 400 else reply.body
        return Reply(reply.status, content, {**reply.headers, "X-HubSpot-Correlation-Id": ident})

    # ---- the sandbox's own side

    def endpoint(self, request: Request) -> tuple[str, bool]:
        """The path without ids, and whether the request writes."""
        found = self.router.find(request.method, request.path)
        if found is None:
            return request.path, request.method != "GET"
        route, args, _ = found
        return label(request.path, args), request.method != "GET" and not route.reads

    def seed(self, data: Mapping[str, Any]) -> None:
        """Add a seed's HubSpot section; raises ValueError saying what is wrong with it."""
        sow(self.portal, self.tokens, data)
        self.webhooks.subscriptions += [subscription(entry) for entry in data.get("webhooks", ())]
        self.portal.watched = bool(self.webhooks.subscriptions)

    def reset(self) -> None:
        """Forget everything but the tokens."""
        self.portal = self._empty()
        self.tokens.restore()
        self.limits = Limits()
        self.webhooks.subscriptions.clear()
        self.router = Router(self._routes())

    def dump(self) -> dict[str, Any]:
        """Every record with its history, and every association."""
        portal = self.portal
        kinds = {
            kind: [dump_object(portal, o) for o in found.values()] for kind, found in portal.objects.items() if found
        }
        return {
            "account": portal.account,
            "settings": portal.settings,
            "objects": kinds,
            "associations": [[*a, *b, types] for a, b, types in portal.links.all()],
            "submissions": portal.submissions,
            "merged": {f"{kind}/{old}": new for (kind, old), new in portal.merged.items()},
        }

    def credentials(self) -> dict[str, str]:
        """The token a client needs."""
        return {"token": TOKEN}

    def fault_reply(self, name: str) -> Reply:
        """HubSpot's own answer for a named fault; raises ValueError for one there is not."""
        return self._signed(named(name))
