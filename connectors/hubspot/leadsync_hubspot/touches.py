"""What people did: submissions of forms, and e-mails, meetings and calls."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from leadsync.connector import Page, Unread
from leadsync.errors import BadRecord, Unreadable
from leadsync.records import Record, Ref, Touch
from leadsync_hubspot.client import Client, Refused
from leadsync_hubspot.cursor import FormPosition, FormsPosition, dump, load_forms
from leadsync_hubspot.records import moment, next_after

SUBMISSIONS = 50  # submissions of one page; HubSpot, form submissions
FORMS = 100
FORM_TYPES = ("hubspot", "captured", "flow")
"""HubSpot's own, those found on websites, and pop-ups; unasked, HubSpot lists the first alone. Comments on a blog are
left out. HubSpot, forms guide, "Form types"."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Activity:
    """Which properties of an engagement say what a touch wants to know."""

    type: str
    source: str
    name: str
    status: str

    @property
    def properties(self) -> tuple[str, ...]:
        """All to ask for."""
        return ("hs_timestamp", self.source, self.name, self.status)


ACTIVITIES: Mapping[str, Activity] = {
    "emails": Activity("email", "hs_email_direction", "hs_email_subject", "hs_email_status"),
    "meetings": Activity("meeting", "hs_activity_type", "hs_meeting_title", "hs_meeting_outcome"),
    "calls": Activity("call", "hs_call_direction", "hs_call_title", "hs_call_status"),
}


# ---- engagements


def activity_page(page: Page, activity: Activity, *, seen: bool) -> Page:
    """A page of engagements as touches: one for each contact that took part. `seen`: whether some of them may have been
    told of before, by other contacts in another order."""
    touches: list[Touch] = []
    unread = list(page.unread)
    for record in page.records:
        if record.deleted:
            continue  # its contacts are no longer told; what was done stays done
        try:
            told = list(touches_of(record, activity))
            touches += [*told, *(_not_twice(told[0]) if seen and told else ())]
        except BadRecord as problem:
            unread.append(Unread(record.ref, str(problem), problem.hint))
    return replace(page, records=(), touches=tuple(touches), unread=tuple(unread))


def touches_of(record: Record, activity: Activity) -> Iterator[Touch]:
    """One engagement's touches; raises BadRecord when it has no time."""
    try:
        at = moment(record.fields.get("hs_timestamp"))
    except (ValueError, OverflowError):
        raise BadRecord("property hs_timestamp is not a date", fields=("hs_timestamp",)) from None
    for place, contact in enumerate(record.links.get("contacts", ())):
        ident = record.ref.id if place == 0 else f"{record.ref.id}:{contact}"
        yield Touch(
            ref=Ref(record.ref.side, record.ref.kind, ident),
            person=Ref(record.ref.side, "contacts", contact),
            at=at,
            type=activity.type,
            source=_text(record, activity.source),
            name=_text(record, activity.name),
            status=_text(record, activity.status),
        )


def _not_twice(first: Touch) -> Iterator[Touch]:
    """Who is the first of an engagement now may have been another one of it before, and is not to count as both."""
    yield replace(first, ref=replace(first.ref, id=f"{first.ref.id}:{first.person.id}"), deleted=True)


def _text(record: Record, name: str) -> str:
    value = record.fields.get(name)
    return "" if value is None else str(value)


# ---- forms


class Forms:
    """The submissions of all forms. A submission carries an e-mail, not a contact's id."""

    def __init__(self, client: Client, side: str, overlap: float) -> None:
        self.client, self.side, self.overlap = client, side, round(overlap * 1000)

    def pages(self, cursor: str) -> Iterator[Page]:
        """Every page from the cursor on, form by form; each form's newest come first."""
        position = load_forms(cursor)
        for guid, name in self._forms():
            for page, stand in self._form(guid, name, position.forms.get(guid, FormPosition())):
                position = FormsPosition({**position.forms, guid: stand})
                yield replace(page, cursor=dump(position))
        if not position.forms:
            yield Page(cursor=dump(position))

    def _forms(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        after = ""
        while True:
            answer = self.client.forms(limit=FORMS, form_types=FORM_TYPES, **({"after": after} if after else {}))
            found += [_form_of(item) for item in answer["results"]]
            following = next_after(answer)
            if not following:
                return found
            if following == after:
                raise Unreadable("HubSpot answered the list of forms with the same page again")
            after = following

    def _form(self, guid: str, name: str, stand: FormPosition) -> Iterator[tuple[Page, FormPosition]]:
        """Read back in time to what was seen before; only then the form's `seen` moves. A form that HubSpot lists and
        does not let be read, because it was archived just now or is of a kind without submissions, is set aside, and
        begun anew next time: HubSpot may know no more of the page where a pass was cut short."""
        edge = stand.seen - self.overlap
        while True:
            more = {"after": stand.after} if stand.after else {}
            try:
                answer = self.client.submissions(guid, limit=SUBMISSIONS, **more)
            except Refused as problem:
                reason = f"the submissions of the form {name!r} cannot be read: {problem}"
                unread = Unread(Ref(self.side, "forms", guid), reason, "archive the form in HubSpot, or ask there")
                yield Page(unread=(unread,)), replace(stand, after="")
                return
            items = answer["results"]
            times = [_submitted(item) for item in items]
            fresh = [item for item, at in zip(items, times, strict=True) if at > edge]
            page = self._page(guid, name, fresh)
            stand = replace(stand, top=max([stand.top, *times]))
            following = next_after(answer)
            if not following or len(fresh) < len(items):
                yield page, FormPosition(seen=max(stand.seen, stand.top))
                return
            if following == stand.after:
                raise Unreadable("HubSpot answered a form's submissions with the same page again")
            stand = replace(stand, after=following)
            yield page, stand

    def _page(self, guid: str, name: str, items: list[Json]) -> Page:
        touches: list[Touch] = []
        unread: list[Unread] = []
        for item in items:
            ref = Ref(self.side, "forms", submission_id(guid, item))
            email = _email(item)
            if email:
                at = moment(str(_submitted(item)))
                person = Ref(self.side, "email", email)
                touches.append(Touch(ref, person, at, "form_submission", name=name))
            else:
                unread.append(Unread(ref, "the submission carries no e-mail", "add an e-mail field to the form"))
        return Page(touches=tuple(touches), unread=tuple(unread))


def _form_of(item: Mapping[str, Any]) -> tuple[str, str]:
    if not isinstance(item.get("id"), str):
        raise Unreadable("HubSpot lists a form that has no id")
    return item["id"], str(item.get("name", ""))


def _submitted(item: Mapping[str, Any]) -> int:
    at = item.get("submittedAt")
    if isinstance(at, bool) or not isinstance(at, int):
        raise Unreadable("HubSpot answered with a form submission that has no time")
    return at


def _email(item: Mapping[str, Any]) -> str:
    values = item.get("values")
    fields = values if isinstance(values, list) else []
    found = next((f.get("value") for f in fields if isinstance(f, dict) and f.get("name") == "email"), None)
    return found.strip().lower() if isinstance(found, str) else ""


_READABLE = re.compile(r"[\w-]*", re.ASCII)
"""HubSpot's are UUIDs; a sign that was cut in two arrives as a question mark, and would make it another submission."""


def submission_id(guid: str, item: Mapping[str, Any]) -> str:
    """A submission's id: HubSpot's own where it has one, else derived from what makes it unique."""
    own = item.get("conversionId")
    if own is not None and not (isinstance(own, str) and _READABLE.fullmatch(own)):
        raise Unreadable("HubSpot answered with a form submission whose id cannot be read")
    if own:
        return f"{guid}:{own}"
    mark = hashlib.sha256(f"{_submitted(item)}/{_email(item)}".encode()).hexdigest()[:20]
    return f"{guid}:{mark}"
