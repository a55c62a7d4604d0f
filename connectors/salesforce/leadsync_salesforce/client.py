"""A logged-in Salesforce: the only module that knows the SDK.

Reads are tried again by the one retry policy. Writes are sent once: what may have been applied is never sent again. The
SDK, which takes as long to import as all the rest, is imported when somebody logs in: most commands never do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from leadsync.connector import Usage
from leadsync.errors import Ambiguous, LeadsyncError, Misconfigured, TryAgain, Unreadable
from leadsync.retry import retrying
from leadsync_salesforce.faults import SessionExpired
from leadsync_salesforce.settings import SalesforceSettings
from leadsync_salesforce.transport import Wire, session, writes

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

HEADERS = {
    "Sforce-Auto-Assign": "FALSE",  # else an update of a lead may run assignment rules and change its owner
    "Sforce-Call-Options": "client=leadsync",
}

NEXT = "check the network and `url` in [connector.salesforce], then run again"


class Client:
    """One session, one connection pool; logs in when first used, and once more when the session has expired."""

    def __init__(self, settings: SalesforceSettings, usage: Usage, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._sleep = sleep
        timeouts = (settings.connect_timeout, settings.read_timeout)
        self._wire = Wire(settings.url, timeouts, usage, settings.total_timeout)
        self._session = session(self._wire)
        self._sdk: Salesforce | None = None

    @property
    def server_time(self) -> datetime | None:
        """The Date of the last answer."""
        return self._wire.date

    @property
    def user(self) -> str:
        """The id of the user of the present session, as far as its login told it; no request is made for it."""
        return self._wire.user

    def retry(self, call: Callable[[], Any]) -> Any:
        """The one retry policy, with this client's way of waiting."""
        return retrying(call, sleep=self._sleep)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Read a path below /services/data/vXX.0/, trying again."""
        return self.retry(lambda: self._send("GET", path, params=dict(params or {})))

    def post_to_read(self, path: str, body: Any) -> Any:
        """Read by a POST that changes nothing, trying again."""
        return self.retry(lambda: self._send("POST", path, json=body))

    def write(self, method: str, path: str, body: Any) -> Any:
        """Write once. Raises TryAgain only when nothing was applied, Ambiguous when nobody knows."""
        return self._send(method, path, json=body)

    def upload(self, path: str, text: bytes) -> None:
        """Put CSV in its place, once. Raises Ambiguous when the answer does not say that it is there."""
        headers = {**HEADERS, "Content-Type": "text/csv; charset=UTF-8"}
        what = f"PUT {path}"
        found = self._guarded(what, lambda sdk: self._plain(sdk, "PUT", path, headers, data=text), writing=True)
        if found.status_code != requests.codes.created:
            raise Ambiguous(f"Salesforce {what}: HTTP {found.status_code} where the API promises 201")

    def table(self, path: str) -> str:
        """Read CSV, trying again. Raises Unreadable for anything else."""

        def once() -> str:
            response: requests.Response = self._guarded(
                f"GET {path}", lambda sdk: self._plain(sdk, "GET", path, {"Accept": "text/csv"})
            )
            if not response.headers.get("Content-Type", "").startswith("text/csv"):
                raise Unreadable(f"Salesforce GET {path}: the answer is not CSV")
            try:
                return response.content.decode()
            except UnicodeDecodeError:
                raise Unreadable(f"Salesforce GET {path}: the answer is not UTF-8") from None

        return str(self.retry(once))

    def _plain(self, sdk: Salesforce, method: str, path: str, headers: Mapping[str, str], **how: Any) -> Any:
        """What the SDK's `restful` cannot send or read, because it is not JSON."""
        return self._session.request(method, sdk.base_url + path, headers={**sdk.headers, **headers}, **how)

    def pause(self, seconds: float) -> None:
        """Wait for something to be done over there."""
        self._sleep(seconds)

    @property
    def granted(self) -> frozenset[str]:
        """The OAuth scopes of the last login, where its answer told."""
        return self._wire.granted

    def versions(self) -> list[str]:
        """The API versions the org serves ("62.0"); needs no login."""
        url = f"{self._settings.url}/services/data"
        found = self.retry(lambda: self._open(url))
        try:
            return [str(entry["version"]) for entry in found]
        except (TypeError, KeyError):
            raise Unreadable("Salesforce GET services/data: not the list of versions that the API promises") from None

    def _open(self, url: str) -> Any:
        try:
            return self._session.get(url).json()
        except requests.RequestException as problem:
            raise sort_failure(problem, "GET services/data", writing=False) from None

    def identity(self) -> dict[str, Any]:
        """Who we act as: {"user_id", "organization_id" …}."""
        found = self.retry(lambda: self._guarded("GET oauth2/userinfo", lambda sdk: sdk.oauth2("userinfo")))
        if not isinstance(found, dict) or not isinstance(found.get("user_id"), str):
            raise Unreadable("Salesforce GET oauth2/userinfo: no user_id in the answer")
        return found

    def user_id(self) -> str:
        """The id of the user we act as."""
        return str(self.identity()["user_id"])

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _send(self, method: str, path: str, **how: Any) -> Any:
        writing = writes(method, f"/{path}")
        what = f"{method} {path}"
        return self._guarded(
            what, lambda sdk: sdk.restful(path, method=method, headers=HEADERS, **how), writing=writing
        )

    def _guarded(self, what: str, call: Callable[[Salesforce], Any], *, writing: bool = False) -> Any:
        try:
            return self._once(what, call, writing=writing)
        except SessionExpired:
            self._sdk = None
        try:
            return self._once(what, call, writing=writing)
        except SessionExpired:
            raise Misconfigured(
                f"Salesforce {what}: a session that was just opened is refused: check the connected app's policies"
            ) from None

    def _once(self, what: str, call: Callable[[Salesforce], Any], *, writing: bool) -> Any:
        try:
            return call(self._logged_in())
        except requests.RequestException as problem:
            raise sort_failure(problem, what, writing=writing) from None
        except TypeError:  # the SDK asks whatever JSON came for its length
            text = f"Salesforce {what}: the answer is neither an object nor a list"
            raise (Ambiguous(text) if writing else Unreadable(text)) from None
        except (ValueError, RecursionError):  # numbers of thousands of digits, lists in lists without an end
            text = f"Salesforce {what}: the answer is beyond all measure"
            raise (Ambiguous(text) if writing else Unreadable(text)) from None

    def _logged_in(self) -> Salesforce:
        if self._sdk is None:
            self._sdk = self._login()
        return self._sdk

    def _login(self) -> Salesforce:
        from simple_salesforce.api import Salesforce
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed
        from simple_salesforce.login import SalesforceLogin

        try:
            token, _ = SalesforceLogin(**self._credentials(), session=self._session)
        except requests.RequestException as problem:
            raise sort_failure(problem, "login", writing=False) from None
        except (SalesforceAuthenticationFailed, AttributeError, ValueError, RecursionError):
            raise Unreadable("Salesforce login: the answer is not what the token endpoint promises") from None
        if token is None:
            raise Unreadable("Salesforce login: no access token in the answer")
        return Salesforce(
            session_id=token,
            instance_url=self._settings.url,
            session=self._session,
            version=self._settings.api_version,
            object_pairs_hook=None,
        )

    def _credentials(self) -> dict[str, Any]:
        """What the SDK's login wants; its addresses are made up, the wire sends to `url` all the same."""
        settings = self._settings
        if settings.private_key is not None:
            return {
                "username": str(settings.username),
                "consumer_key": settings.client_id,
                "privatekey": settings.private_key.get_secret_value(),
                "domain": settings.audience.removeprefix("https://").removesuffix(".salesforce.com"),
            }
        assert settings.client_secret is not None, "the settings demand one of the two"
        secret = settings.client_secret.get_secret_value()
        return {"consumer_key": settings.client_id, "consumer_secret": secret, "domain": "leadsync.my"}


def sort_failure(problem: requests.RequestException, what: str, *, writing: bool) -> LeadsyncError:
    """What a failure without a refusal means; its text never holds the address, which may hold a query."""
    text = f"Salesforce {what}: {_told(problem)} ({type(problem).__name__})"
    if isinstance(problem, requests.exceptions.JSONDecodeError):
        unreadable = f"Salesforce {what}: the answer is not JSON"
        return Ambiguous(unreadable) if writing else Unreadable(unreadable)
    if isinstance(problem, requests.exceptions.SSLError):
        text = f"Salesforce {what}: the server's certificate is not trusted ({_doubt(problem)})"
        return Misconfigured(f"{text}: check `url` and the proxy")
    if _never_sent(problem) or not writing:
        return TryAgain(f"{text}: {NEXT}; this call changed nothing")
    return Ambiguous(f"{text}: the record is read again before anything else is sent")


def _doubt(problem: requests.exceptions.SSLError) -> str:
    """What OpenSSL says against a certificate ("certificate has expired"), else the failure's name."""
    inner = getattr(problem.args[0], "reason", None) if problem.args else None
    return str(getattr(inner.args[0], "verify_message", "") if inner is not None and inner.args else "") or "SSLError"


def _told(problem: requests.RequestException) -> str:
    if _never_sent(problem):
        return "the org cannot be reached"
    if isinstance(problem, requests.exceptions.Timeout):
        return "no answer in time"
    return "the connection broke off"


def _never_sent(problem: requests.RequestException) -> bool:
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return True
    cause = problem.args[0] if problem.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
