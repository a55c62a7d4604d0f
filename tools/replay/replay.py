"""Ask a sandbox each recorded question again, over HTTP, and judge its answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from tools.replay import hubspot, salesforce
from tools.replay.exchange import Exchange
from tools.replay.shape import differences

VENDORS: dict[str, Any] = {"hubspot": hubspot, "salesforce": salesforce}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one exchange: it agrees when nothing differs; one out of scope was not asked."""

    exchange: Exchange
    differs: tuple[str, ...] = ()
    out_of_scope: str | None = None

    @property
    def agrees(self) -> bool:
        """The same status and the same shape."""
        return self.out_of_scope is None and not self.differs


def replay(vendor: str, exchanges: Iterable[Exchange]) -> Iterator[Verdict]:
    """A verdict for each exchange, each asked of a sandbox seeded with what the exchange implies."""
    side = VENDORS[vendor]
    with side.serve() as served, httpx.Client(base_url=served.url, trust_env=False, timeout=30) as wire:
        for exchange in exchanges:
            why = side.out_of_scope(exchange)
            if why is not None:
                yield Verdict(exchange, out_of_scope=why)
                continue
            side.prepare(served.sandbox, exchange)
            if vendor == "salesforce":
                side.sign_in(wire, served.sandbox)
            reply = wire.request(**side.question(exchange))
            yield Verdict(exchange, tuple(_judge(side, exchange, reply)))


def _judge(side: Any, exchange: Exchange, reply: httpx.Response) -> Iterator[str]:
    if reply.status_code != exchange.status:
        yield f"status {reply.status_code} for {exchange.status}: {reply.text[:200]}"
        return
    try:
        body = reply.json() if reply.content else ""
    except json.JSONDecodeError:
        yield "the body is no JSON"
        return
    yield from differences(side.comparable(body), side.comparable(exchange.response))
