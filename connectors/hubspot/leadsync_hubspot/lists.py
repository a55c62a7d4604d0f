"""Static lists of contacts: who is on them, and putting people on and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadsync.connector import Groups
from leadsync.errors import Ambiguous, Misconfigured, Rejected, SkipRecord, Unreadable
from leadsync.records import Ref
from leadsync_hubspot.client import Client

KIND = "contacts"
PAGE = 250  # members of one page; HubSpot, lists guide
CHANGE = 1_000  # records of one change, far below the 100,000 that HubSpot's lists guide allows


class Lists(Groups):
    """Implements `leadsync.connector.Groups`; a group is the id of a list."""

    def __init__(self, client: Client, side: str) -> None:
        self._client, self._side = client, side

    def members(self, group: str) -> frozenset[Ref]:
        """Who is on a list now. Raises Misconfigured where there is no such list."""
        found: set[str] = set()
        query: dict[str, str | int] = {"limit": PAGE}
        while True:
            try:
                page = self._client.list_members(group, **query)
            except (Unreadable, Rejected) as problem:
                raise Misconfigured(f"HubSpot list {group}: {problem}: is this the id of a list of contacts?") from None
            found |= {str(entry.get("recordId")) for entry in page["results"]}
            after = ((page.get("paging") or {}).get("next") or {}).get("after")
            if after is None:
                return frozenset(Ref(self._side, KIND, ident) for ident in found)
            if after == query.get("after"):
                raise Unreadable(f"HubSpot list {group}: its pages go round in a circle")
            query["after"] = str(after)

    def join(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Put contacts on a list; who is no more is refused."""
        return self._change(group, people, joining=True)

    def leave(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Take contacts off a list."""
        return self._change(group, people, joining=False)

    def _change(self, group: str, people: Sequence[Ref], *, joining: bool) -> Mapping[Ref, SkipRecord]:
        refused: dict[Ref, SkipRecord] = {}
        for start in range(0, len(people), CHANGE):
            part = [ref.id for ref in people[start : start + CHANGE]]
            try:
                answer = self._client.change_list(group, part if joining else (), () if joining else part)
            except Rejected as problem:
                raise Misconfigured(
                    f"HubSpot list {group}: {problem}: it must be a static list of contacts, not one that filters fill"
                ) from None
            missing = answer.get("recordIdsMissing")
            if not isinstance(missing, list):
                raise Ambiguous(f"HubSpot list {group}: the answer does not say who was put on it")
            gone = {str(ident) for ident in missing} if joining else set()
            text = "the contact is no more: the next pull follows it"
            refused |= {Ref(self._side, KIND, i): SkipRecord(text, code="OBJECT_NOT_FOUND") for i in part if i in gone}
        return refused
