"""The one place where requests go over the wire: time-outs, counting, limits, and refusals as our own errors.

The SDK hard-codes https, sets no time-out, loops for ever on a lasting 401 and drops the headers of refusals; an
adapter below it cures all of that, because nothing but a success ever gets back to it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError, SSLError

from leadsync.connector import Usage
from leadsync_salesforce.faults import Answer, sort_answer, sort_login

Timeouts: TypeAlias = tuple[float, float]
"""Seconds to connect, and to wait for each piece of the answer."""

DAILY = "daily"
"""Salesforce's allowance: requests of the whole org in 24 hours."""
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  an address
CHUNK = 65_536
"""Bytes to read at once."""
_LIMIT = re.compile(r"api-usage=(\d+)/(\d+)")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a sign beyond the first 65,536, such as an emoji, written as an escape."""
_READING_POSTS = re.compile(r"/composite/sobjects/\w+\Z")


def writes(method: str, path: str) -> bool:
    """Whether a request can change records: logins and the reading of collections are POSTs that do not."""
    return method != "GET" and path != TOKEN_PATH and not (method == "POST" and _READING_POSTS.search(path))


class Wire(HTTPAdapter):
    """Sends everything to `base`, whatever address the SDK made up, and raises for every answer but a success."""

    def __init__(
        self,
        base: str,
        timeouts: Timeouts,
        usage: Usage,
        total: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(max_retries=0)
        self._total, self._monotonic = total, monotonic
        self._base = urlsplit(base)
        self._timeouts = timeouts
        self._usage = usage
        self.date: datetime | None = None
        self.granted: frozenset[str] = frozenset()
        self.user = ""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One request, one answer; raises what `faults` makes of a refusal."""
        meant = urlsplit(str(request.url))
        request.url = urlunsplit((self._base.scheme, self._base.netloc, meant.path, meant.query, ""))
        method, writing = str(request.method), writes(str(request.method), meant.path)
        self._usage.count(write=writing)
        local = self._base.scheme == "http"
        try:
            response = super().send(
                request, stream, timeout or self._timeouts, verify, cert, None if local else proxies
            )
            _drain(response, self._monotonic, self._total)
        finally:
            self._usage.answered()
        text = response.text if response.status_code >= 300 else ""
        self._note(response)
        if response.status_code >= 300:
            retry_after = response.headers.get("Retry-After")
            answer = Answer(_what(method, meant.path), response.status_code, text, retry_after, writing)
            raise sort_login(answer) if meant.path == TOKEN_PATH else sort_answer(answer)
        if meant.path == TOKEN_PATH:
            self.granted = _scopes(response)
            self.user = _user(response)
        return response

    def _note(self, response: requests.Response) -> None:
        found = _LIMIT.search(response.headers.get("Sforce-Limit-Info", ""))
        if found is not None:
            self._usage.saw(DAILY, int(found.group(1)), int(found.group(2)))
        try:
            self.date = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            self.date = None


def _scopes(response: requests.Response) -> frozenset[str]:
    """The scopes a login was given, where its answer tells."""
    try:
        return frozenset(str(response.json()["scope"]).split())
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()


def _user(response: requests.Response) -> str:
    """The id of the user a login was for: the end of the identity URL in its answer; "" where that does not tell."""
    try:
        return str(response.json()["id"]).rstrip("/").rpartition("/")[2]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _drain(response: requests.Response, monotonic: Callable[[], float], total: float) -> None:
    """Read the body whole within `total` seconds. Left to itself, requests waits as long as a byte comes now and then.

    Raises the errors that requests raises for a broken body, and ReadTimeout.
    """
    try:
        response._content = _whole_signs(b"".join(_pieces(response.raw, monotonic, monotonic() + total)))
    except (ProtocolError, ReadTimeoutError, SSLError) as problem:
        response.close()
        raise requests.exceptions.ConnectionError(problem) from None
    except DecodeError as problem:
        response.close()
        raise requests.exceptions.ContentDecodingError(problem) from None
    except BaseException:
        response.close()
        raise
    response.raw.release_conn()


def _whole_signs(body: bytes) -> bytes:
    """JSON in which half of an emoji that was cut in two is a question mark: it is no text and cannot be kept."""
    if _HALF.search(body) is None:
        return body
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace")
    except (ValueError, RecursionError):
        return body


def _pieces(raw: Any, monotonic: Callable[[], float], deadline: float) -> Iterator[bytes]:
    while piece := raw.read1(CHUNK, decode_content=True):
        yield piece
        if monotonic() > deadline:
            raise requests.exceptions.ReadTimeout("the answer takes too long")


def _what(method: str, path: str) -> str:
    """The call without version, ids and values: "Salesforce PATCH composite/sobjects"."""
    return f"Salesforce {method} {re.sub(r'^/services/data/v[0-9.]+/', '', path)}"


def session(wire: Wire) -> requests.Session:
    """A session over one adapter and pool. No netrc: requests would put its password in place of our token."""
    made = requests.Session()
    made.mount("https://", wire)
    made.mount("http://", wire)
    made.auth = _as_is
    return made


def _as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
