"""The token endpoint: client credentials, JWT bearer, user and password, refresh; and the sessions it opens."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from leadsync.sandbox import Reply, Request, json_reply
from leadsync_salesforce.sandbox.identity import identity, userinfo
from leadsync_salesforce.sandbox.org import ORG_ID, Org

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
JWT_LIFE = timedelta(minutes=3)
"""How far in the future `exp` may lie; Salesforce help, "OAuth 2.0 JWT Bearer Flow"."""


@dataclass(frozen=True, slots=True)
class Client:
    """A connected app. `run_as` is the user its client credentials flow acts for."""

    id: str
    secret: str
    run_as: str


@dataclass(frozen=True, slots=True)
class Session:
    """An access token's user, and when it ends."""

    user: str
    client: str
    ends: datetime


class LoginRefused(Exception):
    """An OAuth error; the endpoint answers 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class Logins:
    """The connected apps, and the sessions they opened."""

    def __init__(self, org: Org, clients: Mapping[str, Client], password: str) -> None:
        self.org = org
        self.clients = dict(clients)
        self.password = password
        self.sessions: dict[str, Session] = {}
        self._refresh: dict[str, str] = {}
        self._count = 0

    def session(self, request: Request) -> Session | None:
        """The live session of a request's bearer token."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return self.session_of(token) if kind.lower() in ("bearer", "oauth") else None

    def session_of(self, token: str) -> Session | None:
        """The live session of an access token, however it came."""
        found = self.sessions.get(token)
        return found if found is not None and found.ends > self.org.clock() else None

    def token(self, request: Request) -> Reply:
        """Answer POST /services/oauth2/token."""
        form = request.form()
        try:
            user, client, refresh = self._grant(form, request)
        except LoginRefused as no:
            return json_reply(400, {"error": no.error, "error_description": no.description})
        access = self.open(user, client)
        issued = str(int(self.org.clock().timestamp() * 1000))
        reply = {
            "access_token": access,
            "signature": base64.b64encode(hashlib.sha256(f"{access}{issued}".encode()).digest()).decode(),
            "scope": "id api refresh_token" if refresh else "id api",
            "instance_url": request.base_url,
            "id": f"{request.base_url}/id/{ORG_ID}/{user}",
            "token_type": "Bearer",
            "issued_at": issued,
        }
        return json_reply(200, reply | ({"refresh_token": refresh} if refresh else {}))

    def open(self, user: str, client: str) -> str:
        """A new session; gives its access token."""
        self._count += 1
        access = f"{ORG_ID[:15]}!AQ{self._digest(user, client, str(self._count))}"
        ends = self.org.clock() + timedelta(seconds=self.org.settings.session_seconds)
        self.sessions[access] = Session(user, client, ends)
        return access

    def with_token(self, username: str, password: str) -> str | None:
        """The user of a name and a password with any security token behind it; None when they do not fit."""
        found = self.org.tables["User"].having("Username", username)
        good = found and found[0].get("IsActive") is not False and password.startswith(self.password)
        return str(found[0]["Id"]) if good else None

    def _digest(self, *parts: str) -> str:
        return hashlib.sha256("/".join(parts).encode()).hexdigest()

    def _grant(self, form: Mapping[str, str], request: Request) -> tuple[str, str, str]:
        match form.get("grant_type", ""):
            case "client_credentials":
                client = self._client(form, request)
                return client.run_as, client.id, ""
            case "password":
                client = self._client(form, request)
                user = self._user(form.get("username", ""))
                if form.get("password", "") != self.password:
                    raise LoginRefused("invalid_grant", "authentication failure")
                refresh = f"5Aep{self._digest(user, client.id, 'refresh')}"
                self._refresh[refresh] = user
                return user, client.id, refresh
            case "refresh_token":
                client = self._client(form, request)
                found = self._refresh.get(form.get("refresh_token", ""))
                if found is None:
                    raise LoginRefused("invalid_grant", "expired access/refresh token")
                return found, client.id, ""
            case grant if grant == JWT_BEARER:
                return self._jwt(form.get("assertion", ""), request)
            case _:
                raise LoginRefused("unsupported_grant_type", "grant type not supported")

    def _client(self, form: Mapping[str, str], request: Request) -> Client:
        ident, secret = form.get("client_id", ""), form.get("client_secret", "")
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            ident, _, secret = base64.b64decode(encoded).decode(errors="replace").partition(":")
        client = self.clients.get(ident)
        if client is None:
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        if client.secret != secret:
            raise LoginRefused("invalid_client", "invalid client credentials")
        return client

    def _user(self, username: str) -> str:
        found = self.org.tables["User"].having("Username", username)
        if not found:
            raise LoginRefused("invalid_grant", "authentication failure")
        if found[0].get("IsActive") is False:
            raise LoginRefused("inactive_user", "user is inactive")
        return str(found[0]["Id"])

    def _jwt(self, assertion: str, request: Request) -> tuple[str, str, str]:
        claims = self._verified(assertion, request)
        expires = datetime.fromtimestamp(float(claims["exp"]), self.org.clock().tzinfo)
        now = self.org.clock()
        if not now - timedelta(seconds=1) <= expires <= now + JWT_LIFE + timedelta(seconds=5):
            raise LoginRefused("invalid_grant", "assertion expired")
        found = self.org.tables["User"].having("Username", str(claims.get("sub")))
        if not found:
            raise LoginRefused("invalid_grant", "user hasn't approved this consumer")
        return str(found[0]["Id"]), str(claims["iss"]), ""

    def _verified(self, assertion: str, request: Request) -> dict[str, Any]:
        try:
            issuer = str(jwt.decode(assertion, options={"verify_signature": False}).get("iss"))
        except jwt.InvalidTokenError:
            raise LoginRefused("invalid_grant", "invalid assertion") from None
        key = self.org.settings.jwt_public_keys.get(issuer)
        if key is None or issuer not in self.clients:
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        checks: Any = {"verify_exp": False, "require": ["exp", "sub", "aud", "iss"]}
        try:
            return jwt.decode(
                assertion, key, algorithms=["RS256"], audience=[*AUDIENCES, request.base_url], options=checks
            )
        except jwt.InvalidAudienceError:
            raise LoginRefused("invalid_grant", "audience is invalid") from None
        except jwt.InvalidTokenError:
            raise LoginRefused("invalid_grant", "invalid assertion") from None

    def userinfo(self, request: Request) -> Reply:
        """Answer GET /services/oauth2/userinfo, and the identity URL."""
        session = self.session(request)
        if session is None:
            return Reply(403, b"Bad_OAuth_Token", {"content-type": "text/html"})
        told = identity if request.path.startswith("/id/") else userinfo
        return json_reply(200, told(self.org, session.user, request.base_url))

    def revoke(self, request: Request) -> Reply:
        """Answer POST /services/oauth2/revoke."""
        token = request.form().get("token", "") or request.param("token")
        if self.sessions.pop(token, None) is None and self._refresh.pop(token, None) is None:
            return json_reply(400, {"error": "unsupported_token_type", "error_description": "this token is invalid"})
        return Reply(200)
