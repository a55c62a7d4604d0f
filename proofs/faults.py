"""Faults on the way: at each endpoint, on the first, the last and every call, nothing is lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from leadsync.errors import LeadsyncError, StopRun
from proofs import proxy, tls
from proofs.children import Failed, Play, play_all, play_one
from proofs.folder import scratch
from proofs.garbled import LATER, Spot, calm, differences, draw, gist, typed
from proofs.live import House, prepared
from proofs.proxy import Proxy, Treat, status
from proofs.report import Report

CI_CASES = 32
MOST_RUNS = 3
"""Undisturbed runs within which all must be as if nothing had happened."""
LONG_GATE = 1_000
TIMEOUTS = {"hubspot": {"read_timeout": 0.3, "total_timeout": 5.0}, "salesforce": {"read_timeout": 0.3}}

HUBSPOT = '{"status":"error","message":"no","correlationId":"x","category":"%s"}'
PAGE = "<html><body>Bad gateway</body></html>"

FAULTS: Mapping[str, Treat] = {
    "refused from there on": proxy.refused,
    "reset before": proxy.reset_before,
    "reset after the effect": proxy.reset_after_effect,
    "reset after the headers": proxy.reset_after_headers,
    "reset in mid-body": proxy.reset_mid_body,
    "truncated": proxy.truncated,
    "hangs": proxy.hang,
    "hangs after the effect": proxy.hang_after_effect,
    "trickles": proxy.trickle,
    "closes slowly": proxy.slow_close,
    "a gzip bomb": proxy.gzip_bomb,
    "401": status(401, HUBSPOT % "INVALID_AUTHENTICATION"),
    "403": status(403, HUBSPOT % "MISSING_SCOPES"),
    "404": status(404, HUBSPOT % "OBJECT_NOT_FOUND"),
    "409": status(409, HUBSPOT % "CONFLICT"),
    "413": status(413, PAGE),
    "414": status(414, PAGE),
    "423": status(423, HUBSPOT % "LOCKED"),
    "429": status(429, HUBSPOT % "RATE_LIMITS"),
    "429 with seconds": status(429, HUBSPOT % "RATE_LIMITS", retry_after="1"),
    "429 with a date": status(429, HUBSPOT % "RATE_LIMITS", retry_after="Sun, 22 Nov 2026 00:00:00 GMT"),
    "477": status(477, HUBSPOT % "MIGRATION_IN_PROGRESS", retry_after="86400"),
    "500": status(500, HUBSPOT % "INTERNAL_ERROR"),
    "502 with a page": status(502, PAGE),
    "503": status(503, PAGE),
    "504 after the effect": status(504, PAGE, effect=True),
}


TLS = {f"TLS, {bad}": bad for bad in tls.BAD}
FINE = "TLS, all in order"
EVERY = (*FAULTS, *TLS, FINE)


@dataclass(frozen=True, slots=True)
class Case:
    """A fault at one answer, and at all of that endpoint after it if `ever`. `number`: which of the side's requests it
    is; a certificate that is bad for ever is so for all requests from there on."""

    spot: Spot
    fault: str
    ever: bool
    number: int = 0

    def __str__(self) -> str:
        return f"{self.fault} at {self.spot}{' and ever after' if self.ever else ''}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case went: the text that stopped the run (""), whether the fault was met, how many records were kept as
    refused (with their reason), and what is wrong."""

    stopped: str
    met: bool
    refused: int
    wrong: tuple[str, ...]


def play(house: House, case: Case, held: Any, known: Any, papers: Path) -> Outcome:
    """A run through the proxy, then some without it: in the end people's fields are as if nothing had happened."""
    house.settings = TIMEOUTS
    with house.served() as served, ExitStack() as stack:
        direct = {side: s.url for side, s in served.items()}
        proxies = {side: stack.enter_context(_proxy(house, case, side, url, papers)) for side, url in direct.items()}
        with tls.trusted(papers):
            stopped, wrong = _attempt(house, {side: p.url for side, p in proxies.items()})
        refused = house.retry_rejects()
        house.clock.advance(LATER.total_seconds())
        for _ in range(MOST_RUNS):
            house.run(direct)
            if typed(house.holdings()) == typed(held) and typed(house.known()) == typed(known):
                break
    bad = proxies[case.spot.side]
    wrong.extend(_told(case, stopped))
    for name, now, then in (("the CRMs hold", house.holdings(), held), ("leadsync knows", house.known(), known)):
        if typed(now) != typed(then):
            wrong.append(f"{name} something else: {differences(typed(now), typed(then))}")
    if case.fault != FINE and bad.hits == 0:
        wrong.append("the fault was never met")
    return Outcome(stopped, bad.hits > 0, refused, tuple(wrong))


def _attempt(house: House, urls: Mapping[str, str]) -> tuple[str, list[str]]:
    """What stopped a run, and whether it was something nobody has dealt with."""
    try:
        house.run(urls)
    except StopRun as problem:
        return f"{type(problem).__name__}: {problem}", []
    except LeadsyncError as problem:
        return "", [f"{type(problem).__name__} was not dealt with: {problem}"]
    return "", []


def _told(case: Case, stopped: str) -> list[str]:
    """What is wrong with how the run ended. (It may go on where only a reading back failed: the write is done.)"""
    wrong: list[str] = []
    if stopped and not any(word in stopped.lower() for word in (case.spot.side, "url")):
        wrong.append(f"the text does not say where: {stopped}")
    if stopped and case.fault in TLS and tls.BAD[TLS[case.fault]] not in stopped:
        wrong.append(f"the text does not say what is wrong with the certificate: {stopped}")
    if stopped and case.fault == FINE:
        wrong.append(f"a server whose papers are in order was refused: {stopped}")
    return wrong


def _proxy(house: House, case: Case, side: str, url: str, papers: Path) -> Proxy:
    """The proxy for a side: bad where the case says so."""
    here, sandbox = side == case.spot.side, house.sandboxes[side]
    if case.fault in TLS or case.fault == FINE:
        bad = TLS.get(case.fault, "good") if here else "good"
        return tls.TlsProxy(sandbox, url, turn=case.number, ever=case.ever, home=papers, bad=bad)
    if not here:
        return Proxy(sandbox, url)
    return Proxy(sandbox, url, case.spot.label, case.spot.turn, case.ever, FAULTS[case.fault])


def cases(spots: list[Spot]) -> list[Case]:
    """Each fault at each endpoint: at its first answer, at its last, and at all."""
    places: dict[tuple[str, str], list[tuple[int, Spot]]] = {}
    counts: Counter[str] = Counter()
    for spot in spots:
        places.setdefault((spot.side, spot.label), []).append((counts[spot.side], spot))
        counts[spot.side] += 1
    found: list[Case] = []
    for turns in places.values():
        (first, begin), (last, end) = turns[0], turns[-1]
        for fault in EVERY:
            found.append(Case(begin, fault, ever=False, number=first))
            found.append(Case(begin, fault, ever=True, number=first))
            if len(turns) > 1:
                found.append(Case(end, fault, ever=False, number=last))
    return found


def prove(*, long: bool = False, seed: int = 0, count: int | None = None) -> Report:
    """All cases, or a draw that has each fault."""
    report = Report("faults on the way lose and double nothing, and are explained")
    with scratch() as folder:
        house = prepared(folder)
        spots, held, known = play_one(house, folder, calm)
        every = cases(list(spots))
        wanted = len(every) if long else count if count is not None else CI_CASES
        chosen = draw(every, wanted, seed, news=lambda c: {c.fault})
        home = tls.papers(folder)
        plays: list[Play] = [partial(play, case=case, held=held, known=known, papers=home) for case in chosen]
        results = dict(play_all(house, folder, plays))
    outcomes = [results[number] for number in range(len(chosen))]
    for case, outcome in zip(chosen, outcomes, strict=True):
        texts = [gist(outcome.trace)] if isinstance(outcome, Failed) else outcome.wrong
        report.violations.extend(f"{case}: {text}" for text in texts)
    fine = [o for o in outcomes if isinstance(o, Outcome)]
    report.figures["faults, endpoints"] = f"{len(EVERY) - 1}, {len({(s.side, s.label) for s in spots})}"
    report.reach("cases", len(chosen), LONG_GATE if long else min(wanted, CI_CASES))
    report.figures["runs that met the fault"] = sum(o.met for o in fine)
    report.figures["runs that stopped, with a text"] = sum(o.stopped != "" for o in fine)
    report.figures["records kept as refused, with a reason"] = sum(o.refused for o in fine)
    report.figures["violations"] = len(report.violations)
    return report
