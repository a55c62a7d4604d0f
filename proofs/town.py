"""Two CRMs that normalise what they are given, and everything that people do in them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

from tests.engine import Stage
from tests.fakes import PERSON, Shelf

from leadsync.files import mappings_folder
from leadsync.mapping.model import Direction, FieldMap, ObjectMap, Target
from leadsync.records import Record, Ref, Value

OURS = Path(__file__).parent / "mappings"
TITLE_LENGTH = 20

FIELDS: Mapping[str, Mapping[str, str]] = {
    "hubspot": {
        "email": "email", "first": "firstname", "last": "lastname", "phone": "phone", "title": "jobtitle",
        "city": "city", "country": "country", "company": "company", "score": "leadsync_score",
        "grade": "leadsync_grade", "stage": "leadsync_stage", "lifecycle": "lifecyclestage",
    },
    "salesforce": {
        "email": "Email", "first": "FirstName", "last": "LastName", "phone": "Phone", "title": "Title",
        "city": "City", "country": "Country", "company": "Company", "score": "LeadSync_Score__c",
        "grade": "LeadSync_Grade__c", "stage": "LeadSync_Stage__c", "lifecycle": "Status",
    },
}  # fmt: skip
"""What people call a field → what it is called in each CRM."""

CONTACT_NAMES = {"City": "MailingCity", "Country": "MailingCountry"}
"""Fields that a Salesforce contact has under another name than a lead."""

VALUES: Mapping[str, tuple[Value, ...]] = {
    "first": ("Ada", " Ada", "Bob", ""),
    "last": ("Lovelace", "Byron", "King "),
    "phone": ("123", "1-2-3", "5551234567", "(555) 123-4567", ""),
    "title": ("CTO", "Chief Technology Officer", "chief technology officer and much more", ""),
    "city": ("London", "london", "Paris", ""),
    "country": ("France", "FRANCE", "Spain", ""),
    "company": ("Acme", "Acme Ltd", ""),
    "score": ("1", "99", ""),
    "grade": ("Z9", ""),
    "stage": ("lead", "mql", ""),
    "lifecycle": ("lead", "opportunity", "customer", ""),
}
"""What people type: few values, so that both sides often type the same, and spellings that a CRM changes."""


SHARED = ("first", "last", "phone", "title", "city", "country")
"""What both sides keep in agreement."""


def hubspot_spelling(name: str, value: Value) -> Value:
    """HubSpot keeps text: blank is "", numbers and truth are words, addresses are in lower case."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    return text.lower() if name == "email" else text


def salesforce_spelling(name: str, value: Value) -> Value:
    """Salesforce trims, keeps no blank text, cuts titles, and formats American telephone numbers."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if name == "Title":
        text = text[:TITLE_LENGTH]
    digits = "".join(filter(str.isdigit, text))
    if name == "Phone" and len(digits) == 10:
        text = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    return text or None


@cache
def mappings() -> Path:
    """The shipped mapping files, with few fields instead of the shipped ones; the folder goes with the process."""
    owner = os.getpid()
    folder = Path(tempfile.mkdtemp(prefix="leadsync-proof-"))
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)
    for source in (*mappings_folder().glob("*.toml"), *OURS.glob("*.toml")):
        shutil.copyfile(source, folder / source.name)
    return folder


def town(folder: Path, *, batch_size: int = 2, page: int = 2) -> Stage:
    """Two empty CRMs with small pages and batches, so that few records make many calls."""
    stage = Stage(folder, mappings=mappings(), batch_size=batch_size, page=page)
    stage.hubspot.spell = hubspot_spelling
    stage.salesforce.spell = salesforce_spelling
    stage.salesforce.tells = True
    stage.hubspot.answers = True
    return stage


# ---- what people do


def arrive(stage: Stage, number: int, side: str, *, good: bool = False, **more: Value) -> Ref:
    """A person appears in one CRM; a good one is senior and asked for a demo."""
    shelf = stage.sides[side]
    kind = "contacts" if side == "hubspot" else "Lead"
    facts: dict[str, Value] = {
        "email": f"p{number}@acme.example",
        "first": f"Ann{number}",
        "last": f"Lee{number}",
        "title": "CTO" if good else "Clerk",
        "company": "Acme",
        "phone": f"20{number}",
        **more,
    }
    typed = {FIELDS[side][name]: value for name, value in facts.items()}
    ref = shelf.make(kind, {name: shelf.spell(name, value) for name, value in typed.items()}, {}, PERSON)
    if good:
        shelf.touch(ref, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    return ref


def both(stage: Stage, number: int, *, good: bool = False) -> tuple[Ref, Ref]:
    """A person who is in both CRMs."""
    return arrive(stage, number, "hubspot", good=good), arrive(stage, number, "salesforce")


def vendor_name(ref: Ref, name: str) -> str:
    """What the CRM's object calls a field."""
    given = FIELDS[ref.side][name]
    return CONTACT_NAMES.get(given, given) if ref.kind == "Contact" else given


def by_vendor_name(mapping: ObjectMap, side: str, kind: str) -> dict[str, tuple[FieldMap, Target]]:
    """A vendor field's rule; the one that writes it where several fields share it."""
    found: dict[str, tuple[FieldMap, Target]] = {}
    for mapped, target in mapping.targets(side, kind):
        if target.name not in found or target.direction is not Direction.READ:
            found[target.name] = (mapped, target)
    return found


def edit(stage: Stage, ref: Ref, name: str, value: Value) -> bool:
    """A person types a value into a field, and the CRM makes its own of it; whether that changed anything."""
    shelf = stage.sides[ref.side]
    field = vendor_name(ref, name)
    spelled = shelf.spell(field, value)
    if ref not in shelf.records or shelf.records[ref].fields.get(field) == spelled:
        return False
    shelf.change(ref, {field: spelled}, PERSON)
    return True


def people(shelf: Shelf, *, deleted: bool = False) -> list[Record]:
    """The records of people that can be edited, or those in the bin."""
    kinds = ("contacts", "Lead", "Contact")
    there = [r for r in shelf.records.values() if r.ref.kind in kinds and r.deleted is deleted]
    return [r for r in there if not r.read_only and r.successor is None]


def leads(shelf: Shelf) -> list[Record]:
    """Records that can be converted."""
    return [r for r in people(shelf) if r.ref.kind == "Lead"]


def holdings(stage: Stage) -> dict[Ref, dict[str, Value]]:
    """What both CRMs hold, without what is in the bin."""
    return {r.ref: dict(r.fields) for s in stage.sides.values() for r in s.records.values() if not r.deleted}
