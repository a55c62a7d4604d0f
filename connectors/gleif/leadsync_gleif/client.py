"""HTTP to GLEIF: one pool, time-outs, errors sorted into the three bins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from leadsync.connector import Usage
from leadsync.errors import Misconfigured, Throttled, TryAgain, Unreadable
from leadsync.retry import retrying

AGENT = "leadsync (+https://www.gleif.org/en/lei-data)"


class Client:
    """Reads from GLEIF; every wire request is counted in `usage`. Redirects are followed."""

    sleep = staticmethod(time.sleep)
    """How to wait between attempts."""

    def __init__(self, timeout: float, usage: Usage, wait: Callable[[], None] = lambda: None) -> None:
        self.usage = usage
        self._wait = wait
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout),
            follow_redirects=True,
            headers={"user-agent": AGENT},
            limits=httpx.Limits(max_connections=4),
        )

    def json(self, url: str, params: Mapping[str, str | int] | None = None) -> Any | None:
        """GET a JSON document, with retries; None when there is none (404).

        Raises Unreadable for a body that is no JSON, Misconfigured when the server refuses the request for good.
        """
        return retrying(lambda: self._json(url, params), sleep=self.sleep)

    def _json(self, url: str, params: Mapping[str, str | int] | None) -> Any | None:
        self._wait()
        self.usage.reads += 1
        try:
            answer = self._http.get(
                url, params=params, headers={"accept": "application/vnd.api+json, application/json"}
            )
        except httpx.TransportError as problem:
            raise TryAgain(_unreached(url, problem)) from problem
        if answer.status_code == 404:
            return None
        _raise_for(answer, url)
        try:
            return answer.json()
        except (ValueError, RecursionError) as problem:
            raise Unreadable(f"{url}: answered with something that is not JSON") from problem

    @contextmanager
    def stream(self, url: str, start: int) -> Iterator[tuple[bool, Iterator[bytes]]]:
        """GET a file from byte `start` on: (whether the server resumed there, the bytes). Raises TryAgain when it
        breaks off."""
        self._wait()
        self.usage.reads += 1
        headers = {"range": f"bytes={start}-"} if start else {}
        try:
            with self._http.stream("GET", url, headers=headers) as answer:
                if answer.status_code == 416:
                    yield True, iter(())
                    return
                _raise_for(answer, url)
                yield answer.status_code == 206, answer.iter_bytes(1 << 16)
        except httpx.TransportError as problem:
            raise TryAgain(_unreached(url, problem)) from problem

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


NEXT = "check the network and `url` (or `api_url`) in [connector.gleif], then run again"
_WHAT_HAPPENED: tuple[tuple[type[httpx.TransportError], str], ...] = (
    (httpx.ConnectError, "cannot be reached"),
    (httpx.ConnectTimeout, "cannot be reached"),
    (httpx.TimeoutException, "does not answer in time"),
    (httpx.TransportError, "broke off the connection"),
)
"""The first that fits an error tells what happened."""


def _unreached(url: str, problem: httpx.TransportError) -> str:
    """What happened and what to do next; reading from GLEIF changes nothing, and an index in use stays."""
    told = next(words for kind, words in _WHAT_HAPPENED if isinstance(problem, kind))
    host = httpx.URL(url).host
    return f"{host} {told} ({type(problem).__name__}, {url}): {NEXT}; nothing was changed"


def _raise_for(answer: httpx.Response, url: str) -> None:
    code = answer.status_code
    if code == 429:
        raise Throttled(f"{url}: too many requests", _seconds(answer.headers.get("retry-after", "")))
    if code >= 500 or code == 408:
        raise TryAgain(
            f"{url}: the server answered {code}: run again later; nothing was changed",
            _seconds(answer.headers.get("retry-after", "")),
        )
    if code >= 400:
        raise Misconfigured(f"{url}: the server refused with {code}. Check the register's url in the configuration.")


def _seconds(text: str) -> float | None:
    return float(text) if text.isdigit() else None
