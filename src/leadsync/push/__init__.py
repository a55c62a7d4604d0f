"""The one place from which writes go out: an outbox before, a receipt after, and a completer for what was in flight."""

from leadsync.push.entries import Errand, Ran, errand, run_errands
from leadsync.push.groups import Change, Changed, Group, carry, changes, put_in
from leadsync.push.ledger import Pusher
from leadsync.push.recovery import recover, settle_restored
from leadsync.push.sending import Pushed, line_up, lined_up, outgoing, push, send

__all__ = [
    "Change", "Changed", "Errand", "Group", "Pushed", "Pusher", "Ran", "carry", "changes", "errand", "line_up",
    "lined_up", "outgoing", "push", "put_in", "recover", "run_errands", "send", "settle_restored",
]  # fmt: skip
