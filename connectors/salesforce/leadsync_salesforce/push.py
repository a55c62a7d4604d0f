"""Write by sObject Collections, or by a bulk job where that takes fewer calls; read back; one receipt a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadsync.connector import Receipt, Write
from leadsync.errors import Ambiguous, BadRecord, LeadsyncError, Misconfigured, Rejected, StopRun, TryAgain, Unreadable
from leadsync.records import Record
from leadsync_salesforce.batch import Batch
from leadsync_salesforce.bulk import MOST, Ingest
from leadsync_salesforce.client import Client
from leadsync_salesforce.encode import encode
from leadsync_salesforce.faults import vendor_error
from leadsync_salesforce.fields import Described, FieldInfo
from leadsync_salesforce.query import identifier
from leadsync_salesforce.records import OWN_FIELDS, Reader

BATCH = 200
"""Records in one sObject Collections call; REST guide, "sObject Collections"."""

FEW = 20
"""Records in a call where 200 were too many for the org's triggers."""

READ = 2000
"""Ids in one collections read by POST; REST guide, "Get Records from a Collection"."""

_CHOSEN = {"picklist", "multipicklist"}
_COMPUTED = "LeadSync_"
"""How the fields begin that `leadsync provision` creates: scores, stages, words of the scoring file, of no person."""

_LINK_FIELDS: Mapping[tuple[str, str], str | None] = {
    ("Contact", "Account"): "AccountId",
    ("Account", "Account"): "ParentId",
    ("Lead", "Account"): None,  # a lead names its company by text and has no account until it is converted
}


class Pusher:
    """Writes records of one object."""

    def __init__(self, client: Client, side: str, described: Described) -> None:
        self._client = client
        self._side = side
        self._described = described

    def write(self, writes: Sequence[Write], ingest: Ingest | None = None) -> list[Receipt]:
        """Send one batch, all updates or all creates by one key, and answer each write once, in order.

        By a bulk job first, where `ingest` is given. Raises StopRun when no write can succeed, TryAgain when nothing
        was applied, Rejected for a batch as a whole.
        """
        batch = self._batch(writes)
        if ingest is not None and (batch.key is not None or all(write.id is not None for write in writes)):
            ingest.run(batch)
        self._send(batch)
        records = self._read_back(batch, writes)
        return [batch.receipt(write, records) for write in writes]

    def _batch(self, writes: Sequence[Write]) -> Batch:
        keys = {w.key[0] if w.key is not None and w.id is None else None for w in writes}
        if len(writes) > MOST or len({w.id is None for w in writes}) > 1 or len(keys) > 1:
            raise ValueError(f"a batch holds at most {MOST} writes, all updates or all creates by one key")
        named = {name: self._described.field(name) for name in dict.fromkeys(n for w in writes for n in w.values)}
        listed = {name for name, info in named.items() if info is not None and info.type in _CHOSEN}
        plain = frozenset(listed | {name for name in named if name.startswith(_COMPUTED)})
        batch = Batch(self._described.kind, next(iter(keys), None), plain)
        for write in writes:
            try:
                batch.bodies[write.token] = self._body(write)
            except Rejected as problem:
                batch.refused[write.token] = problem
        return batch

    def _body(self, write: Write) -> dict[str, Any]:
        """One record of the request; raises Rejected for a value that does not fit, Misconfigured for a field."""
        body: dict[str, Any] = {"attributes": {"type": self._described.kind}}
        if write.id is not None:
            body["id"] = write.id
        for name, value in write.values.items():
            body[name] = encode(self._writable(name, creating=write.id is None), value)
        for kind, ids in write.links.items():
            if (kind_field := self._link_field(kind)) is not None and ids:
                body[kind_field] = ids[0]
        if write.id is None and write.key is not None:
            body[write.key[0]] = write.key[1]
        return body

    def _writable(self, name: str, *, creating: bool) -> FieldInfo:
        self._described.check([name])
        info = self._described.field(name)
        if info is None or not (info.createable if creating else info.updateable):
            raise Misconfigured(
                f"{self._described.kind}.{name} cannot be written by this user: it is read-only or a formula, or edit "
                "access is missing: run `leadsync provision`, or remove it from the mapping"
            )
        return info

    def _link_field(self, kind: str) -> str | None:
        pair = (self._described.kind, kind)
        if pair not in _LINK_FIELDS:
            raise Rejected(f"{pair[0]} cannot be linked to {kind}", code="LEADSYNC_LINK")
        return _LINK_FIELDS[pair]

    def _send(self, batch: Batch) -> None:
        """Send what is left, 200 a call; and what were too many at once for the org's triggers, 20 a call."""
        self._send_by(batch, [token for token in batch.bodies if token not in batch.crowded], BATCH)
        self._send_by(batch, list(batch.bodies), FEW)

    def _send_by(self, batch: Batch, tokens: Sequence[str], size: int) -> None:
        """When a call fails for good, what is settled must not be lost: the rest is unknown, and is met by the same
        trouble when it is sent again."""
        for start in range(0, len(tokens), size):
            try:
                self._send_part(batch, tokens[start : start + size])
            except (TryAgain, Rejected, StopRun):
                if not batch.settled and not batch.unknown:
                    raise
                for token in list(batch.bodies):
                    batch.lose(token)
                return

    def _send_part(self, batch: Batch, part: Sequence[str]) -> None:
        """One call's records, until none is left that was locked; those that turn out to be too many stay."""
        before = frozenset(batch.crowded)

        def left() -> list[str]:
            return [token for token in part if token in batch.bodies and token not in batch.crowded - before]

        def once() -> None:
            tokens = left()
            _settle(batch, tokens, self._call(batch, [batch.bodies[token] for token in tokens]))
            if locked := len(left()):
                raise TryAgain(f"Salesforce {batch.kind}: {locked} records are locked by another process")

        try:
            self._client.retry(once)
        except Ambiguous:
            pass
        except TryAgain:
            if left() == list(part):
                raise
        for token in left():
            batch.lose(token)

    def _call(self, batch: Batch, bodies: Sequence[Mapping[str, Any]]) -> Any:
        body = {"allOrNone": False, "records": list(bodies)}
        if batch.key is not None:
            path = f"composite/sobjects/{identifier(batch.kind)}/{identifier(batch.key)}"
            return self._client.write("PATCH", path, body)
        update = any("id" in record for record in bodies)
        return self._client.write("PATCH" if update else "POST", "composite/sobjects", body)

    def _read_back(self, batch: Batch, writes: Sequence[Write]) -> dict[str, Record]:
        """What the CRM now holds, by id; empty when it cannot be told now (the writes are done all the same)."""
        if not batch.ids:
            return {}
        keys = (write.key[0] for write in writes if write.key is not None)
        names = list(dict.fromkeys((*keys, *(name for write in writes for name in write.values))))
        try:
            found = self.read(list(batch.ids.values()), names)
        except LeadsyncError:
            return {}
        return {record.ref.id: record for record in found}

    def read(self, ids: Sequence[str], names: Sequence[str]) -> list[Record]:
        """Records by id with one collections read per 2,000; those that are not there are left out."""
        kind = self._described.kind
        reader = Reader(self._side, self._described, names, self._client.user)
        records: list[Record] = []
        wanted = list(dict.fromkeys((*OWN_FIELDS[kind], *names)))
        for start in range(0, len(ids), READ):
            asked = list(ids[start : start + READ])
            body = {"ids": asked, "fields": wanted}
            rows = self._client.post_to_read(f"composite/sobjects/{identifier(kind)}", body)
            if not isinstance(rows, list) or len(rows) != len(asked):  # null stands for each that is not there
                raise Unreadable(f"Salesforce {kind}: the collections read is not what the API promises")
            for row in rows:
                if isinstance(row, dict):
                    records.extend(_readable(reader, row))
        return records


def _settle(batch: Batch, tokens: Sequence[str], results: Any) -> None:
    """Take the SaveResults, which stand in the order of the records. A wrong shape leaves the outcome unknown."""
    if not isinstance(results, list) or len(results) != len(tokens):
        raise Ambiguous(f"Salesforce {batch.kind}: the answer does not fit the {len(tokens)} records sent")
    for token, result in zip(tokens, results, strict=True):
        _settle_one(batch, token, result)


def _settle_one(batch: Batch, token: str, result: Any) -> None:
    match result:
        case {"success": True, "id": str(ident)}:
            made = result.get("created", batch.key is None and "id" not in batch.bodies[token]) is True
            batch.done(token, ident, created=made)
        case {"success": False, "errors": [dict() as first, *_]}:
            batch.fail(token, vendor_error(first))
        case _:
            raise Ambiguous(f"Salesforce {batch.kind}: a result that is neither success nor refusal")


def _readable(reader: Reader, row: Mapping[str, Any]) -> list[Record]:
    try:
        return [reader.record(row)]
    except BadRecord:
        return []
