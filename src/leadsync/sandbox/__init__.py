"""What the connectors' sandboxes share: an HTTP server, a clock that can be set, counters, faults, a control API.

A vendor's sandbox subclasses `Sandbox` and answers `handle(request) -> Reply` as a plain function of the request and
its state in memory; the server calls it from one thread only, so it needs no locks.
"""

from leadsync.sandbox.base import Sandbox
from leadsync.sandbox.clock import SandboxClock, parse_time, shift_times
from leadsync.sandbox.faults import Fault, Faults
from leadsync.sandbox.http import Reply, Request, json_reply
from leadsync.sandbox.server import Serving

__all__ = [
    "Fault",
    "Faults",
    "Reply",
    "Request",
    "Sandbox",
    "SandboxClock",
    "Serving",
    "json_reply",
    "parse_time",
    "shift_times",
]
