"""Campaigns: who their members are, and making leads and contacts members."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from leadsync.checks import attempt, fail, listed, ok
from leadsync.connector import Check
from leadsync.connector.besides import Groups
from leadsync.errors import Misconfigured, SkipRecord
from leadsync.records import Ref
from leadsync_salesforce.client import Client
from leadsync_salesforce.push import BATCH
from leadsync_salesforce.query import PAGE, cell, literal, select, text
from leadsync_salesforce.saving import Rows, delete, made

MEMBER = "CampaignMember"
FIELDS = ("Id", "LeadId", "ContactId", "HasResponded")
THERE_ALREADY = ("DUPLICATE_VALUE",)
"""Salesforce refuses a second membership with this: the person is in, which is what was wanted."""
_PERSON_FIELDS = {"Lead": "LeadId", "Contact": "ContactId"}


class Campaigns(Groups):
    """Implements `leadsync.connector.Groups`; a group is the id of a campaign."""

    def __init__(self, client: Client, side: str, rows: Rows) -> None:
        self._client, self._side, self._rows = client, side, rows

    def members(self, group: str) -> frozenset[Ref]:
        """The leads and contacts that are members now. Raises Misconfigured where there is no such campaign."""
        if not any(True for _row in self._rows("Campaign", select("Campaign", ("Id",), f"Id = {literal(group)}"))):
            raise Misconfigured(f"Salesforce: there is no campaign with the id {group!r} that our user may see")
        return frozenset(person for row in self._of(group) if (person := self._person(row)) is not None)

    def join(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Make people members, with the status that the campaign gives by default. Raises TryAgain where some were
        locked all the time; the others are in."""
        bodies = {
            ref: {"attributes": {"type": MEMBER}, "CampaignId": group, _PERSON_FIELDS[ref.kind]: ref.id}
            for ref in people
        }
        results = made(self._client, bodies).items()
        return {ref: r for ref, r in results if isinstance(r, SkipRecord) and r.code not in THERE_ALREADY}

    def leave(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """End memberships, those aside whose people have responded: that is history, and stays."""
        wanted = frozenset(people)
        gone = {
            text(MEMBER, row, "Id"): person
            for row in self._of(group)
            if (person := self._person(row)) in wanted and cell(MEMBER, row, "HasResponded") is not True
        }
        return {gone[ident]: refused for ident, refused in delete(self._client, {i: i for i in gone}).items()}

    def group_calls(self, there: int, joining: int, leaving: int) -> int:
        """A call for the campaign, one for each 2,000 members (two where somebody leaves), one for each 200 changed."""
        looks = max(1, -(-there // PAGE)) * (2 if leaving else 1)
        return 1 + looks + -(-joining // BATCH) + -(-leaving // BATCH)

    def check_groups(self, groups: Collection[str]) -> Sequence[Check]:
        """The rights on campaign members, and that each campaign is there."""
        found = attempt(MEMBER, partial(rights, self._client, MEMBER, ("Create", "Delete"))) if groups else []
        for group in groups:
            found += attempt(f"campaign {group}", partial(self._campaign, group))
        return found

    def _campaign(self, group: str) -> list[Check]:
        name, where = f"campaign {group}", f"Id = {literal(group)}"
        rows = list(self._rows("Campaign", select("Campaign", ("Id", "Name"), where)))
        if not rows:
            return [
                fail(name, "is not there, or our user may not see it", "name a campaign's id; grant Read on Campaign")
            ]
        return [ok(name, f"{rows[0]['Name']!r}")]

    def _of(self, group: str) -> Iterator[Mapping[str, Any]]:
        return self._rows(MEMBER, select(MEMBER, FIELDS, f"CampaignId = {literal(group)}"))

    def _person(self, row: Mapping[str, Any]) -> Ref | None:
        """A member that was converted is named by both: the contact speaks for it. None for an account, which is named
        by neither (Salesforce object reference, "CampaignMember": Accounts as Campaign Members)."""
        named = {kind: cell(MEMBER, row, _PERSON_FIELDS[kind]) for kind in ("Contact", "Lead")}
        kind = next((kind for kind, ident in named.items() if ident is not None), None)
        return None if kind is None else Ref(self._side, kind, text(MEMBER, row, _PERSON_FIELDS[kind]))


FLAGS = {"Create": "createable", "Edit": "updateable", "Delete": "deletable"}


def rights(client: Client, kind: str, needed: Collection[str]) -> list[Check]:
    """Whether our user has these rights on an object that leadsync keeps entries in."""
    raw = client.get(f"sobjects/{kind}/describe")
    lacking = [right for right in needed if raw.get(FLAGS[right]) is not True]
    if lacking:
        fix = f"grant our user {listed(lacking)} on {kind} in a permission set"
        return [fail(f"{kind} rights", f"our user lacks {listed(lacking)}", fix)]
    return [ok(f"{kind} rights", f"our user has {listed(needed)}")]
