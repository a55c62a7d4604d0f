"""Who may call: static tokens with scopes, and OAuth tokens of half an hour."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadsync.sandbox import Reply, Request, json_reply
from leadsync_hubspot.sandbox.errors import Refused, expired, missing_scopes, not_found, unauthenticated
from leadsync_hubspot.sandbox.kinds import KindSpec
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Actor

TOKEN = "pat-sandbox-00000000-0000-4000-8000-000000000001"  # noqa: S105  good for this sandbox alone
PREFIX = "pat-"
LIFETIME = 1800  # seconds of an OAuth access token; HubSpot, OAuth guide
REFRESH, SECRET = "sandbox-refresh-token", "sandbox-client-secret"
CLIENT, CODE = "sandbox-client-id", "sandbox-code"
CONTACT_LIKE = {"notes", "calls", "emails", "meetings", "tasks", "communications", "leads"}
"""Activities are covered by the contacts' scopes; HubSpot, scopes table."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer token stands for. `scopes` None: all of them."""

    actor: Actor
    scopes: frozenset[str] | None = None
    until: datetime | None = None


class Tokens:
    """The tokens that are valid. Any "pat-…" is, with all scopes, unless it was given scopes of its own."""

    def __init__(self) -> None:
        self.known: dict[str, Token] = {TOKEN: Token(Actor("INTEGRATION", "leadsync"))}
        self.revoked: set[str] = set()
        self.issued = 0
        self.refresh = REFRESH

    def restore(self) -> None:
        """Make valid again what was revoked."""
        self.revoked.clear()
        self.refresh = REFRESH

    def add(self, text: str, spec: Mapping[str, Any]) -> None:
        """Register a token from a seed: {"scopes": [...] | null, "user": "55" | null, "app": "name"}."""
        scopes, user = spec.get("scopes"), spec.get("user")
        source = "INTEGRATION" if user is None else "CRM_UI"
        actor = Actor(source, str(spec.get("app", "seeded-app")), None if user is None else str(user))
        self.known[text] = Token(actor, None if scopes is None else frozenset(scopes))

    def authenticate(self, request: Request, now: datetime) -> tuple[str, Token]:
        """The request's token; raises the 401."""
        text = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not text or text in self.revoked:
            raise unauthenticated()
        token = self.known.get(text)
        if token is None and text.startswith(PREFIX):
            token = Token(Actor("INTEGRATION", f"app-{sum(map(ord, text)) % 100_000}"))
        if token is None:
            raise unauthenticated()
        if token.until is not None and token.until <= now:
            raise expired()
        return text, token

    def issue(self, now: datetime) -> str:
        """A new OAuth access token."""
        self.issued += 1
        text = f"sandbox-oauth-{self.issued}"
        self.known[text] = Token(Actor("INTEGRATION", CLIENT), until=now + timedelta(seconds=LIFETIME))
        return text


def check_scopes(token: Token, wanted: Sequence[str], kind: KindSpec | None) -> None:
    """Raise the 403 unless the token has one of the scopes."""
    if not wanted or token.scopes is None:
        return
    needed = [scope.replace("{kind}", scope_name(kind)) for scope in wanted]
    if not token.scopes & set(needed):
        raise missing_scopes(needed)


def scope_name(kind: KindSpec | None) -> str:
    """How scopes call an object type."""
    if kind is None:
        return ""
    if kind.custom:
        return "custom"
    return "contacts" if kind.name in CONTACT_LIKE else kind.name


def oauth(tokens: Tokens, call: Call) -> Reply:
    """Answer the token endpoint, for both grant types."""
    form = call.request.form()
    grant, good = form.get("grant_type"), False
    if grant == "refresh_token":
        good = form.get("refresh_token") == tokens.refresh != ""
    elif grant == "authorization_code":
        good = form.get("code") == CODE
    if not good or form.get("client_secret") != SECRET:
        return _bad_grant(str(grant))
    hub = call.portal.account["portalId"]
    answer = {
        "token_type": "bearer",
        "refresh_token": tokens.refresh or REFRESH,
        "access_token": tokens.issue(call.portal.clock()),
    }
    return ok({**answer, "hub_id": hub, "scopes": [], "expires_in": LIFETIME})


def _bad_grant(grant: str) -> Reply:
    text = "refresh token is invalid, expired or revoked" if grant == "refresh_token" else "missing or invalid grant"
    status = "BAD_REFRESH_TOKEN" if grant == "refresh_token" else "BAD_GRANT"
    found = {"error": "invalid_grant", "error_description": text, "status": status, "message": text}
    return json_reply(400, found)


def token_route(tokens: Tokens) -> Route:
    """POST /oauth/{version}/token."""
    return Route("POST", "/oauth/token", lambda call: oauth(tokens, call), reads=True, open=True)


def _told(call: Call, tokens: Tokens, text: str) -> dict[str, Any]:
    """What is known of an OAuth token; 404 for one that is not valid."""
    token = tokens.known.get(text)
    refresh = text != "" and text == tokens.refresh
    if not refresh and (token is None or token.until is None or token.until <= call.portal.clock()):
        raise not_found("Access token not found")
    scopes = [] if token is None or token.scopes is None else sorted(token.scopes)
    hub = {"hub_id": call.portal.account["portalId"], "hub_domain": "sandbox.example", "user_id": 1}
    kind = {"token_type": "refresh" if refresh else "access"}
    return {"token": text, "user": "admin@sandbox.example", **hub, "scopes": scopes, **kind}


def _access_info(tokens: Tokens, call: Call) -> Reply:
    text = call.args["token"]
    if text == tokens.refresh:
        raise not_found("Access token not found")
    told, until = _told(call, tokens, text), tokens.known[text].until
    left = 0 if until is None else int((until - call.portal.clock()).total_seconds())
    return ok({**told, "app_id": 1, "expires_in": left})


def _refresh_info(tokens: Tokens, call: Call) -> Reply:
    if call.args["token"] != tokens.refresh:
        raise not_found("Refresh token not found")
    return ok({**_told(call, tokens, call.args["token"]), "client_id": CLIENT})


def _revoke(tokens: Tokens, text: str) -> Reply:
    """Make a refresh or access token void."""
    if text == tokens.refresh:
        tokens.refresh = ""
    tokens.revoked.add(text)
    return nothing()


def _introspect(tokens: Tokens, call: Call) -> Reply:
    try:
        told = _told(call, tokens, call.request.form().get("token", ""))
    except Refused:
        return ok({"active": False})
    return ok({**told, "active": True, "client_id": CLIENT})


def oauth_routes(tokens: Tokens) -> list[Route]:
    """Telling and revoking of OAuth tokens, by v1's paths and by those of the date versions."""

    def revoke(call: Call) -> Reply:
        return _revoke(tokens, call.args.get("token", call.request.form().get("token", "")))

    refresh = "/oauth/refresh-tokens/{token}"
    return [
        Route("GET", "/oauth/access-tokens/{token}", lambda call: _access_info(tokens, call), open=True),
        Route("GET", refresh, lambda call: _refresh_info(tokens, call), open=True),
        Route("DELETE", refresh, revoke, open=True),
        Route("POST", "/oauth/token/introspect", lambda call: _introspect(tokens, call), reads=True, open=True),
        Route("POST", "/oauth/token/revoke", revoke, open=True),
    ]


def info_route(tokens: Tokens, every: Callable[[], Collection[str]]) -> Route:
    """POST /oauth/v2/private-apps/get/access-token-info {"tokenKey"}; `every`: the scopes of a token that has all."""

    def info(call: Call) -> Reply:
        key = str(call.json().get("tokenKey", ""))
        if not key.startswith(PREFIX):
            raise unauthenticated()
        _, token = tokens.authenticate(Request("GET", "/", headers={"authorization": key}), call.portal.clock())
        scopes = sorted(every() if token.scopes is None else token.scopes)
        ident = {"userId": int(token.actor.user or 1), "hubId": call.portal.account["portalId"], "appId": 1}
        return ok({**ident, "scopes": scopes})

    return Route("POST", "/oauth/private-apps/get/access-token-info", info, reads=True, open=True)


def all_scopes(routes: Sequence[Route], kinds: Collection[KindSpec]) -> set[str]:
    """Every scope that an endpoint asks for, of every object type."""
    names = {scope_name(kind) for kind in kinds}
    found: set[str] = set()
    for scope in (scope for route in routes for scope in route.scopes):
        found |= {scope.replace("{kind}", name) for name in names} if "{kind}" in scope else {scope}
    return found
