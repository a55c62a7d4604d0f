"""The state of one installation in one SQLite file: what was read, agreed, decided, written and refused."""

from leadsync.store.besides import GROUP_NOTE, Kept, Place
from leadsync.store.cases import Cells, Conflict, Flapping, IdentityRule, Ruling
from leadsync.store.damage import StoreError
from leadsync.store.database import Store
from leadsync.store.rows import Outgoing, Reject, Seen, Written
from leadsync.store.scratch import Pairs, Scratch, Shelf
from leadsync.store.survey import Survey, Told

__all__ = [
    "GROUP_NOTE",
    "Cells",
    "Conflict",
    "Flapping",
    "IdentityRule",
    "Kept",
    "Outgoing",
    "Pairs",
    "Place",
    "Reject",
    "Ruling",
    "Scratch",
    "Seen",
    "Shelf",
    "Store",
    "StoreError",
    "Survey",
    "Told",
    "Written",
]
