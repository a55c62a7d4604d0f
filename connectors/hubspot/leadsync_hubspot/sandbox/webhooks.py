"""Webhooks: what changed, posted to whoever subscribed, signed as HubSpot signs (v3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from leadsync_hubspot.sandbox.state import Event, Portal

BATCH = 100  # events of one request; HubSpot, webhooks guide
ATTEMPTS = 10  # deliveries are tried again on a time-out, 4xx or 5xx; the same guide
TIMEOUT = 5.0  # seconds a receiver may take; the same guide
SIGNATURE, TIMESTAMP = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"
SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal", "tickets": "ticket"}


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to hear of what: `types` such as "contact.propertyChange" ("contact.*" for all of a type)."""

    url: str
    secret: str
    types: tuple[str, ...]
    app: int = 1
    pause: float = 1.0
    """Seconds before a failed delivery is tried again."""

    def wants(self, name: str) -> bool:
        """Whether an event's type was subscribed to."""
        return name in self.types or f"{name.split('.', maxsplit=1)[0]}.*" in self.types


def subscription(data: Mapping[str, Any]) -> Subscription:
    """A subscription as a seed has it; raises KeyError naming what is missing."""
    types = tuple(str(name) for name in data["subscriptions"])
    return Subscription(
        data["url"], data["clientSecret"], types, int(data.get("appId", 1)), float(data.get("pause", 1))
    )


def messages(event: Event, portal_id: int, at_ms: int) -> list[dict[str, Any]]:
    """An event as HubSpot posts it; a change of three properties is three messages."""
    kind = SINGULAR.get(event.kind, event.kind)
    frame: dict[str, Any] = {
        "objectId": int(event.id),
        "changeSource": event.actor.source,
        "portalId": portal_id,
        "occurredAt": at_ms,
        "subscriptionType": f"{kind}.{event.what}",
        "attemptNumber": 0,
    }
    if event.actor.user is not None:
        frame["sourceId"] = f"userId:{event.actor.user}"
    if event.what != "propertyChange":
        return [frame]
    return [{**frame, "propertyName": name, "propertyValue": value} for name, value in event.changed.items()]


def signature(secret: str, url: str, body: bytes, timestamp: str) -> str:
    """HubSpot's signature v3: base64(HMAC-SHA256(secret, method + URI + body + timestamp))."""
    source = b"POST" + url.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()


class Deliveries:
    """Posts messages from a thread of its own, so that a receiver may call the sandbox meanwhile."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self._queue: queue.Queue[tuple[Subscription, bytes, str, int]] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._number = 0

    def send(self, portal: Portal, events: Iterable[Event]) -> None:
        """Queue what the subscribers want to know of these events."""
        now = round(portal.clock().timestamp() * 1000)
        every = [m for event in events for m in messages(event, int(portal.account["portalId"]), now)]
        for number, wish in enumerate(self.subscriptions, start=1):
            wanted = [self._numbered(m, number, wish) for m in every if wish.wants(str(m["subscriptionType"]))]
            for start in range(0, len(wanted), BATCH):
                self._enqueue(wish, wanted[start : start + BATCH], str(now))

    def _numbered(self, message: Mapping[str, Any], number: int, wish: Subscription) -> dict[str, Any]:
        self._number += 1
        return {**message, "eventId": self._number, "subscriptionId": number, "appId": wish.app}

    def _enqueue(self, wish: Subscription, batch: Sequence[Mapping[str, Any]], timestamp: str) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sandbox-hubspot-webhooks", daemon=True)
            self._thread.start()
        self._queue.put((wish, json.dumps(batch).encode(), timestamp, 0))

    def wait(self) -> None:
        """Until all that was queued was delivered or given up."""
        self._queue.join()

    def _run(self) -> None:
        with urllib3.PoolManager(retries=False, timeout=TIMEOUT) as pool:
            while True:
                wish, body, timestamp, attempt = self._queue.get()
                while not _posted(pool, wish, body, timestamp) and attempt < ATTEMPTS:
                    attempt += 1
                    time.sleep(wish.pause)
                    body = _attempt(body, attempt)
                self._queue.task_done()


def _attempt(body: bytes, number: int) -> bytes:
    return json.dumps([{**message, "attemptNumber": number} for message in json.loads(body)]).encode()


def _posted(pool: urllib3.PoolManager, wish: Subscription, body: bytes, timestamp: str) -> bool:
    headers = {
        "content-type": "application/json",
        TIMESTAMP: timestamp,
        SIGNATURE: signature(wish.secret, wish.url, body, timestamp),
    }
    try:
        return pool.request("POST", wish.url, body=body, headers=headers).status < 400
    except (HTTPError, OSError):
        return False
