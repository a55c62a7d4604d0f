"""No silent truncation: whatever a server answers, a run stops or sets the record aside; nothing is taken for gone."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias, TypeVar

from leadsync.errors import StopRun
from leadsync.sandbox.http import Reply, Request
from proofs.children import Failed, Play, play_all, play_one
from proofs.folder import scratch
from proofs.live import House, prepared
from proofs.report import Report

CI_CASES = 46
LEAST = 40
"""Malformations, at least."""
LATER = timedelta(hours=2)
"""Between the run that met something and the next: longer than any pull reaches back, so that this mends nothing."""
C = TypeVar("C")
Bend: TypeAlias = Callable[[Reply], Reply]


def _text(text: str) -> Bend:
    return lambda reply: replace(reply, status=200, body=text.encode())


def _cut(share: float) -> Bend:
    return lambda reply: replace(reply, body=reply.body[: int(len(reply.body) * share)])


def _json(change: Callable[[Any], Any]) -> Bend:
    def bend(reply: Reply) -> Reply:
        try:
            return replace(reply, body=json.dumps(change(json.loads(reply.body))).encode())
        except ValueError:  # it had no JSON body: it gets one it should not have
            return replace(reply, status=200, body=json.dumps(change({})).encode())

    return bend


def _rows(change: Callable[[list[Any]], Any]) -> Bend:
    """Change the list of records, wherever the vendor puts it."""

    def bend(body: Any) -> Any:
        if isinstance(body, list):
            return change(body)
        if isinstance(body, dict):
            name = next((n for n in ("results", "records") if isinstance(body.get(n), list)), "results")
            return {**body, name: change(body.get(name) or [])}
        return body

    return _json(bend)


def _first(change: Callable[[Any], Any]) -> Bend:
    return _rows(lambda rows: [change(rows[0]), *rows[1:]] if rows else [None])


def _without(*names: str) -> Callable[[Any], Any]:
    return lambda row: {k: v for k, v in row.items() if k not in names} if isinstance(row, dict) else row


def _loop(body: Any) -> Any:
    """There is always a next page, and it is this one."""
    if not isinstance(body, dict):
        return body
    link = "/services/data/v62.0/query/01g000000000000AAA-2000"
    salesforce = {"done": False, "nextRecordsUrl": link} if "done" in body else {}
    return {**body, **salesforce, "paging": {"next": {"after": "1", "link": "?after=1"}}}


def _times(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    stamps = ("updatedAt", "SystemModstamp", "LastModifiedDate", "lastmodifieddate", "hs_lastmodifieddate")
    bent = {k: "yesterday" if k in stamps else v for k, v in row.items()}
    inner = bent.get("properties")
    if isinstance(inner, dict):
        bent["properties"] = {k: "yesterday" if k in stamps else v for k, v in inner.items()}
    return bent


def _said(record: Any, value: Any) -> Any:
    """The record with this value in every text field."""
    if not isinstance(record, dict):
        return record
    kept = ("id", "Id", "attributes", "createdAt", "updatedAt", "url")
    bent = {k: value if isinstance(v, str) and k not in kept else v for k, v in record.items()}
    inner = record.get("properties")
    return {**bent, "properties": dict.fromkeys(inner, value)} if isinstance(inner, dict) else bent


def _one_id(rows: list[Any]) -> list[Any]:
    """The second record has the first one's id."""
    if len(rows) < 2 or not all(isinstance(row, dict) for row in rows[:2]):
        return rows
    return [rows[0], {**rows[1], **{k: rows[0].get(k) for k in ("id", "Id") if k in rows[0]}}, *rows[2:]]


def _counted(body: Any, by: int) -> Any:
    """The server counts otherwise than it answers."""
    names = ("total", "totalSize", "numErrors")
    return {k: v + by if k in names else v for k, v in body.items()} if isinstance(body, dict) else body


def _leads_to(after: Any) -> Bend:
    """There is a next page, by this name."""
    more = {"done": False, "nextRecordsUrl": after, "paging": {"next": {"after": after}}}
    return _json(lambda body: {**body, **more} if isinstance(body, dict) else more)


ERROR = {"status": "error", "message": "internal error", "category": "INTERNAL_ERROR", "correlationId": "x"}
PARTIAL = {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [ERROR]}

MALFORMED: Mapping[str, Bend] = {
    "JSON cut in half": _cut(0.5),
    "JSON cut near its end": _cut(0.97),
    "an HTML page with status 200": _text("<html><body>We are down for maintenance</body></html>"),
    "{}": _text("{}"),
    "null": _text("null"),
    "an empty body": _text(""),
    "[]": _text("[]"),
    "a bare string": _text('"ok"'),
    "a bare number": _text("7"),
    "a list with null": _text("[null]"),
    "no list of records": _json(_without("results", "records", "totalSize")),
    "null for the list": _json(lambda b: {**b, "results": None, "records": None} if isinstance(b, dict) else None),
    "an object for the list": _json(lambda b: {**b, "results": {}, "records": {}} if isinstance(b, dict) else {}),
    "null for a record": _first(lambda _: None),
    "a string for a record": _first(lambda _: "x"),
    "a record without id": _first(_without("id", "Id")),
    "a record with id null": _first(lambda r: {**r, "id": None, "Id": None} if isinstance(r, dict) else r),
    "a record without its fields": _first(_without("properties", "attributes", "SystemModstamp", "success", "values")),
    "a time that is none": _first(_times),
    "an error with status 200": _json(lambda _: ERROR),
    "an error list with status 200": _json(lambda _: [{"errorCode": "UNKNOWN_EXCEPTION", "message": "oops"}]),
    "207 with errors and no results": lambda r: replace(
        r,
        status=207,
        body=json.dumps({"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [ERROR]}).encode(),
    ),
    "a cursor that leads to itself": _json(_loop),
    "a duplicated record": _rows(lambda rows: [*rows[:1], *rows]),
    "the last record missing": _rows(lambda rows: rows[:-1]),
    "no records and more to come": lambda r: _json(_loop)(_rows(lambda _: [])(r)),
    "NaN": _text('{"results": [NaN], "records": [NaN], "done": true}'),
    "bytes that are no UTF-8": lambda r: replace(r, body=b'{"results": ["\xff\xfe"]}'),
    "a length too long": lambda r: replace(r, headers={**r.headers, "content-length": str(len(r.body) + 9)}),
    "text said to be gzip": lambda r: replace(r, headers={**r.headers, "content-encoding": "gzip"}),
    "a length too short": lambda r: replace(r, headers={**r.headers, "content-length": str(max(0, len(r.body) - 3))}),
    "lists in lists without an end": _text("[" * 200_000),
    "a number of 5,000 digits": _text('{"results": [], "records": [], "done": true, "total": ' + "9" * 5_000 + "}"),
    "half a character in a field": _first(lambda row: _said(row, "\ud83d")),
    "an object in a field": _first(lambda row: _said(row, {"a": [1]})),
    "a list for a record's fields": _first(lambda r: {**r, "properties": [], "attributes": []} if r else r),
    "two records with one id": _rows(_one_id),
    "a record with a number for its id": _first(lambda r: {**r, "id": 7, "Id": 7} if isinstance(r, dict) else r),
    "more counted than sent": _json(lambda body: _counted(body, 3)),
    "fewer counted than sent": _json(lambda body: _counted(body, -3)),
    "a next page that is no text": _leads_to({"page": 2}),
    "a next page without a name": _leads_to(""),
    "a mark before the text": lambda r: replace(r, body=b"\xef\xbb\xbf" + r.body),
    "text in another encoding": lambda r: replace(r, body=r.body.decode("utf-8", "replace").encode("utf-16")),
    "204 without a body": lambda r: replace(r, status=204, body=b""),
}
UNTELLABLE = {("the last record missing", "queryAll"), ("the last record missing", "query")}
"""Where a server that leaves out a record and says nothing of it cannot be told from one that has none."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The n-th answer of an endpoint."""

    side: str
    label: str
    turn: int

    def __str__(self) -> str:
        return f"{self.side} {self.label} #{self.turn + 1}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case went: whether the answer was given, what stopped the run, if anything did, and what is wrong."""

    met: bool
    stopped: str
    aside: int
    wrong: tuple[str, ...]


def bend(house: House, side: str, how: Callable[[Spot, Reply], Reply]) -> Counter[str]:
    """From now on the sandbox answers so; gives how often each endpoint has answered since, as it goes on."""
    sandbox, seen = house.sandboxes[side], Counter[str]()
    honest = sandbox.handle

    def handle(request: Request) -> Reply:
        reply = honest(request)
        label = f"{request.method} {sandbox.endpoint(request)[0]}"
        seen[label] += 1
        return how(Spot(side, label, seen[label] - 1), reply)

    sandbox.handle = handle  # type: ignore[method-assign]
    return seen


def honest(house: House) -> None:
    """From now on both sandboxes answer as they are."""
    for sandbox in house.sandboxes.values():
        vars(sandbox).pop("handle", None)


def calm(house: House) -> tuple[dict[Spot, Reply], Any, Any]:
    """Play on undisturbed: every answer of the run, and what stands at the end."""
    answers: dict[Spot, Reply] = {}
    for side in house.sandboxes:
        bend(house, side, answers.setdefault)
    with house.served() as served:
        urls = {side: s.url for side, s in served.items()}
        house.run(urls)
        honest(house)
        house.clock.advance(LATER.total_seconds())
        house.run(urls)
    return answers, house.holdings(), house.known()


def case(house: House, spot: Spot, how: Bend, held: Any, known: Any) -> Outcome:
    """A run that meets the malformed answer, then one that does not: in the end all is as if nothing had happened."""
    with house.served() as served:
        urls = {side: s.url for side, s in served.items()}
        seen = bend(house, spot.side, lambda at, reply: how(reply) if at == spot else reply)
        stopped, aside = "", 0
        try:
            done = house.run(urls)
            aside = sum(d.unread for d in done.drained)
        except StopRun as problem:
            stopped = f"{type(problem).__name__}: {problem}"
        gone = [ref for ref, (_, deleted) in house.known()["records"].items() if deleted]
        honest(house)
        house.clock.advance(LATER.total_seconds())
        house.run(urls)
        house.run(urls)
    wrong = [f"taken for deleted: {gone}"] if gone else []
    sees = _all if stopped else typed  # a run that went on without a part may judge a lead otherwise, and stay with it
    for name, now, then in (("the CRMs hold", house.holdings(), held), ("leadsync knows", house.known(), known)):
        if sees(now) != sees(then):
            wrong.append(f"{name} something else: {differences(sees(now), sees(then))}")
    deleted = [label for s in house.sandboxes.values() for label in s.counters.writes if label.startswith("DELETE")]
    wrong.extend(f"a deletion was sent: {label}" for label in deleted)
    return Outcome(seen[spot.label] > spot.turn, stopped, aside, tuple(wrong))


def _all(tree: Any) -> Any:
    return tree


def typed(tree: Any) -> Any:
    """What people typed, without what leadsync makes of it."""
    if isinstance(tree, Mapping):
        return {k: typed(v) for k, v in tree.items() if not re.match("(?i)leadsync_|lifecyclestage|hs_", str(k))}
    return [typed(v) for v in tree] if isinstance(tree, (list, tuple)) else tree


def differences(now: Any, then: Any, path: str = "") -> list[str]:
    """Where two trees differ."""
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        keys = sorted({*now, *then}, key=str)
        return [d for k in keys for d in differences(now.get(k), then.get(k), f"{path}/{k}")][:6]
    if isinstance(now, (list, tuple)) and isinstance(then, (list, tuple)) and len(now) == len(then):
        return [d for i, (a, b) in enumerate(zip(now, then, strict=True)) for d in differences(a, b, f"{path}/{i}")][:6]
    return [] if now == then else [f"{path}: {str(now)[:80]} instead of {str(then)[:80]}"]


def prove(*, long: bool = False, seed: int = 0, cases: int | None = None) -> Report:
    """Every malformation at every answer of a run; in CI a draw that has each malformation."""
    report = Report("no silent truncation")
    with scratch() as folder:
        house = prepared(folder)
        spots, held, known = play_one(house, folder, calm)
        every = [(spot, name) for spot, reply in spots.items() for name in MALFORMED if _differs(spot, name, reply)]
        wanted = len(every) if long else cases if cases is not None else CI_CASES
        chosen = draw(every, wanted, seed, news=lambda c: {c[1]})
        plays: list[Play] = [partial(case, spot=s, how=MALFORMED[n], held=held, known=known) for s, n in chosen]
        results = dict(play_all(house, folder, plays))
    outcomes = [results[number] for number in range(len(chosen))]
    for (spot, name), outcome in zip(chosen, outcomes, strict=True):
        texts = [gist(outcome.trace)] if isinstance(outcome, Failed) else outcome.wrong
        report.violations.extend(f"{name} at {spot}: {text}" for text in texts)
    fine = [o for o in outcomes if isinstance(o, Outcome)]
    met = [pair for pair, o in zip(chosen, outcomes, strict=True) if isinstance(o, Outcome) and o.met]
    report.violations.extend(f"{name} at {spot}: it was never answered" for spot, name in {*chosen} - {*met})
    report.reach("malformations, each another answer than was due", len({name for _, name in met}), LEAST)
    report.figures["answers of a run, endpoints"] = f"{len(spots)}, {len({(s.side, s.label) for s in spots})}"
    report.reach("cases", len(chosen), len(every) if long else min(wanted, LEAST))
    report.figures["runs that stopped"] = sum(o.stopped != "" for o in fine)
    report.figures["records or touches set aside"] = sum(o.aside for o in fine)
    report.figures["violations"] = len(report.violations)
    return report


def gist(trace: str) -> str:
    """Where an exception came from, and what it says."""
    lines = [line.strip() for line in trace.strip().splitlines()]
    where = [line for line in lines if line.startswith("File ")]
    return f"{lines[-1]} ({where[-1] if where else 'nowhere'})"


def _differs(spot: Spot, name: str, reply: Reply) -> bool:
    """Whether the malformation makes another answer of it, and one that can be told from an honest one."""
    if any(name == n and spot.label.endswith(f"/{end}") for n, end in UNTELLABLE):
        return False
    bent = MALFORMED[name](reply)
    return replace(bent, body=b"") != replace(reply, body=b"") or _meaning(bent.body) != _meaning(reply.body)


def _meaning(body: bytes) -> Any:
    """What it says; the text itself where that is no plain JSON."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return body


def draw(every: Sequence[C], count: int, seed: int, news: Callable[[C], set[Any]]) -> list[C]:
    """So many cases, by chance, but first those that bring something nobody has brought (`news`)."""
    chance = random.Random(seed)  # noqa: S311  a repeatable draw
    seen: set[Any] = set()
    first: list[C] = []
    rest: list[C] = []
    for case in chance.sample(every, len(every)):
        (first if news(case) - seen else rest).append(case)
        seen |= news(case)
    return [*first, *rest][:count]
