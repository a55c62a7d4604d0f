"""Associations: which record is tied to which, with their types; the first company of a contact is its primary."""

from __future__ import annotations

from collections.abc import Iterator

Node = tuple[str, str]
"""(kind, id)."""

CATEGORY, USER = "HUBSPOT_DEFINED", "USER_DEFINED"
UNLABELED: dict[tuple[str, str], int] = {
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("leads", "contacts"): 578,
    ("contacts", "leads"): 579,
    ("notes", "contacts"): 202,
    ("contacts", "notes"): 201,
    ("emails", "contacts"): 198,
    ("contacts", "emails"): 197,
    ("tasks", "contacts"): 204,
    ("contacts", "tasks"): 203,
    ("meetings", "contacts"): 200,
    ("contacts", "meetings"): 199,
    ("calls", "contacts"): 194,
    ("contacts", "calls"): 193,
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
}
"""Default types; HubSpot, associations v4 guide, "association type ID values"."""
PRIMARY: dict[tuple[str, str], int] = {
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
}
_CUSTOM_FROM = 10_000
SINGULAR_V3 = {"contacts": "contact", "companies": "company", "deals": "deal"}


def default_type(a: str, b: str) -> int:
    """The type of a plain association; pairs HubSpot does not number get one of their own."""
    return UNLABELED.get((a, b)) or _CUSTOM_FROM + sum(map(ord, f"{a}>{b}"))


class Links:
    """All associations, kept in both directions, and the labels that the account's users defined.

    `labels`: (from, to) → type → label. `inverse`: a label's type → the type that the other side shows.
    """

    def __init__(self) -> None:
        self._ties: dict[tuple[str, str, str], dict[str, set[int]]] = {}
        self.labels: dict[tuple[str, str], dict[int, str]] = {}
        self.inverse: dict[tuple[str, str, int], int] = {}
        self._labelled = 0

    def known(self, a: str, b: str) -> dict[int, str | None]:
        """Every type that may tie the two, with its label; the plain one first."""
        plain: dict[int, str | None] = {default_type(a, b): None}
        primary: dict[int, str | None] = {PRIMARY[a, b]: "Primary"} if (a, b) in PRIMARY else {}
        return {**plain, **primary, **self.labels.get((a, b), {})}

    def define(self, a: str, b: str, label: str, inverse: str | None) -> list[int]:
        """Make a label; one number for both directions, or two where the other direction reads otherwise."""
        self._labelled += 1
        number = 2 * self._labelled - 1
        back = number if inverse is None else number + 1
        self.labels.setdefault((a, b), {})[number] = label
        self.labels.setdefault((b, a), {})[back] = label if inverse is None else inverse
        self.inverse[a, b, number], self.inverse[b, a, back] = back, number
        return list(dict.fromkeys([number, back]))

    def undefine(self, a: str, b: str, number: int) -> None:
        """Take a label away, from the records too."""
        back = self.inverse.pop((a, b, number))
        self.inverse.pop((b, a, back), None)
        for left, right, gone in ((a, b, number), (b, a, back)):
            self.labels.get((left, right), {}).pop(gone, None)
            for (kind, _, other), ties in self._ties.items():
                if (kind, other) == (left, right):
                    for types in ties.values():
                        types.discard(gone)

    def unlabel(self, a: Node, b: Node, types: set[int]) -> None:
        """Take labels off an association; it stays, plainly."""
        for number in types & self.labels.get((a[0], b[0]), {}).keys():
            self._ties.get((*a, b[0]), {}).get(b[1], set()).discard(number)
            back = self.inverse[a[0], b[0], number]
            self._ties.get((*b, a[0]), {}).get(a[1], set()).discard(back)

    def of(self, node: Node, kind: str) -> dict[str, set[int]]:
        """The ids of `kind` that the record is tied to, the primary first, each with its type ids."""
        ties = self._ties.get((*node, kind), {})
        primary = PRIMARY.get((node[0], kind))
        return dict(sorted(ties.items(), key=lambda tie: primary not in tie[1]))

    def primary(self, node: Node, kind: str) -> str | None:
        """The primary one's id."""
        number = PRIMARY.get((node[0], kind))
        return next((ident for ident, types in self.of(node, kind).items() if number in types), None)

    def tie(self, a: Node, b: Node, types: set[int] | None = None) -> bool:
        """Associate two records; whether that changed anything. The first one becomes the primary."""
        before = set(self._ties.get((*a, b[0]), {}).get(b[1], ()))
        wanted = set(types or ()) | {default_type(a[0], b[0])}
        number = PRIMARY.get((a[0], b[0]))
        if number is not None and (number in wanted or self._may_be_primary(a, b)):
            self._set_primary(a, b)
        self._add(a, b, wanted)
        back = {self.inverse[a[0], b[0], n] for n in wanted if (a[0], b[0], n) in self.inverse}
        self._add(b, a, {default_type(b[0], a[0])} | back)
        return self._ties[(*a, b[0])][b[1]] != before

    def _may_be_primary(self, a: Node, b: Node) -> bool:
        child, parent = (a, b) if b[0] == "companies" else (b, a)
        return self.primary(child, parent[0]) is None

    def _set_primary(self, a: Node, b: Node) -> None:
        child, parent = (a, b) if b[0] == "companies" else (b, a)
        for ident, types in self._ties.get((*child, parent[0]), {}).items():
            types.discard(PRIMARY[child[0], parent[0]])
            self._ties[parent[0], ident, child[0]][child[1]].discard(PRIMARY[parent[0], child[0]])
        self._add(child, parent, {PRIMARY[child[0], parent[0]]})
        self._add(parent, child, {PRIMARY[parent[0], child[0]]})

    def _add(self, a: Node, b: Node, types: set[int]) -> None:
        self._ties.setdefault((*a, b[0]), {}).setdefault(b[1], set()).update(types)

    def cut(self, a: Node, b: Node) -> bool:
        """Take an association away in both directions; whether there was one."""
        there = self._ties.get((*a, b[0]), {}).pop(b[1], None) is not None
        self._ties.get((*b, a[0]), {}).pop(a[1], None)
        return there

    def move(self, old: Node, new: Node) -> None:
        """Give all of one record's associations to another, as a merge does."""
        for (kind, ident, other), ties in list(self._ties.items()):
            if (kind, ident) == old:
                for target, types in list(ties.items()):
                    labels = types & self.labels.get((kind, other), {}).keys()
                    self.cut(old, (other, target))
                    self.tie(new, (other, target), labels)

    def all(self) -> Iterator[tuple[Node, Node, list[int]]]:
        """Every association, once in each direction."""
        for (kind, ident, other), ties in self._ties.items():
            for target, types in ties.items():
                yield (kind, ident), (other, target), sorted(types)
