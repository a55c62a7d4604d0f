"""Customizable Campaign Influence: campaigns' shares of opportunities, in a model that an admin made for leadsync."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from leadsync.checks import attempt, fail, ok
from leadsync.connector import Check
from leadsync.connector.besides import Deal, Entry, Standing
from leadsync.errors import Misconfigured, SkipRecord, Unreadable
from leadsync.records import Ref
from leadsync_salesforce.campaigns import rights
from leadsync_salesforce.client import Client
from leadsync_salesforce.push import BATCH
from leadsync_salesforce.query import PER_LIST, among, cell, literal, select, text
from leadsync_salesforce.records import moment
from leadsync_salesforce.saving import Rows, delete, save

INFLUENCE, MODEL, DEAL, ROLE = "CampaignInfluence", "CampaignInfluenceModel", "Opportunity", "OpportunityContactRole"
FIELDS = ("Id", "OpportunityId", "CampaignId", "ContactId", "Influence")
PRIMARY = "primaryModel"
"""The developer name of the model "Primary Campaign Source", whose rows Salesforce makes itself: what others add there
is deleted when it is recalculated; Salesforce object reference, "CampaignInfluence"."""
MODEL_IDS = "03V"
NOBODY = "-"


class Influence:
    """The rows of one model. `models`: ids by the name an admin gave, as far as they were looked up."""

    def __init__(self, client: Client, side: str, rows: Rows, models: dict[str, str]) -> None:
        self._client, self._side, self._rows, self._models = client, side, rows, models

    # ---- deals

    def deals(self) -> Iterator[Deal]:
        """All open opportunities with the contacts that have a role in them. They are read whole each time: a role that
        was deleted is shown by no query."""
        people: dict[str, list[str]] = defaultdict(list)
        for row in self._rows(ROLE, select(ROLE, ("OpportunityId", "ContactId"), f"{DEAL}.IsClosed = false")):
            people[text(ROLE, row, "OpportunityId")].append(text(ROLE, row, "ContactId"))
        for row in self._rows(DEAL, select(DEAL, ("Id", "AccountId", "CreatedDate"), "IsClosed = false")):
            ident, account = text(DEAL, row, "Id"), cell(DEAL, row, "AccountId")
            try:
                opened = moment(cell(DEAL, row, "CreatedDate"))
            except ValueError:
                raise Unreadable(f"Salesforce {DEAL} {ident}: CreatedDate holds no time") from None
            with_role = dict.fromkeys(people.get(ident, ()))
            yield Deal(
                Ref(self._side, DEAL, ident),
                opened,
                None if account is None else Ref(self._side, "Account", str(account)),
                tuple(Ref(self._side, "Contact", contact) for contact in with_role),
            )

    # ---- rows

    def entries(self, place: str, asked: Sequence[Entry]) -> list[Standing]:
        """All rows of the model for the asked opportunities. Who modified one last tells nothing: Salesforce may do so
        when the opportunity's amount changes."""
        ours = {_short(*_ids(entry)): entry.key for entry in asked}
        model = literal(self._model(place))
        found = []
        for condition in among("OpportunityId", [entry.about["deal"].id for entry in asked]):
            for row in self._rows(INFLUENCE, select(INFLUENCE, FIELDS, f"{condition} AND ModelId = {model}")):
                deal, campaign = text(INFLUENCE, row, "OpportunityId"), text(INFLUENCE, row, "CampaignId")
                contact = cell(INFLUENCE, row, "ContactId") or NOBODY
                key = ours.get(_short(deal, campaign, contact), f"{deal}/{campaign}/{contact}")
                said = {"share": cell(INFLUENCE, row, "Influence")}
                found.append(Standing(key, text(INFLUENCE, row, "Id"), deal, values=said))
        return found

    def put(self, place: str, entries: Sequence[Entry]) -> dict[str, str | SkipRecord]:
        """Change shares, and make rows."""
        change = {e.key: _change(e) for e in entries if e.id is not None}
        make = {e.key: _new(e, self._model(place)) for e in entries if e.id is None}
        return {**save(self._client, "PATCH", change), **save(self._client, "POST", make)}

    def take_away(self, entries: Sequence[Entry]) -> dict[str, SkipRecord]:
        """Delete rows."""
        return delete(self._client, {e.key: e.id for e in entries if e.id is not None})

    @staticmethod
    def calls(made: int, changed: int, taken: int) -> int:
        """The model, looks at the opportunities, and what is sent."""
        sent = sum(-(-n // BATCH) for n in (made, changed, taken))
        return 1 + -(-(made + changed + taken) // PER_LIST) + sent

    # ---- the model

    def _model(self, place: str) -> str:
        """The model's id; raises Misconfigured for one that is not there or that Salesforce fills itself."""
        if place not in self._models:
            self._models[place] = text(MODEL, self._look_up(place), "Id")
        return self._models[place]

    def _look_up(self, place: str) -> Mapping[str, Any]:
        name = "Id" if place.startswith(MODEL_IDS) and len(place) in (15, 18) else "DeveloperName"
        fields = ("Id", "DeveloperName", "MasterLabel", "IsModelLocked")
        rows = list(self._rows(MODEL, select(MODEL, fields, f"{name} = {literal(place)}")))
        if not rows:
            raise Misconfigured(
                f"Salesforce: there is no campaign influence model {place!r} that our user may see. Make one in Setup "
                "> Campaign Influence > Model Settings, and give its API name or id in attribution.toml [influence]; a "
                "user without View Setup and Configuration finds it by its id alone."
            )
        if cell(MODEL, rows[0], "DeveloperName") == PRIMARY:
            raise Misconfigured(
                f"Salesforce: {place!r} is the model Primary Campaign Source, whose rows Salesforce makes itself: make "
                "a model of leadsync's own, and give that in attribution.toml [influence]"
            )
        return rows[0]

    def check(self, place: str) -> list[Check]:
        """The rights on influence, deals and their roles, and the model."""
        found = attempt(INFLUENCE, partial(rights, self._client, INFLUENCE, ("Create", "Edit", "Delete")), ENABLE)
        for kind in (DEAL, ROLE):
            found += attempt(kind, partial(self._readable, kind), f"grant our user Read on {kind} in a permission set")
        return [*found, *attempt("influence model", partial(self._check_model, place))]

    def _readable(self, kind: str) -> list[Check]:
        raw = self._client.get(f"sobjects/{kind}/describe")
        if raw.get("queryable") is not True:
            return [fail(kind, "our user lacks Read", f"grant our user Read on {kind} in a permission set")]
        return [ok(kind, "readable")]

    def _check_model(self, place: str) -> list[Check]:
        row = self._look_up(place)
        locked = cell(MODEL, row, "IsModelLocked") is True
        advice = "; lock it, so that nobody else edits its rows by hand" if not locked else ", locked for people"
        return [ok("influence model", f"{cell(MODEL, row, 'MasterLabel')!r}{advice}")]


ENABLE = "enable Customizable Campaign Influence in Setup, and grant our user Read, Create, Edit, Delete on it"


def _ids(entry: Entry) -> tuple[str, str, str]:
    about = entry.about
    return about["deal"].id, about["campaign"].id, about["person"].id if "person" in about else NOBODY


def _short(*ids: str) -> tuple[str, ...]:
    """An id of 15 characters means that of 18 which begins with it."""
    return tuple(ident[:15] for ident in ids)


def _change(entry: Entry) -> dict[str, Any]:
    return {"attributes": {"type": INFLUENCE}, "id": entry.id, "Influence": entry.values["share"]}


def _new(entry: Entry, model: str) -> dict[str, Any]:
    deal, campaign, contact = _ids(entry)
    return {
        "attributes": {"type": INFLUENCE},
        "OpportunityId": deal,
        "CampaignId": campaign,
        **({"ContactId": contact} if contact != NOBODY else {}),
        "ModelId": model,
        "Influence": entry.values["share"],
    }
