"""What Salesforce has no REST call for: converting a lead and merging records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.computed import computed
from leadsync_salesforce.sandbox.dml import Actor, bury, create, present
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.ids import checked
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.schema import MERGEABLE, ObjectDef
from leadsync_salesforce.sandbox.table import Row

CONTACT_FIELDS = (
    *("LastName", "FirstName", "Salutation", "Title", "Phone", "MobilePhone", "Fax", "Email", "LeadSource"),
    *("Description", "HasOptedOutOfEmail", "DoNotCall"),
)
ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
ACCOUNT_FIELDS = {"Phone": "Phone", "Website": "Website", "Industry": "Industry", "AnnualRevenue": "AnnualRevenue"}
REPARENTED = ("CampaignMember", "Task", "Event", "Opportunity", "Contact")


def _touch(org: Org, actor: Actor, obj: ObjectDef, row: Row, changes: Row) -> Row:
    now = org.now()
    stamps: Row = {"LastModifiedById": actor.user, "LastModifiedDate": now, "SystemModstamp": now}
    after = computed(org, obj, {**row, **changes, **{k: v for k, v in stamps.items() if obj.field(k)}})
    org.store(obj, after)
    org.remember(str(row["Id"]), actor.user, row, after)
    return after


def _fill(org: Org, actor: Actor, obj: ObjectDef, ident: str, values: Row) -> None:
    """Into a record that is there only what is empty goes."""
    row = present(org, obj, ident)
    _touch(org, actor, obj, row, {k: v for k, v in values.items() if row.get(k) is None and v is not None})


def _copied_custom(lead: Row, target: ObjectDef) -> Row:
    custom = [f for f in target.fields.values() if f.custom and not f.unique]
    return {f.name: lead[f.name] for f in custom if lead.get(f.name) is not None}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is to become of a lead. `opportunity`: its name, "" for the company's, None for none at all."""

    lead: str
    account: str = ""
    contact: str = ""
    status: str = "Closed - Converted"
    opportunity: str | None = None
    overwrite_source: bool = False


def convert(org: Org, actor: Actor, wanted: Conversion) -> dict[str, str]:
    """Turn a lead into a contact at an account, new or given; gives the ids. Raises ApiError, and has then done
    nothing."""
    roll_back = org.transaction()
    try:
        return _converted(org, actor, wanted)
    except ApiError:
        roll_back()
        raise


def _converted(org: Org, actor: Actor, wanted: Conversion) -> dict[str, str]:
    leads = org.object("Lead")
    lead = present(org, leads, wanted.lead)
    if lead.get("IsConverted") is True:
        raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=[])
    statuses = org.tables["LeadStatus"].having("MasterLabel", wanted.status)
    if not any(row.get("IsConverted") is True for row in statuses):
        raise ApiError("INVALID_STATUS", f"invalid convertedStatus: {wanted.status}", fields=[])
    account = _account_of(org, actor, lead, wanted.account)
    contact = _contact_of(org, actor, lead, wanted, account)
    done: Row = {"ConvertedAccountId": account, "ConvertedContactId": contact}
    ids = {"leadId": str(lead["Id"]), "accountId": account, "contactId": contact}
    if wanted.opportunity is not None:
        ids["opportunityId"] = _opportunity_of(org, actor, lead, wanted.opportunity, account)
        done["ConvertedOpportunityId"] = ids["opportunityId"]
    status: Row = {"IsConverted": True, "ConvertedDate": org.now()[:10], "Status": wanted.status}
    _touch(org, actor, leads, lead, done | status)
    _reparent_members(org, actor, lead, contact)
    return ids


def _account_of(org: Org, actor: Actor, lead: Row, ident: str) -> str:
    accounts = org.object("Account")
    company: Row = {to: lead.get(frm) for frm, to in ACCOUNT_FIELDS.items()}
    company |= {f"Billing{part}": lead.get(part) for part in ADDRESS}
    if not ident:
        return create(org, actor, accounts, {"Name": lead.get("Company"), **_given(company)})
    _fill(org, actor, accounts, ident, company)
    return str(checked(ident))


def _contact_of(org: Org, actor: Actor, lead: Row, wanted: Conversion, account: str) -> str:
    contacts = org.object("Contact")
    person: Row = {name: lead.get(name) for name in CONTACT_FIELDS}
    person |= {f"Mailing{part}": lead.get(part) for part in ADDRESS}
    custom = _copied_custom(lead, contacts)
    if not wanted.contact:
        system = Actor(actor.user, allow_duplicates=True)
        made = create(org, system, contacts, {**_given(person), "AccountId": account})
        _fill(org, actor, contacts, made, custom)  # also what the user may not write: a conversion asks nobody's rights
        return made
    _fill(org, actor, contacts, wanted.contact, person | custom)
    if wanted.overwrite_source:
        _touch(org, actor, contacts, present(org, contacts, wanted.contact), {"LeadSource": lead.get("LeadSource")})
    return str(checked(wanted.contact))


def _opportunity_of(org: Org, actor: Actor, lead: Row, name: str, account: str) -> str:
    """It begins in the first stage and is to be closed with the quarter."""
    opportunities = org.object("Opportunity")
    stage = opportunities.fields["stagename"].values[0]
    today = org.clock().date()
    month = (today.month - 1) // 3 * 3 + 4
    after = date(today.year + month // 13, (month - 1) % 12 + 1, 1)
    values: Row = {"Name": name or f"{lead.get('Company')}-", "AccountId": account, "StageName": stage}
    values["CloseDate"] = (after - timedelta(days=1)).isoformat()
    return create(org, actor, opportunities, {**values, **_given({"LeadSource": lead.get("LeadSource")})})


def _given(values: Row) -> Row:
    return {name: value for name, value in values.items() if value is not None}


def _reparent_members(org: Org, actor: Actor, lead: Row, contact: str) -> None:
    members = org.object("CampaignMember")
    for member in org.table(members).having("LeadId", lead["Id"]):
        _touch(org, actor, members, member, {"ContactId": contact})


def merge(org: Org, actor: Actor, kind: str, master_id: str, loser_ids: Sequence[str]) -> str:
    """Merge up to two records into a third; the losers go to the recycle bin with MasterRecordId. Raises ApiError."""
    obj = org.object(kind)
    if obj.name not in MERGEABLE or not 1 <= len(loser_ids) <= 2:
        raise ApiError("INVALID_OPERATION", "one or two leads, contacts or accounts can be merged into another")
    master = present(org, obj, master_id)
    for loser_id in loser_ids:
        loser = present(org, obj, loser_id)
        empty: Row = {
            f.name: loser[f.name]
            for f in obj.fields.values()
            if f.updateable and not f.unique and master.get(f.name) is None and loser.get(f.name) is not None
        }
        master = _touch(org, actor, obj, master, empty)
        for child in REPARENTED:
            _reparent(org, actor, org.object(child), str(loser["Id"]), str(master["Id"]))
        bury(org, actor, obj, loser, str(master["Id"]))
    return str(master["Id"])


def _reparent(org: Org, actor: Actor, child: ObjectDef, old: str, new: str) -> None:
    for field in [f for f in child.fields.values() if f.refers and f.createable]:
        for row in org.table(child).having(field.name, old):
            _touch(org, actor, child, row, {field.name: new})


def _actor(org: Org, body: Mapping[str, Any]) -> Actor:
    users = list(org.tables["User"].rows)
    return Actor(str(body.get("user", users[-1])))


def convert_reply(org: Org, body: Mapping[str, Any]) -> Reply:
    """Control: POST convert {"lead", "account"?, "contact"?, "opportunity"?: its name, "user"?}."""
    try:
        account, contact = str(body.get("account", "")), str(body.get("contact", ""))
        opportunity = str(body["opportunity"]) if "opportunity" in body else None
        wanted = Conversion(str(body["lead"]), account, contact, opportunity=opportunity)
        return json_reply(200, convert(org, _actor(org, body), wanted))
    except ApiError as refused:
        return refused.reply()


def merge_reply(org: Org, body: Mapping[str, Any]) -> Reply:
    """Control: POST merge {"object", "master", "losers": [ids], "user"?}."""
    try:
        master = merge(org, _actor(org, body), str(body["object"]), str(body["master"]), list(body["losers"]))
        return json_reply(200, {"master": master})
    except ApiError as refused:
        return refused.reply()
