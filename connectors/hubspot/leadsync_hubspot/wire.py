"""The one line that touches the network: time-outs on all of it, no hidden retry, every request counted."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)

from leadsync.connector import Usage
from leadsync.errors import Ambiguous, LeadsyncError, Misconfigured, TryAgain
from leadsync_hubspot.refusals import Answer, sort_out
from leadsync_hubspot.settings import HubSpotSettings

SDK_VERSIONS = re.compile(r"^/(crm|marketing)/v[34]/([a-z-]+)|^/(account-info)/v3\b")
"""The versions hubspot-api-client 12 has written into its paths."""
BURST, SEARCH, DAILY = "burst", "search", "daily"
"""HubSpot's allowances: per 10 seconds, searches per second (these do not count as burst), and per day."""
LARGEST = 32 * 1024 * 1024  # bytes; more than any page of HubSpot's, less than would hurt
CHUNK = 65_536


def dated(path: str, version: str) -> str:
    """The path in the version that is set: "/crm/v3/objects/contacts" → "/crm/objects/2026-03/contacts"."""
    if version == "v3":
        return path
    return SDK_VERSIONS.sub(lambda m: f"/{m[1]}/{m[2]}/{version}" if m[1] else f"/{m[3]}/{version}", path)


def is_write(method: str, path: str) -> bool:
    """Whether a request changes anything; searches and batch reads are posted but do not."""
    return method != "GET" and not path.rstrip("/").endswith(("/search", "/batch/read", "/access-token-info"))


def body_text(body: Any) -> bytes | None:
    """The body as it goes out."""
    return None if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


class Wire:
    """The pool of connections to one HubSpot's one host. `server_time` is the last answer's `Date`, in UTC."""

    def __init__(
        self, settings: HubSpotSettings, usage: Usage, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._usage, self._monotonic = settings, usage, monotonic
        timeout = urllib3.Timeout(connect=settings.connect_timeout, read=settings.read_timeout)
        self._pool = urllib3.connection_from_url(settings.url, maxsize=4, timeout=timeout, retries=False)
        self.server_time: datetime | None = None
        self.resets_in: Callable[[], float | None] = lambda: None

    def send(
        self,
        method: str,
        url: str,
        query_params: Sequence[tuple[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        post_params: object = None,  # noqa: ARG002
        body: Any = None,
        **_: object,
    ) -> Answer:
        """Send one request; raises the sorted failure of an answer outside 2xx and of a broken transport."""
        parts = urlsplit(url)
        path = dated(parts.path, self._settings.api_version)
        target = f"{path}?{urlencode(query_params)}" if query_params else path
        write = is_write(method, path)
        self._usage.count(SEARCH if path.rstrip("/").endswith("/search") else BURST, write=write)
        try:
            answer = self._exchange(method, target, dict(headers or {}), body_text(body), write=write)
        finally:
            self._usage.answered()
        self._note(answer)
        if 200 <= answer.status < 300:
            return answer
        raise sort_out(answer, write=write, resets_in=self.resets_in())

    def _exchange(
        self, method: str, target: str, headers: dict[str, str], body: bytes | None, *, write: bool
    ) -> Answer:
        try:
            response = self._pool.urlopen(
                method, target, body=body, headers=headers, preload_content=False, redirect=False, retries=False
            )
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, found, self._drain(response))
        except (HTTPError, OSError) as problem:
            raise broken(problem, write=write) from None

    def _drain(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Read the body whole, within the time and the size that an answer may take."""
        deadline = self._monotonic() + self._settings.total_timeout
        parts: list[bytes] = []
        size = 0
        try:
            while chunk := response.read1(CHUNK):
                parts.append(chunk)
                size += len(chunk)
                _check_pace(size, left=deadline - self._monotonic())
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return b"".join(parts)

    def _note(self, answer: Answer) -> None:
        self.server_time = _date(answer.headers.get("date", "")) or self.server_time
        most, rest = (answer.headers.get(f"x-hubspot-ratelimit-{end}", "") for end in ("max", "remaining"))
        if most.isdigit() and rest.isdigit():
            self._usage.meter.saw(BURST, int(most) - int(rest), int(most))
        limit, left = (answer.headers.get(f"x-hubspot-ratelimit-daily{end}", "") for end in ("", "-remaining"))
        if limit.isdigit() and left.isdigit():
            self._usage.saw(DAILY, int(limit) - int(left), int(limit))

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def _check_pace(size: int, *, left: float) -> None:
    if size > LARGEST or left < 0:
        raise ProtocolError("the answer is too long or too slow")


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def broken(problem: Exception, *, write: bool) -> LeadsyncError:
    """The failure a broken transport stands for: certainly nothing happened, or who knows."""
    kind = type(problem).__name__
    if isinstance(problem, SSLError):
        doubt = getattr(problem.args[0], "verify_message", kind) if problem.args else kind
        return Misconfigured(f"HubSpot: no trusted TLS connection ({doubt}); check the url and the certificates")
    if isinstance(problem, (NewConnectionError, ConnectTimeoutError)):
        return TryAgain(
            f"HubSpot cannot be reached ({kind}): check the network and `url`, then run again; nothing changed"
        )
    if write:
        return Ambiguous(f"HubSpot: the connection failed after a write was sent ({kind})")
    return TryAgain(f"HubSpot: the connection failed ({kind})")
