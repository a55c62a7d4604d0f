"""Static lists of contacts: who is on them, and putting people on and off."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from leadsync.checks import attempt, fail, listed, ok, warn
from leadsync.connector import Check
from leadsync.connector.besides import Groups
from leadsync.errors import Ambiguous, Misconfigured, Rejected, SkipRecord, Unreadable
from leadsync.records import Ref
from leadsync_hubspot.client import Client

KIND = "contacts"
TYPE_ID = "0-1"  # contacts; HubSpot, "Understanding the CRM APIs"
FILLED_BY_HAND = ("MANUAL", "SNAPSHOT")
SCOPES = frozenset(("crm.lists.read", "crm.lists.write"))
"""HubSpot, lists guide."""
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

    def group_calls(self, there: int, joining: int, leaving: int) -> int:
        """A call for each 250 who are there, and for each 1,000 who join or leave."""
        return max(1, -(-there // PAGE)) + -(-joining // CHANGE) + -(-leaving // CHANGE)

    def check_groups(self, groups: Collection[str]) -> Sequence[Check]:
        """The scopes for lists, and that each list is one of contacts that is filled by hand."""
        found = [*attempt("list scopes", self._scopes)] if groups else []
        for group in groups:
            advice = "name the id of a static list of contacts in nurture.toml or attribution.toml"
            found += attempt(f"list {group}", partial(self._list, group), advice)
        return found

    def _scopes(self) -> list[Check]:
        try:
            scopes = self._client.token_info().get("scopes")
        except (Unreadable, Misconfigured):
            scopes = None
        if not isinstance(scopes, list):
            advice = f"see that it has {listed(SCOPES)}"
            return [warn("list scopes", "HubSpot does not tell the scopes of this token", advice)]
        if missing := SCOPES - {str(scope) for scope in scopes}:
            where = "HubSpot: Settings > Integrations > Service keys (or Private apps) > Scopes"
            return [fail("list scopes", f"missing: {listed(missing)}", f"grant them. {where}")]
        return [ok("list scopes", listed(SCOPES))]

    def _list(self, group: str) -> list[Check]:
        told, name = self._client.list_details(group), f"list {group}"
        if told.get("objectTypeId") != TYPE_ID or told.get("processingType") not in FILLED_BY_HAND:
            what = f"{told.get('processingType')}, of objects {told.get('objectTypeId')}"
            return [fail(name, f"{told.get('name')!r} is {what}", "name a static list of contacts")]
        return [ok(name, f"{told.get('name')!r} is a static list of contacts")]

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
