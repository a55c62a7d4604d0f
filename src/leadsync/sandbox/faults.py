"""Faults a person or a test asks for: which requests they hit, when, how often, and what happens then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadsync.sandbox.http import Request

ACTIONS = {
    "reply": "answer with `status`, `body` (JSON or text) and `headers` instead of doing it",
    "named": "answer with the vendor's own fault `name`",
    "delay": "wait `seconds`, then do it",
    "reset": "cut the connection before doing it",
    "apply_then_reset": "do it, then cut the connection without an answer",
    "apply_then_reply": "do it, then answer with `status` and `body` all the same",
    "truncate": "do it, then send only `bytes` of the answer (default: half) and cut the connection",
    "replace_body": "do it, keep the status, send `body` instead",
    "trickle": "do it, then send the answer one byte every `seconds`",
}

_NUMBERS = {"status", "seconds", "bytes"}


def _check_pattern(key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as problem:
        raise ValueError(f"match {key}: {pattern!r} is no regular expression: {problem}") from None


@dataclass(slots=True)
class Fault:
    """`match`: regular expressions for "method", "path" and "body"; it skips `after` matching requests, hits `times`
    of them (None: for ever) and does `action`, a mapping with "kind" from `ACTIONS` and that kind's parameters."""

    action: Mapping[str, Any]
    match: Mapping[str, str] = field(default_factory=dict)
    after: int = 0
    times: int | None = 1
    hits: int = 0

    def __post_init__(self) -> None:
        if self.action.get("kind") not in ACTIONS:
            raise ValueError(f"unknown fault action {self.action.get('kind')!r}; known: {', '.join(ACTIONS)}")
        if unknown := set(self.match) - {"method", "path", "body"}:
            raise ValueError(f"unknown match keys {sorted(unknown)}; known: method, path, body")
        for key, pattern in self.match.items():
            _check_pattern(key, pattern)
        if type(self.after) is not int or (self.times is not None and type(self.times) is not int):
            raise ValueError("after is a whole number, times a whole number or null")
        for name in _NUMBERS & set(self.action):
            float(self.action[name])  # raises the ValueError

    def matches(self, request: Request) -> bool:
        """Whether the fault is about this request, whatever its turn."""
        seen = {"method": request.method, "path": request.path, "body": request.body.decode(errors="replace")}
        return all(re.search(pattern, seen[key]) for key, pattern in self.match.items())

    def turn(self) -> bool:
        """Count a matching request; whether this one is hit."""
        self.hits += 1
        return self.hits > self.after and (self.times is None or self.hits <= self.after + self.times)


def _match(said: Any) -> Any:
    """Patterns from "METHOD /path*", in which * stands for anything; anything else as it is."""
    if not isinstance(said, str):
        return said
    method, _, path = said.rpartition(" ")
    patterns = {"path": _glob(path)}
    return {"method": f"^{_glob(method.upper())}$", **patterns} if method else patterns


def _glob(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*")


def _action(said: Any) -> Any:
    """An action from a kind that needs no more, a status, or a fault's name; anything else as it is."""
    if isinstance(said, str) and said in ACTIONS:
        return {"kind": said}
    if isinstance(said, int) or (isinstance(said, str) and said.isdecimal()):
        return {"kind": "reply", "status": int(said)}
    return {"kind": "named", "name": said} if isinstance(said, str) else said


class Faults:
    """The faults in force, in the order they were asked for; the first whose turn it is acts."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def add(self, spec: Mapping[str, Any]) -> Fault:
        """Take a fault as JSON has it: {match, after, times, action}; raises ValueError saying what is wrong.

        In short, "match" may be "GET /crm/*" or "/crm/*", and "action" a kind, a status, or the vendor's fault by name.
        """
        if not isinstance(spec, Mapping):
            raise ValueError("a fault is an object with match, after, times and action")  # noqa: TRY004  for the client
        if unknown := set(spec) - {"match", "after", "times", "action"}:
            raise ValueError(f"unknown keys {sorted(unknown)}; known: match, after, times, action")
        fault = Fault(
            action=_action(spec.get("action", {})),
            match=_match(spec.get("match", {})),
            after=spec.get("after", 0),
            times=spec.get("times", 1),
        )
        self.all.append(fault)
        return fault

    def hit(self, request: Request) -> Fault | None:
        """The fault that hits this request, if any."""
        due = [fault for fault in self.all if fault.matches(request) and fault.turn()]
        return due[0] if due else None

    def clear(self) -> None:
        """Forget all faults."""
        self.all.clear()
