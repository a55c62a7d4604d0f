"""One batch of writes: sent once, every write answered once, whatever came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from leadsync.connector import Outcome, Receipt, Write
from leadsync.errors import Ambiguous, BadRecord, Misconfigured, Rejected, SkipRecord, TryAgain, Unreadable
from leadsync.records import Record
from leadsync_hubspot.client import Client
from leadsync_hubspot.pull import Pull
from leadsync_hubspot.records import BATCH, Source, decode, id_of, sent
from leadsync_hubspot.refusals import context_of, entries_of, listed, refused

Json = dict[str, Any]
NO_PROPERTY = "PROPERTY_DOESNT_EXIST"
TAKEN = ("CONFLICT", "OBJECT_ALREADY_EXISTS", "DUPLICATE_VALUE")
"""Another record holds a value that only one may have: a contact's e-mail, of which the text alone tells; another."""


class Push:
    """Writes to one object type of one connection."""

    def __init__(self, client: Client, side: str, source: Source) -> None:
        self.client, self.side, self.source = client, side, source

    def write(self, writes: Sequence[Write]) -> list[Receipt]:
        """Send a batch and answer each write once, in the writes' order.

        Raises Rejected for a batch that was refused without naming the culprit, TryAgain when nothing was applied,
        StopRun when no write can succeed.
        """
        creates = [write for write in writes if write.id is None]
        if creates and len(creates) != len(writes):
            raise ValueError("a batch holds updates or creates, not both")
        try:
            answer = self._upsert(writes) if creates else self._update(writes)
        except Ambiguous as problem:
            return [_unknown(write, str(problem)) for write in writes]
        except Rejected as refusal:
            return [self._alone(writes, refusal)]
        receipts = self._receipts(writes, answer)
        return self._associated(writes, receipts) if creates else receipts

    # ---- sending

    def _update(self, writes: Sequence[Write]) -> Json:
        inputs = [{"id": w.id, "objectWriteTraceId": w.token, "properties": _properties(w)} for w in writes]
        return self.client.batch_update(self.source.kind, {"inputs": inputs})

    def _upsert(self, writes: Sequence[Write]) -> Json:
        inputs = []
        for write in writes:
            name, value = _key(write)
            properties = {name: value, **_properties(write)}
            trace = {"objectWriteTraceId": write.token}
            inputs.append({"idProperty": name, "id": value, **trace, "properties": properties})
        return self.client.batch_upsert(self.source.kind, {"inputs": inputs})

    def _alone(self, writes: Sequence[Write], refusal: Rejected) -> Receipt:
        """A refused batch of one is that write's refusal; a larger one is for the engine to split."""
        refusal = _parted(writes, refusal)
        self._stop_if_hopeless(writes, refusal)
        if len(writes) > 1:
            raise refusal
        return Receipt(writes[0].token, Outcome.REJECTED, id=writes[0].id, error=refusal)

    def _stop_if_hopeless(self, writes: Sequence[Write], refusal: Rejected) -> None:
        """Where every write names a property that is not there, no write can succeed."""
        everywhere = [name for name in refusal.fields if all(name in write.values for write in writes)]
        if refusal.code == NO_PROPERTY and everywhere:
            raise Misconfigured(
                f"HubSpot: {self.source.kind} has no property {everywhere[0]!r}, which the mapping writes: "
                "run `leadsync provision --apply`, or take the field out of the mapping."
            )

    # ---- understanding the answer

    def _receipts(self, writes: Sequence[Write], answer: Json) -> list[Receipt]:
        items, errors = self._by_token(writes, answer["results"]), self._errors(writes, answer)
        receipts = {w.token: self._receipt(w, items.get(w.token), errors.get(w.token)) for w in writes}
        return self._read_back(writes, receipts)

    def _by_token(self, writes: Sequence[Write], results: Iterable[Json]) -> dict[str, Json]:
        """The answered records by the write they answer: by trace id, by record id, or by the unique key."""
        tokens = {w.token for w in writes}
        ids = {w.id: w.token for w in writes if w.id is not None}
        keys = {_folded(*_key(w)): w.token for w in writes if w.id is None}
        found: dict[str, Json] = {}
        for item in results:
            trace = item.get("objectWriteTraceId")
            token = trace if isinstance(trace, str) and trace in tokens else ids.get(id_of(item))
            if token is None:
                given = item.get("properties")
                properties = given if isinstance(given, dict) else {}
                token = next((keys[k] for k in (_folded(n, v) for n, v in properties.items()) if k in keys), None)
            if token is not None:
                found[token] = item
        return found

    def _errors(self, writes: Sequence[Write], answer: Json) -> dict[str, Rejected]:
        """What a 207 says of single writes: by trace id, or by the ids it names."""
        found: dict[str, Rejected] = {}
        for entry in entries_of(answer):
            context = context_of(entry)
            named = {str(i) for key in ("objectWriteTraceId", "ids", "id") for i in listed(context.get(key))}
            for write in writes:
                if write.token in named or _name_of(write) in named:
                    found[write.token] = _parted([write], refused(207, entry))
        if len(found) == len(writes):
            self._stop_if_hopeless(writes, found[writes[0].token])
        return found

    def _receipt(self, write: Write, item: Json | None, error: Rejected | None) -> Receipt:
        if item is None and error is not None:
            return Receipt(write.token, Outcome.REJECTED, id=write.id, error=error)
        if item is None:
            return _unknown(write, "HubSpot's answer does not mention this record; it was probably merged or archived")
        created = item.get("new") is True
        try:
            record = decode(self.side, self.source, item, list(write.values))
        except BadRecord as problem:
            return Receipt(write.token, Outcome.UNKNOWN, id=id_of(item), error=problem, created=created)
        return Receipt(write.token, Outcome.DONE, id=record.ref.id, record=record, created=created)

    def _read_back(self, writes: Sequence[Write], receipts: Mapping[str, Receipt]) -> list[Receipt]:
        """Where an answer left out a property that was written, ask for what the record now holds."""
        short = [w for w in writes if _lacks(receipts[w.token], w)]
        ids = [ident for w in short if (ident := receipts[w.token].id) is not None]
        names = list(dict.fromkeys(name for w in short for name in w.values))
        found = self._now(ids, names) if ids else {}
        answered = dict(receipts)
        for write in short:
            receipt = answered[write.token]
            record = found.get(str(receipt.id))
            kept = None if record is None else replace(record, fields=_only(record, write))
            answered[write.token] = replace(receipt, record=kept)
        return [answered[w.token] for w in writes]

    def _now(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Record]:
        pull = Pull(self.client, self.side, replace(self.source, linked=""), names, 0)
        try:
            return {record.ref.id: record for record in pull.read(ids)}
        except (TryAgain, Unreadable, BadRecord):  # the writes stand; only what they look like now is not known
            return {}

    # ---- associations of new records

    def _associated(self, writes: Sequence[Write], receipts: list[Receipt]) -> list[Receipt]:
        made = {r.token: r.id for r in receipts if r.outcome is Outcome.DONE}
        answered = {r.token: r for r in receipts}
        for kind in dict.fromkeys(kind for w in writes for kind in w.links):
            pairs = [
                (w.token, made[w.token], other) for w in writes if w.token in made for other in w.links.get(kind, ())
            ]
            if pairs:
                answered.update(self._associate(kind, pairs, answered))
        return [answered[w.token] for w in writes]

    def _associate(
        self, kind: str, pairs: Sequence[tuple[str, str | None, str]], receipts: Mapping[str, Receipt]
    ) -> dict[str, Receipt]:
        """Tie new records to others. That is safe to repeat; where it fails, the receipt says so."""
        inputs = [{"from": {"id": ident}, "to": {"id": other}} for _, ident, other in pairs]
        try:
            answer = self.client.associate(self.source.kind, kind, {"inputs": inputs})
        except (Ambiguous, TryAgain) as problem:
            return {
                t: replace(receipts[t], outcome=Outcome.UNKNOWN, error=SkipRecord(str(problem))) for t, _, _ in pairs
            }
        except Rejected as refusal:
            return {t: replace(receipts[t], error=refusal) for t, _, _ in pairs}
        failed = entries_of(answer)
        return {t: replace(receipts[t], error=e) for t, i, other in pairs if (e := _tie_error(failed, i, other))}

    def tie(self, links: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        """Associate records by id (id → object → ids of others), as far as HubSpot takes it."""
        for kind in dict.fromkeys(kind for others in links.values() for kind in others):
            pairs = [(ident, other) for ident, others in links.items() for other in others.get(kind, ())]
            for start in range(0, len(pairs), BATCH):
                part = pairs[start : start + BATCH]
                inputs = [{"from": {"id": ident}, "to": {"id": other}} for ident, other in part]
                with suppress(Ambiguous, Rejected):
                    self.client.associate(self.source.kind, kind, {"inputs": inputs})


def _parted(writes: Sequence[Write], refusal: Rejected) -> Rejected:
    """A refusal naming the fields without which the rest may go. Where another record holds a value, an update goes
    without it; but a new record must not, or there would be two of it."""
    if refusal.code not in TAKEN:
        return refusal
    named = refusal.fields or tuple({"email"} & {name for write in writes for name in write.values})
    fields = () if any(write.id is None for write in writes) else named
    return Rejected(str(refusal), code=refusal.code, fields=fields, hint=refusal.hint)


def _tie_error(errors: Iterable[Json], ident: str | None, other: str) -> Rejected | None:
    for entry in errors:
        context = context_of(entry)
        named = {str(i) for key in ("fromObjectId", "toObjectId") for i in listed(context.get(key))}
        if named <= {str(ident), other} and named:
            return refused(207, entry)
    return None


def _properties(write: Write) -> dict[str, str]:
    return {name: sent(value) for name, value in write.values.items()}


def _key(write: Write) -> tuple[str, str]:
    if write.key is None:
        raise ValueError("a create needs a key: a unique property and its value")
    return write.key


def _name_of(write: Write) -> str:
    return write.id if write.id is not None else _key(write)[1]


def _folded(name: str, value: object) -> tuple[str, str]:
    return name, str(value).strip().lower()


def _unknown(write: Write, why: str) -> Receipt:
    return Receipt(write.token, Outcome.UNKNOWN, id=write.id, error=SkipRecord(why, code="UNKNOWN_OUTCOME"))


def _lacks(receipt: Receipt, write: Write) -> bool:
    """Whether the answer tells less than was written."""
    return receipt.record is not None and any(name not in receipt.record.fields for name in write.values)


def _only(record: Record, write: Write) -> dict[str, Any]:
    return {name: record.fields[name] for name in write.values if name in record.fields}
