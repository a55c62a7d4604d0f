"""Tasks for what leadsync advises: for whoever owns the lead or contact, found again by a line in their comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from leadsync.connector import Check
from leadsync.connector.besides import Entry, Standing
from leadsync.errors import SkipRecord
from leadsync_salesforce.campaigns import rights
from leadsync_salesforce.client import Client
from leadsync_salesforce.push import BATCH
from leadsync_salesforce.query import PER_LIST, among, cell, literal, select, text
from leadsync_salesforce.saving import Rows, delete, save

TASK = "Task"
FIELDS = ("Id", "Description", "IsClosed", "CreatedById", "LastModifiedById")
MARK = "leadsync: "
"""The last line of a task's comments: our key. A unique external id would take a custom field on Activity."""
USER = "005"
"""Key prefix of users; a record may belong to a queue, which a task cannot in every org."""
SUBJECT = 255
"""Characters of a task's subject; Salesforce object reference, "Task"."""
CALL = "call"


class Tasks:
    """Those that our user made."""

    def __init__(self, client: Client, side: str, rows: Rows) -> None:
        self._client, self._side, self._rows = client, side, rows

    def entries(self, asked: Sequence[Entry]) -> list[Standing]:
        """The asked, and all others that our user made for the same people."""
        keys = {entry.id: entry.key for entry in asked if entry.id is not None}
        people = [entry.about["person"].id for entry in asked if entry.id is None]
        rows = [*self._where(among("Id", list(keys))), *self._made_for(people)]
        found: dict[str, Standing] = {}
        for row in rows:
            ident = text(TASK, row, "Id")
            key = keys.get(ident) or marked(cell(TASK, row, "Description"))
            if key:
                untouched = text(TASK, row, "LastModifiedById") == text(TASK, row, "CreatedById")
                whole, closed = key.rpartition("/")[0], cell(TASK, row, "IsClosed")
                found[ident] = Standing(key, ident, whole, untouched, open=closed is not True)
        return list(found.values())

    def _made_for(self, people: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        if people:
            ours = f"CreatedById = {literal(self._client.user or self._client.user_id())}"
            yield from self._where(f"{condition} AND {ours}" for condition in among("WhoId", people))

    def _where(self, conditions: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        for condition in conditions:
            yield from self._rows(TASK, select(TASK, FIELDS, condition))

    def put(self, entries: Sequence[Entry]) -> dict[str, str | SkipRecord]:
        """Make tasks for whoever owns the lead or contact; a task that is there is never changed."""
        owners = self._owners(entries)
        return save(self._client, "POST", {e.key: _body(e, owners) for e in entries if e.id is None})

    def _owners(self, entries: Iterable[Entry]) -> dict[str, str]:
        by_kind: dict[str, list[str]] = defaultdict(list)
        for entry in entries:
            by_kind[entry.about["person"].kind].append(entry.about["person"].id)
        owners: dict[str, str] = {}
        for kind, ids in sorted(by_kind.items()):
            for condition in among("Id", ids):
                rows = self._rows(kind, select(kind, ("Id", "OwnerId"), condition))
                owners |= {text(kind, row, "Id"): text(kind, row, "OwnerId") for row in rows}
        return owners

    def take_away(self, entries: Sequence[Entry]) -> dict[str, SkipRecord]:
        """Into the recycle bin."""
        return delete(self._client, {e.key: e.id for e in entries if e.id is not None})

    @staticmethod
    def calls(made: int, taken: int) -> int:
        """Looks at both, the owners of leads and of contacts, and what is sent."""
        owners = min(2, made) * -(-made // PER_LIST)
        return sum(-(-n // PER_LIST) + -(-n // BATCH) for n in (made, taken)) + owners

    def check(self) -> list[Check]:
        """Whether our user may make tasks and take them away."""
        return rights(self._client, TASK, ("Create", "Delete"))


def marked(description: object) -> str:
    """Our key in a task's comments; "" where there is none, or somebody wrote over it."""
    last = description.strip().rpartition("\n")[2] if isinstance(description, str) else ""
    return last.removeprefix(MARK).strip() if last.startswith(MARK) else ""


def _body(entry: Entry, owners: Mapping[str, str]) -> dict[str, Any]:
    person, said = entry.about["person"], entry.values
    owner = owners.get(person.id, "")
    return {
        "attributes": {"type": TASK},
        "WhoId": person.id,
        "Subject": str(said["subject"])[:SUBJECT],
        "Description": f"{said['text']}\n\n{MARK}{entry.key}",
        "ActivityDate": said["due"],
        "Priority": said["priority"],
        **({"OwnerId": owner} if owner.startswith(USER) else {}),
        **({"TaskSubtype": "Call"} if said["action"] == CALL else {}),
    }
