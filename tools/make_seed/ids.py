"""Ids as the vendors form them: Salesforce's 18 characters with their check suffix, HubSpot's form GUIDs."""

from __future__ import annotations

import string
import uuid

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
SUFFIX = string.ascii_uppercase + "012345"  # Salesforce help, "How do I convert a 15 character id to 18?"
PREFIX = {
    "User": "005",
    "Account": "001",
    "Contact": "003",
    "Lead": "00Q",
    "Campaign": "701",
    "CampaignMember": "00v",
}  # key prefixes of the standard objects
INSTANCE = "5g000000"  # an org's part of its ids
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122, names that are URLs


def with_suffix(short: str) -> str:
    """The 18-character form of a 15-character id: each suffix letter tells which of 5 characters are capitals.

    >>> with_suffix("001D000000IqhSL")
    '001D000000IqhSLIAZ'
    """
    chunks = (short[n : n + 5] for n in (0, 5, 10))
    return short + "".join(SUFFIX[sum(char.isupper() << n for n, char in enumerate(chunk))] for chunk in chunks)


def salesforce_id(kind: str, number: int) -> str:
    """The id of the number-th record of an object. Raises KeyError for an object without a known key prefix."""
    digits = ""
    for _ in range(4):
        number, rest = divmod(number, len(BASE62))
        digits = BASE62[rest] + digits
    return with_suffix(f"{PREFIX[kind]}{INSTANCE}{digits}")


def form_guid(name: str) -> str:
    """A form's GUID, the same in every run."""
    return str(uuid.uuid5(NAMESPACE, f"https://leadsync.example/forms/{name}"))
