"""Campaigns: who their members are, and making leads and contacts members."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from leadsync.checks import attempt, fail, listed, ok
from leadsync.connector import Check
from leadsync.connector.besides import Groups
from leadsync.errors import Ambiguous, Misconfigured, SkipRecord
from leadsync.records import Ref
from leadsync_salesforce.client import Client
from leadsync_salesforce.faults import rejected, vendor_error
from leadsync_salesforce.push import BATCH
from leadsync_salesforce.query import PAGE, cell, literal, select, text

MEMBER = "CampaignMember"
FIELDS = ("Id", "LeadId", "ContactId", "HasResponded")
THERE_ALREADY = ("DUPLICATE_VALUE",)
"""Salesforce refuses a second membership with this: the person is in, which is what was wanted."""
_PERSON_FIELDS = {"Lead": "LeadId", "Contact": "ContactId"}
Rows: TypeAlias = Callable[[str, str], Iterator[Mapping[str, Any]]]
"""(object, SOQL) → the rows of all pages."""


class Campaigns(Groups):
    """Implements `leadsync.connector.Groups`; a group is the id of a campaign."""

    def __init__(self, client: Client, side: str, rows: Rows) -> None:
        self._client, self._side, self._rows = client, side, rows

    def members(self, group: str) -> frozenset[Ref]:
        """The leads and contacts that are members now. Raises Misconfigured where there is no such campaign."""
        if not any(True for _row in self._rows("Campaign", select("Campaign", ("Id",), f"Id = {literal(group)}"))):
            raise Misconfigured(f"Salesforce: there is no campaign with the id {group!r} that our user may see")
        return frozenset(self._person(row) for row in self._of(group))

    def join(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Make people members, with the status that the campaign gives by default."""
        refused: dict[Ref, SkipRecord] = {}
        for start in range(0, len(people), BATCH):
            part = people[start : start + BATCH]
            bodies = [
                {"attributes": {"type": MEMBER}, "CampaignId": group, _PERSON_FIELDS[ref.kind]: ref.id} for ref in part
            ]
            body = {"allOrNone": False, "records": bodies}
            refused |= _refusals(part, self._client.write("POST", "composite/sobjects", body), THERE_ALREADY)
        return refused

    def leave(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """End memberships, those aside whose people have responded: that is history, and stays."""
        wanted = frozenset(people)
        gone = [
            (person, text(MEMBER, row, "Id"))
            for row in self._of(group)
            if (person := self._person(row)) in wanted and cell(MEMBER, row, "HasResponded") is not True
        ]
        refused: dict[Ref, SkipRecord] = {}
        for start in range(0, len(gone), BATCH):
            part = gone[start : start + BATCH]
            path = f"composite/sobjects?allOrNone=false&ids={','.join(ident for _ref, ident in part)}"
            answer = self._client.write("DELETE", path, None)
            refused |= _refusals(
                [ref for ref, _ident in part], answer, ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
            )
        return refused

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

    def _person(self, row: Mapping[str, Any]) -> Ref:
        """A member that was converted is named by both: the contact speaks for it."""
        kind = "Contact" if cell(MEMBER, row, "ContactId") is not None else "Lead"
        return Ref(self._side, kind, text(MEMBER, row, _PERSON_FIELDS[kind]))


FLAGS = {"Create": "createable", "Edit": "updateable", "Delete": "deletable"}


def rights(client: Client, kind: str, needed: Collection[str]) -> list[Check]:
    """Whether our user has these rights on an object that leadsync keeps entries in."""
    raw = client.get(f"sobjects/{kind}/describe")
    lacking = [right for right in needed if raw.get(FLAGS[right]) is not True]
    if lacking:
        fix = f"grant our user {listed(lacking)} on {kind} in a permission set"
        return [fail(f"{kind} rights", f"our user lacks {listed(lacking)}", fix)]
    return [ok(f"{kind} rights", f"our user has {listed(needed)}")]


def _refusals(people: Sequence[Ref], answer: Any, harmless: Sequence[str]) -> dict[Ref, SkipRecord]:
    """Who was refused, of an answer with a result for each, in order."""
    if not isinstance(answer, list) or len(answer) != len(people):
        raise Ambiguous(f"Salesforce {MEMBER}: the answer does not say what became of each member")
    refused: dict[Ref, SkipRecord] = {}
    for ref, result in zip(people, answer, strict=True):
        match result:
            case {"success": True}:
                continue
            case {"success": False, "errors": [dict() as first, *_]}:
                problem = rejected(vendor_error(first))
            case _:
                raise Ambiguous(f"Salesforce {MEMBER}: a result that is neither success nor refusal")
        if problem.code not in harmless:
            refused[ref] = problem
    return refused
