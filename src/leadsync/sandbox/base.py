"""The base of every vendor's sandbox: counting, the control API, and the contract a vendor fills in."""

from __future__ import annotations

import abc
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leadsync.sandbox.clock import SandboxClock, parse_time
from leadsync.sandbox.faults import Faults
from leadsync.sandbox.http import Reply, Request, json_reply
from leadsync.sandbox.origin import foreign

CONTROL = "/__sandbox__/"


class Counters:
    """Requests by "METHOD endpoint", reads and writes apart, and TCP connections."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self.connections = 0
        self.log: list[tuple[datetime, str, bool]] = []

    def count(self, at: datetime, label: str, *, write: bool) -> None:
        """Count one request."""
        (self.writes if write else self.reads)[label] += 1
        self.log.append((at, label, write))

    def as_json(self) -> dict[str, Any]:
        """Totals and the breakdown."""
        return {
            "reads": {"total": self.reads.total(), "by_endpoint": dict(sorted(self.reads.items()))},
            "writes": {"total": self.writes.total(), "by_endpoint": dict(sorted(self.writes.items()))},
            "connections": self.connections,
        }


class Sandbox(abc.ABC):
    """A server that speaks a vendor's HTTP from memory. Subclasses answer `handle`, and tell what a request is."""

    name: str

    def __init__(self, clock: SandboxClock | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults()
        self.counters = Counters()

    @abc.abstractmethod
    def handle(self, request: Request) -> Reply:
        """Answer one request of the vendor's API."""

    @abc.abstractmethod
    def endpoint(self, request: Request) -> tuple[str, bool]:
        """The endpoint's label without ids ("/crm/v3/objects/contacts/{id}") and whether the request writes."""

    @abc.abstractmethod
    def seed(self, data: Mapping[str, Any]) -> None:
        """Add the records of the vendor's section of a seed."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Forget all records, keeping credentials."""

    @abc.abstractmethod
    def dump(self) -> dict[str, Any]:
        """Every record as JSON."""

    @abc.abstractmethod
    def credentials(self) -> dict[str, str]:
        """What a client needs besides the URL, e.g. {"token": …}."""

    def fault_reply(self, name: str) -> Reply:
        """The vendor's own answer for a named fault; raises ValueError for a name it does not know."""
        raise ValueError(f"the {self.name} sandbox has no fault named {name!r}")

    def count(self, request: Request) -> None:
        """Note the request in the counters."""
        label, write = self.endpoint(request)
        self.counters.count(self.clock(), f"{request.method} {label}", write=write)

    def control(self, request: Request) -> Reply:
        """The control API under /__sandbox__/, for clients and our own pages; 403 for pages of other origins."""
        if (why := foreign(request)) is not None:
            return json_reply(403, {"error": why})
        try:
            return self._control(request.method, request.path.removeprefix(CONTROL).strip("/"), request)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            return json_reply(400, {"error": f"{type(problem).__name__}: {problem}"})

    def _control(self, method: str, what: str, request: Request) -> Reply:  # noqa: C901  one table of controls
        body = request.json() if request.body else {}
        match method, what:
            case "GET", "dump":
                return json_reply(200, self.dump())
            case "GET", "counters":
                return json_reply(200, self.counters.as_json())
            case "DELETE", "counters":
                self.counters = Counters()
            case "POST", "seed":
                self.seed(body)
            case "POST", "reset":
                self.reset()
                self.faults.clear()
                self.counters = Counters()
            case "POST", "clock":
                self._set_clock(body)
            case "GET", "clock":
                return json_reply(200, {"now": self.clock().isoformat(), "rate": self.clock.rate})
            case "POST", "faults":
                self._add_faults(body if isinstance(body, list) else [body])
            case "DELETE", "faults":
                self.faults.clear()
            case "GET", "faults":
                return json_reply(200, [_fault_json(f) for f in self.faults.all])
            case _:
                known = "GET dump|counters|clock|faults, POST seed|reset|clock|faults, DELETE counters|faults"
                return json_reply(404, {"error": f"no such control: {method} {what}. Known: {known}"})
        return json_reply(200, {"ok": True})

    def _add_faults(self, specs: list[Mapping[str, Any]]) -> None:
        """All of them or none; raises ValueError."""
        for spec in specs:
            fault = Faults().add(spec)
            if fault.action["kind"] == "named":
                self.fault_reply(str(fault.action.get("name")))
        for spec in specs:
            self.faults.add(spec)

    def _set_clock(self, body: Mapping[str, Any]) -> None:
        if unknown := set(body) - {"now", "rate", "advance"}:
            raise ValueError(f"unknown keys {sorted(unknown)}; known: now, rate, advance")
        moment = parse_time(str(body["now"])) if "now" in body else None
        rate = float(body["rate"]) if body.get("rate") is not None else None
        self.clock.set(moment, rate=rate)
        self.clock.advance(float(body.get("advance", 0)))


def _fault_json(fault: Any) -> dict[str, Any]:
    return {
        "match": dict(fault.match),
        "after": fault.after,
        "times": fault.times,
        "action": dict(fault.action),
        "hits": fault.hits,
    }
