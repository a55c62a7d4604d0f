"""The register as a person sees it in the pages at `/`; nobody edits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leadsync.sandbox.pages import (
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
from leadsync_gleif.sandbox.shelf import Row, Shelf

LABELS = {"lei2": "Legal entities", "rr": "Relationships", "repex": "Reporting exceptions"}
NAME = "Entity.LegalName"
COLUMNS = {
    "lei2": ("LEI", "Entity.LegalAddress.Country", "Registration.RegistrationStatus"),
    "rr": ("Relationship.RelationshipStatus",),
    "repex": ("Exception.Reason.1",),
}
BETWEEN = " "
"""Divides the parts of a key, none of which has a blank."""


class Register:
    """`Browsable` for the published rows."""

    title = "GLEIF sandbox"

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def objects(self) -> Sequence[ObjectView]:
        """The three files."""
        return [ObjectView(name, label, len(self.shelf.sheets[name].rows)) for name, label in LABELS.items()]

    def users(self) -> Sequence[User]:
        """Nobody."""
        return ()

    def _rows(self, kind: str) -> Mapping[tuple[str, ...], Row]:
        if kind not in LABELS:
            raise NoSuch(f"There is no file {kind}.")
        return self.shelf.sheets[kind].rows

    def _name(self, lei: str) -> str:
        row = self.shelf.entities().get((lei,))
        return lei if row is None else row[NAME]

    def _title(self, kind: str, key: tuple[str, ...]) -> str:
        match kind:
            case "lei2":
                return self._name(key[0])
            case "rr":
                return f"{self._name(key[0])} {key[2]} {self._name(key[1])}"
            case _:
                return f"{self._name(key[0])} {key[1]}"

    def records(self, kind: str, query: str, page: int) -> Listing:
        """The rows of a file in its own order."""
        wanted = query.lower()
        lines = [
            Line(BETWEEN.join(key), self._title(kind, key), tuple(row.get(name, "") for name in COLUMNS[kind]))
            for key, row in self._rows(kind).items()
            if wanted == "" or any(wanted in value.lower() for value in (self._title(kind, key), *row.values()))
        ]
        return Listing(COLUMNS[kind], cut(lines, page), len(lines))

    def record(self, kind: str, ident: str) -> RecordView:
        """One row with all columns of its file."""
        key = tuple(ident.split(BETWEEN))
        row = self._rows(kind).get(key)
        if row is None:
            raise NoSuch(f"There is no {ident} in {LABELS[kind]}.")
        columns = self.shelf.sheets[kind].columns
        # a blank column of the Golden Copy is a value that is not there
        fields = tuple(FieldView(name, name, row.get(name) or None, editable=False) for name in columns)
        return RecordView(ident, self._title(kind, key), fields, tuple(self._links(kind, key)))

    def _links(self, kind: str, key: tuple[str, ...]) -> Iterator[Link]:
        if kind != "lei2":
            yield from (Link("entity", "lei2", lei, self._name(lei)) for lei in key if (lei,) in self.shelf.entities())
            return
        for other in ("rr", "repex"):
            leis = 2 if other == "rr" else 1
            for found in self._rows(other):
                if key[0] in found[:leis]:
                    yield Link(LABELS[other], other, BETWEEN.join(found), self._title(other, found))

    def edit(self, kind: str, ident: str, field: str, value: str, user: str) -> None:  # noqa: ARG002  all alike
        """Refused: the register is read-only."""
        raise Refusal("The register is read-only.")

    def history(self, kind: str, ident: str, field: str) -> Sequence[Entry]:
        """The value as it was last published."""
        value = next((f.value for f in self.record(kind, ident).fields if f.name == field), None)
        at = self.shelf.sheets[kind].changed.get(tuple(ident.split(BETWEEN)))
        if value is None or at is None:
            return ()
        return [Entry(at.isoformat(), value, "published", "GLEIF")]
