"""A real browser without a window, driven over the WebDriver protocol (W3C) with nothing but HTTP."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key under which WebDriver answers name an element; W3C WebDriver, section "Elements"."""


class Page:
    """What a person does with a browser: open, look, type, press."""

    def __init__(self, wire: httpx.Client, session: str) -> None:
        self._wire = wire
        self._session = f"/session/{session}"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        reply = self._wire.request(method, self._session + path, json=body if method == "POST" else None)
        assert reply.status_code == 200, reply.text
        return reply.json()["value"]

    def open(self, url: str) -> None:
        """Go to an address."""
        self._ask("POST", "/url", {"url": url})

    @property
    def url(self) -> str:
        """Where the browser is."""
        return str(self._ask("GET", "/url"))

    def _all(self, css: str) -> list[str]:
        found = self._ask("POST", "/elements", {"using": "css selector", "value": css})
        return [element[ELEMENT] for element in found]

    def texts(self, css: str) -> list[str]:
        """The visible text of all elements that the selector finds."""
        return [self._ask("GET", f"/element/{one}/text") for one in self._all(css)]

    def text(self, css: str) -> str:
        """The visible text of the one element."""
        [found] = self.texts(css)
        return found

    def press(self, css: str) -> None:
        """Click the first element that the selector finds, and wait for the page it leads to."""
        self._leave_by(self._all(css)[0])

    def follow(self, text: str) -> None:
        """Click the first link whose text holds the words, and wait for the page it leads to."""
        found = self._ask("POST", "/elements", {"using": "partial link text", "value": text})
        self._leave_by(found[0][ELEMENT])

    def into(self, css: str) -> None:
        """Into the first frame that the selector finds: from now on only what is in it is seen."""
        self._ask("POST", "/frame", {"id": {ELEMENT: self._all(css)[0]}})

    def sizes(self, css: str, what: str = "scrollWidth") -> list[float]:
        """A measure in pixels of all elements that the selector finds, such as scrollWidth or clientWidth."""
        return [float(self._ask("GET", f"/element/{one}/property/{what}")) for one in self._all(css)]

    def styles(self, css: str, what: str) -> list[str]:
        """How a property of style comes out for all elements that the selector finds."""
        return [str(self._ask("GET", f"/element/{one}/css/{what}")) for one in self._all(css)]

    def _leave_by(self, element: str) -> None:
        [document] = self._all("html")
        self._ask("POST", f"/element/{element}/click", {})
        for _ in range(200):  # the old document's element goes stale once the new one is there
            if self._wire.get(f"{self._session}/element/{document}/name").status_code != 200:
                return
            time.sleep(0.025)
        raise TimeoutError("no page came within 5 seconds of the click")

    def fill(self, css: str, text: str) -> None:
        """Put a text in place of what an input holds."""
        [one] = self._all(css)
        self._ask("POST", f"/element/{one}/clear", {})
        if text:
            self._ask("POST", f"/element/{one}/value", {"text": text})


def _missing() -> None:
    why = "chromium and chromium-driver are not installed (Debian: apt-get install chromium chromium-driver)"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _await(wire: httpx.Client, driver: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert driver.poll() is None, "chromedriver ended at once"
        try:
            if wire.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("chromedriver is not ready after 30 seconds")


@contextmanager
def browser() -> Iterator[Page]:
    """Headless Chromium with scripts switched off, so that whatever works needs none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        _missing()
        raise AssertionError
    port = _free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([driver, f"--port={port}"], **quiet) as running:  # type: ignore[call-overload]
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as wire:
                _await(wire, running)
                yield from _session(wire, chromium)
        finally:
            running.terminate()


def _session(wire: httpx.Client, chromium: str) -> Iterator[Page]:
    options = {
        "binary": chromium,
        "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        "prefs": {"profile.managed_default_content_settings.javascript": 2},
    }
    wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
    reply = wire.post("/session", json=wanted)
    assert reply.status_code == 200, reply.text
    session = reply.json()["value"]["sessionId"]
    try:
        yield Page(wire, session)
    finally:
        wire.delete(f"/session/{session}")
