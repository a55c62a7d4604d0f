"""The pages at `/` of a sandbox, where a person looks at records and edits them as a CRM's user would.

A vendor's sandbox gives a `Browsable` and nothing else: routing, markup, paging and the guard against forms of other
origins are here. The pages need no script and work in any browser.
"""

from leadsync.sandbox.pages.app import answer, is_page
from leadsync.sandbox.pages.model import (
    PAGE_SIZE,
    Browsable,
    Entry,
    FieldView,
    Line,
    Link,
    Listing,
    NoSuch,
    ObjectView,
    RecordView,
    Refusal,
    User,
    cut,
)

__all__ = [
    "PAGE_SIZE",
    "Browsable",
    "Entry",
    "FieldView",
    "Line",
    "Link",
    "Listing",
    "NoSuch",
    "ObjectView",
    "RecordView",
    "Refusal",
    "User",
    "answer",
    "cut",
    "is_page",
]
