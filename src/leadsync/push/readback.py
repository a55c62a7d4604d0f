"""What a CRM made of our value, and whether somebody else changed it since: read from what now stands there. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leadsync.mapping.compare import same
from leadsync.records import Record, Value, is_blank, value_text

SHORTEST_CUT = 8
"""Characters: a shorter beginning of our text may just as well be another person's word."""


def settled(sent: Value, there: Value, *, by_us: bool | None) -> Value:
    """What our acknowledged write counts as: what stands there, as the CRM's spelling of it; but what was sent, where
    somebody else changed the record since and it is no spelling of ours: then it is an edit to be looked at."""
    if by_us is False and not same(sent, there, "exact") and not respelled(sent, there):
        return sent
    return there


def arrived(changes: Mapping[str, tuple[Value, Value]], record: Record) -> bool:
    """Whether a write of these fields, name → (old, sent), whose answer was lost has been applied to the record.

    A write is applied as a whole. So it was, where every field has our value, or another than before that the record's
    last writer, ourselves, or a CRM's way of spelling accounts for; and where one has ours and all others are no longer
    what they were. A field that still has its old value says that it was not; one that was not read (it was taken out
    of the mapping since) says nothing.
    """
    moved = {name: pair for name, pair in changes.items() if not same(*pair, "exact")}
    there = {name: record.fields[name] for name in moved if name in record.fields}
    if not there or any(same(value, moved[name][0], "exact") for name, value in there.items()):
        return not moved  # nothing was to become another value
    if record.by_us is True:
        return True
    return any(same(value, moved[n][1], "exact") or respelled(moved[n][1], value) for n, value in there.items())


def respelled(sent: Value, there: Value) -> bool:
    """Whether a value can be a CRM's spelling of ours: cut, other case, blanks or signs, rounded, another date form.
    Cut and in another case at once is a person's."""
    if is_blank(sent) or is_blank(there):
        return False
    a, b = _bare(sent), _bare(there)
    if a.casefold() == b.casefold() or (len(b) >= SHORTEST_CUT and a.startswith(b)):
        return bool(b)
    return _rounded(sent, there) or any(same(sent, there, how) for how in ("datetime", "date", "set") if a and b)


def _bare(value: Value) -> str:
    return "".join(sign for sign in value_text(value) if sign.isalnum())


def _rounded(sent: Value, there: Value) -> bool:
    """The same number to the decimals that stand there."""
    whole, _, decimals = value_text(there).strip().partition(".")
    digits = f"{whole.removeprefix('-')}{decimals}"
    return digits.isdecimal() and len(decimals) <= 9 and same(sent, there, f"number({len(decimals)})")
