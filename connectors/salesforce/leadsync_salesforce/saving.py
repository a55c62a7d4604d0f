"""Records of objects that are nobody's, saved and deleted 200 a call: what became of each, by our own key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, TypeVar

from leadsync.errors import Ambiguous, SkipRecord, TryAgain
from leadsync_salesforce.client import Client
from leadsync_salesforce.faults import LOCKED, rejected, vendor_error
from leadsync_salesforce.push import BATCH

K = TypeVar("K")
Result: TypeAlias = Mapping[str, Any] | SkipRecord
"""What a call says of one record, or why it was refused."""
Rows: TypeAlias = Callable[[str, str], Iterator[Mapping[str, Any]]]
"""(object, SOQL) → the rows of all pages."""
GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
"""What is to be deleted is not there: that is what was wanted."""


def save(client: Client, method: str, bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, str | SkipRecord]:
    """POST or PATCH; by key the id, or why it was refused; what was locked is left out. Raises Ambiguous."""
    found: dict[str, str | SkipRecord] = {}
    for key, result in sent(client, method, bodies):
        match result:
            case {"success": True, "id": str(ident)}:
                found[key] = ident
            case SkipRecord(code=code) if code == LOCKED:
                continue
            case SkipRecord():
                found[key] = result
            case _:
                raise Ambiguous("Salesforce: a result without an id")
    return found


def sent(client: Client, method: str, bodies: Mapping[K, Mapping[str, Any]]) -> Iterator[tuple[K, Result]]:
    """POST or PATCH; each key with what became of it, in order. Raises Ambiguous."""
    for part in _calls(bodies):
        body = {"allOrNone": False, "records": [bodies[key] for key in part]}
        yield from _answered(part, client.write(method, "composite/sobjects", body))


class Locked(TryAgain):
    """Records are locked by another process: nothing was done to them, and nothing is wrong with them."""


def made(client: Client, bodies: Mapping[K, Mapping[str, Any]]) -> dict[K, Result]:
    """POST; by key what became of it. What was locked is sent again. Raises Ambiguous, and Locked at the end for what
    stayed so."""

    def send(part: Sequence[K]) -> Any:
        body = {"allOrNone": False, "records": [bodies[key] for key in part]}
        return client.write("POST", "composite/sobjects", body)

    return _patiently(client, bodies, send)


def delete(client: Client, ids: Mapping[K, str]) -> dict[K, SkipRecord]:
    """Delete by id; by key those that were refused. What was locked is sent again. Raises Ambiguous, and Locked at the
    end for what stayed so."""

    def send(part: Sequence[K]) -> Any:
        path = f"composite/sobjects?allOrNone=false&ids={','.join(ids[key] for key in part)}"
        return client.write("DELETE", path, None)

    found = _patiently(client, ids, send)
    return {key: r for key, r in found.items() if isinstance(r, SkipRecord) and r.code not in GONE}


def _patiently(client: Client, keys: Collection[K], send: Callable[[Sequence[K]], Any]) -> dict[K, Result]:
    found: dict[K, Result] = {}
    for part in _calls(keys):
        with suppress(Locked):  # the others first
            client.retry(partial(_once, part, found, send))
    if left := len(keys) - len(found):
        raise _locked(left, len(keys))
    return found


def _once(part: Sequence[K], found: dict[K, Result], send: Callable[[Sequence[K]], Any]) -> None:
    """Send what is left of a part, and note in `found` what became of it; raises Locked."""
    left = [key for key in part if key not in found]
    answered = list(_answered(left, send(left)))
    done = {key: r for key, r in answered if not (isinstance(r, SkipRecord) and r.code == LOCKED)}
    found |= done
    if len(done) < len(left):
        raise _locked(len(left) - len(done), len(left))


def _locked(locked: int, records: int) -> Locked:
    return Locked(f"Salesforce: {locked:,} of {records:,} records locked by another process; the next run tries again")


def _calls(keys: Collection[K]) -> Iterator[list[K]]:
    """As many as one call takes, and the next."""
    every = list(keys)
    return (every[start : start + BATCH] for start in range(0, len(every), BATCH))


def _answered(keys: Sequence[K], answer: Any) -> Iterator[tuple[K, Result]]:
    """Each key with its result, in order."""
    if not isinstance(answer, list) or len(answer) != len(keys):
        raise Ambiguous("Salesforce: the answer does not say what became of each record")
    for key, result in zip(keys, answer, strict=True):
        match result:
            case {"success": True}:
                yield key, result
            case {"success": False, "errors": [dict() as first, *_]}:
                yield key, rejected(vendor_error(first))
            case _:
                raise Ambiguous("Salesforce: a result that is neither success nor refusal")
