"""The state of one installation in one SQLite file: what was read, agreed, decided, written and refused."""

from leadsync.store.database import Store, StoreError
from leadsync.store.rows import Outgoing, Reject, Seen, Written

__all__ = ["Outgoing", "Reject", "Seen", "Store", "StoreError", "Written"]
