"""Records of objects that are nobody's, saved and deleted 200 a call: what became of each, by our own key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, TypeVar

from leadsync.errors import Ambiguous, Misconfigured, Rejected, SkipRecord, TryAgain
from leadsync_salesforce.batch import OVERRUN
from leadsync_salesforce.client import Client
from leadsync_salesforce.faults import LOCKED, VendorError, rejected, vendor_error
from leadsync_salesforce.push import BATCH, FEW

K = TypeVar("K")
Result: TypeAlias = Mapping[str, Any] | SkipRecord
"""What a call says of one record, or why it was refused."""
Rows: TypeAlias = Callable[[str, str], Iterator[Mapping[str, Any]]]
"""(object, SOQL) → the rows of all pages."""
GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
"""What is to be deleted is not there: that is what was wanted."""

RIGHTS = frozenset(("INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INVALID_TYPE_FOR_OPERATION"))
"""Our user may not make records of this object."""


class Locked(TryAgain):
    """Records are locked by another process: nothing was done to them, and nothing is wrong with them."""


class TooMany(Rejected):
    """A trigger ran out of what Apex allows, for so many records at once."""


def save(client: Client, method: str, bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, str | SkipRecord]:
    """POST or PATCH; by key the id, or why it was refused; what stayed locked is left out. Raises Ambiguous, and
    Misconfigured where our user may make none."""
    found: dict[str, str | SkipRecord] = {}
    results = _patiently(client, bodies, _sending(client, method, bodies))
    for key, result in (_permitted(results) if method == "POST" else results).items():
        match result:
            case {"success": True, "id": str(ident)}:
                found[key] = ident
            case SkipRecord():
                found[key] = result
            case _:
                raise Ambiguous("Salesforce: a result without an id")
    return found


def made(client: Client, bodies: Mapping[K, Mapping[str, Any]]) -> dict[K, Result]:
    """POST; by key what became of it. Raises Ambiguous, Misconfigured where our user may make none, and Locked at the
    end for what stayed locked."""
    return _all(bodies, _permitted(_patiently(client, bodies, _sending(client, "POST", bodies))))


def delete(client: Client, ids: Mapping[K, str]) -> dict[K, SkipRecord]:
    """Delete by id; by key those that were refused. Raises Ambiguous, and Locked at the end for what stayed locked."""

    def send(part: Sequence[K]) -> Any:
        path = f"composite/sobjects?allOrNone=false&ids={','.join(ids[key] for key in part)}"
        return client.write("DELETE", path, None)

    found = _all(ids, _patiently(client, ids, send))
    return {key: r for key, r in found.items() if isinstance(r, SkipRecord) and r.code not in GONE}


def _sending(client: Client, method: str, bodies: Mapping[K, Mapping[str, Any]]) -> Callable[[Sequence[K]], Any]:
    def send(part: Sequence[K]) -> Any:
        body = {"allOrNone": False, "records": [bodies[key] for key in part]}
        return client.write(method, "composite/sobjects", body)

    return send


def _patiently(client: Client, keys: Collection[K], send: Callable[[Sequence[K]], Any]) -> dict[K, Result]:
    """By key what became of it, 200 a call. What is locked is sent again, and left out where it stays so; what were too
    many for a trigger go in smaller parts, once."""
    found: dict[K, Result] = {}
    for part in _calls(keys, BATCH):
        with suppress(Locked):  # the others first
            client.retry(partial(_once, part, found, send))
    for part in _calls([key for key, result in found.items() if isinstance(result, TooMany)], FEW):
        for key in part:
            del found[key]
        with suppress(Locked):
            client.retry(partial(_once, part, found, send))
    return found


def _permitted(found: dict[K, Result]) -> dict[K, Result]:
    """What was to be made, unless all of it is refused for want of a right: that tells nothing of any record, and is
    done once the right is granted."""
    codes = {result.code if isinstance(result, SkipRecord) else "" for result in found.values()}
    if codes and codes <= RIGHTS:
        told = ", ".join(sorted(codes))
        raise Misconfigured(
            f"Salesforce: our user lacks a right ({told}): `leadsync doctor` names it, and the next run tries again"
        )
    return found


def _once(part: Sequence[K], found: dict[K, Result], send: Callable[[Sequence[K]], Any]) -> None:
    """Send what is left of a part, and note in `found` what became of it; raises Locked."""
    left = [key for key in part if key not in found]
    answered = list(_answered(left, send(left)))
    done = {key: r for key, r in answered if not (isinstance(r, SkipRecord) and r.code == LOCKED)}
    found |= done
    if len(done) < len(left):
        raise _locked(len(left) - len(done), len(left))


def _all(keys: Collection[K], found: dict[K, Result]) -> dict[K, Result]:
    if left := len(keys) - len(found):
        raise _locked(left, len(keys))
    return found


def _locked(locked: int, records: int) -> Locked:
    return Locked(f"Salesforce: {locked:,} of {records:,} records locked by another process; the next run tries again")


def _calls(keys: Collection[K], size: int) -> Iterator[list[K]]:
    """As many as one call is to take, and the next."""
    every = list(keys)
    return (every[start : start + size] for start in range(0, len(every), size))


def _answered(keys: Sequence[K], answer: Any) -> Iterator[tuple[K, Result]]:
    """Each key with its result, in order."""
    if not isinstance(answer, list) or len(answer) != len(keys):
        raise Ambiguous("Salesforce: the answer does not say what became of each record")
    for key, result in zip(keys, answer, strict=True):
        match result:
            case {"success": True}:
                yield key, result
            case {"success": False, "errors": [dict() as first, *_]}:
                yield key, _refused(vendor_error(first))
            case _:
                raise Ambiguous("Salesforce: a result that is neither success nor refusal")


def _refused(error: VendorError) -> Rejected:
    refusal = rejected(error)
    return TooMany(str(refusal), code=error.code, hint=refusal.hint) if OVERRUN in error.message else refusal
