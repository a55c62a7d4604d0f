"""The four pages: the objects, the records of one, a record, and a field with its form and its past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadsync.sandbox.pages.markup import Html, address, el, join
from leadsync.sandbox.pages.model import (
    PAGE_SIZE,
    Browsable,
    Entry,
    FieldView,
    Listing,
    ObjectView,
    RecordView,
    User,
)

ROOT = "ui"
STYLE = Html("""
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:68rem;padding:1rem}
nav{border-bottom:1px solid #8884;padding-bottom:.5rem}nav a+a:before{content:"\\203A";padding:0 .5rem;color:#888}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{border-bottom:1px solid #8884;padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{color:#888;font-weight:normal}tbody th{font-weight:normal;width:22rem}small,.none{color:#888}
form{display:flex;gap:.5rem;flex-wrap:wrap;align-items:end;margin:1rem 0}label{display:grid;color:#888}
input,select,button{font:inherit;padding:.3rem .5rem}input[name=value],input[name=q]{min-width:22rem}
.alert{border-left:4px solid #c33;padding:.5rem 1rem;background:#c331}
.state{border:1px solid #888;border-radius:1rem;padding:0 .6rem;font-size:.8rem}
""")


def page(title: str, trail: Iterable[tuple[str, str]], *body: str) -> bytes:
    """A whole document. `trail`: (address, text) of the pages above this one."""
    head = join(
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width"),
        el("title", title),
        el("style", STYLE),
    )
    links = [el("a", text, href=url) for url, text in trail]
    whole = el("html", el("head", head), el("body", el("nav", *links), el("h1", title), *body), lang="en")
    return f"<!doctype html>{whole}".encode()


def table(head: Sequence[str], rows: Iterable[Html]) -> Html:
    """A table of rows that `el("tr", …)` made."""
    return el("table", el("thead", el("tr", *(el("th", name, scope="col") for name in head))), el("tbody", join(*rows)))


def overview(title: str, objects: Sequence[ObjectView], users: Sequence[User]) -> bytes:
    """The page at `/`."""
    rows = [
        el("tr", el("td", el("a", o.label, href=address(ROOT, o.name))), el("td", str(o.count), class_="count"))
        for o in objects
    ]
    note = "Edits made here count as a person's." if users else "All of it is read-only."
    about = el("p", f"A sandbox in memory, with the vendor's API at this same address. {note}")
    return page(title, [("/", title)], about, table(("Object", "Records"), rows))


def listing(home: str, obj: ObjectView, found: Listing, query: str, number: int) -> bytes:
    """The page of one object's records."""
    box = el("label", "Search", el("input", name="q", value=query, type="search"))
    form = el("form", box, el("button", "Search"), action=address(ROOT, obj.name), role="search")
    rows = [
        el(
            "tr",
            el("td", el("a", line.title, href=address(ROOT, obj.name, line.id))),
            *(el("td", cell) for cell in line.cells),
        )
        for line in found.lines
    ]
    count = el("p", f"{found.total} of {obj.count}", class_="count")
    trail = [("/", home), (address(ROOT, obj.name), obj.label)]
    turns = _turns(obj, found, query, number)
    return page(obj.label, trail, form, count, table(("Record", *found.columns), rows), turns)


def _turns(obj: ObjectView, found: Listing, query: str, number: int) -> Html:
    last = max(1, -(-found.total // PAGE_SIZE))

    def turn(text: str, to: int, rel: str) -> Html:
        asked = {"q": query} if query else {}
        here = 1 <= to <= last
        return el("a", text, href=address(ROOT, obj.name, **asked, page=to), rel=rel) if here else Html("")

    place = f" Page {number} of {last} "
    return el("p", turn("Previous", number - 1, "prev"), place, turn("Next", number + 1, "next"))


def record(home: str, obj: ObjectView, found: RecordView) -> bytes:
    """The page of one record: the fields that hold something, those that do not, and what it is tied to."""
    filled = [field for field in found.fields if field.value is not None]
    blank = [field for field in found.fields if field.value is None]
    parts = [table(("Field", "Value", ""), [_field_row(obj, found, f) for f in filled])]
    if found.links:
        parts += [el("h2", "Tied to"), table(("Record", "How"), [_link_row(found, n) for n in range(len(found.links))])]
    if blank:
        rows = [_field_row(obj, found, field) for field in blank]
        parts.append(el("details", el("summary", f"{len(blank)} empty fields"), table(("Field", "", ""), rows)))
    state = el("p", el("span", found.state, class_="state")) if found.state else Html("")
    return page(found.title, _trail(home, obj, found), state, el("p", el("small", found.id)), *parts)


def _trail(home: str, obj: ObjectView, found: RecordView) -> list[tuple[str, str]]:
    up = [("/", home), (address(ROOT, obj.name), obj.label)]
    return [*up, (address(ROOT, obj.name, found.id), found.title)]


def _field_row(obj: ObjectView, found: RecordView, field: FieldView) -> Html:
    name = join(field.label, " ", el("small", field.name))
    text = "edit, history" if field.editable else "history"
    link = el("a", text, href=address(ROOT, obj.name, found.id, field.name))
    return el("tr", el("th", name, scope="row"), el("td", _value(field.value), data_field=field.name), el("td", link))


def _value(value: str | None) -> str:
    match value:
        case None:
            return el("span", "empty", class_="none")
        case "":
            return el("span", "cleared", class_="none")
        case _:
            return value


def _link_row(found: RecordView, number: int) -> Html:
    link = found.links[number]
    there = el("a", link.title, href=address(ROOT, link.kind, link.id))
    return el("tr", el("td", there), el("td", link.how))


def field_page(
    crm: Browsable, obj: ObjectView, found: RecordView, field: FieldView, refused: tuple[str, str] | None
) -> bytes:
    """The page of one field: its form, and the values it has had. `refused`: a value just tried, and why not."""
    past = [_entry(entry) for entry in crm.history(obj.name, found.id, field.name)]
    tried, why = refused or (field.value or "", "")
    parts = [
        el("p", why, class_="alert", role="alert") if why else Html(""),
        el("p", "Now: ", el("strong", _value(field.value), data_field=field.name)),
        _form(crm.users(), obj, found, field, tried) if field.editable else el("p", "Nobody can edit this field."),
        el("h2", "History"),
        table(("When", "Value", "Source", "User"), past),
    ]
    here = (address(ROOT, obj.name, found.id, field.name), field.label)
    return page(f"{field.label} of {found.title}", [*_trail(crm.title, obj, found), here], *parts)


def _form(users: Sequence[User], obj: ObjectView, found: RecordView, field: FieldView, value: str) -> Html:
    offered = f"options-{field.name}" if field.options else None
    names = [el("option", user.name, value=user.id) for user in users]
    return el(
        "form",
        el("label", "New value, empty to clear it", el("input", name="value", value=value, list_=offered)),
        el("datalist", *(el("option", value=option) for option in field.options), id_=offered) if offered else "",
        el("label", "As", el("select", *names, name="user")),
        el("button", "Save"),
        method="post",
        action=address(ROOT, obj.name, found.id, field.name),
        autocomplete="off",
    )


def _entry(entry: Entry) -> Html:
    cells = (entry.at, _value(entry.value), entry.source, entry.user)
    return el("tr", *(el("td", cell) for cell in cells))
