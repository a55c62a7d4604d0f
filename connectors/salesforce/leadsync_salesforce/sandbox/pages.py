"""The page at `/`: look at records as a CRM user would, edit a field, see its history."""

from __future__ import annotations

from html import escape

from leadsync.records import Value
from leadsync.sandbox import Reply, Request
from leadsync_salesforce.sandbox.computed import shown
from leadsync_salesforce.sandbox.dml import Actor, present, update
from leadsync_salesforce.sandbox.errors import ApiError, not_found
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.schema import ObjectDef
from leadsync_salesforce.sandbox.seeding import PERSON_USER
from leadsync_salesforce.sandbox.table import Row

LISTED = ("Lead", "Contact", "Account", "Campaign", "CampaignMember", "Opportunity", "Task", "Event", "User")
ROWS = 500
"""Records on one page at most; the search box narrows them."""

_STYLE = """body{font:14px system-ui;margin:2em;max-width:75em}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ddd;padding:.3em .6em;text-align:left;vertical-align:top}nav a{margin-right:1em}
input[type=text]{width:22em}.error{color:#b00}"""


def _page(title: str, body: str, status: int = 200) -> Reply:
    links = "".join(f'<a href="/records/{name}">{name}</a>' for name in LISTED)
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<nav>{links}</nav><h1>{escape(title)}</h1>{body}</html>"
    )
    return Reply(status, text.encode(), {"content-type": "text/html; charset=utf-8"})


def answer(org: Org, request: Request) -> Reply:
    """The pages outside /services/; raises the API's 404 for what is none."""
    parts = [part for part in request.path.split("/") if part]
    match request.method, parts:
        case "GET", []:
            return _overview(org)
        case "GET", ["records", name]:
            return _list(org, org.object(name), request.param("search"))
        case "GET", ["records", name, ident]:
            return _record(org, org.object(name), ident, "")
        case "POST", ["records", name, ident]:
            return _edit(org, org.object(name), ident, request.form())
        case "GET", [ident] if (obj := org.object_of(ident)) is not None and org.row(obj, ident) is not None:
            return Reply(302, b"", {"location": f"/records/{obj.name}/{ident}"})
        case _:
            raise not_found()


def _overview(org: Org) -> Reply:
    totals = {name: len(list(org.visible(org.object(name), deleted=False))) for name in LISTED}
    counts = "".join(f'<tr><td><a href="/records/{n}">{n}</a></td><td>{t}</td></tr>' for n, t in totals.items())
    return _page("Salesforce sandbox", f"<table><tr><th>Object</th><th>Records</th></tr>{counts}</table>")


def _title(row: Row) -> str:
    return str(next((row[n] for n in ("Name", "Subject", "Username") if row.get(n) is not None), row["Id"]))


def _list(org: Org, obj: ObjectDef, search: str) -> Reply:
    columns = [n for n in ("Email", "Company", "Status", "Website", "Type", "LastModifiedDate") if obj.field(n)]
    wanted = search.lower()
    rows = [
        row
        for row in org.visible(obj, deleted=False)
        if not wanted or any(wanted in str(v).lower() for v in row.values() if v is not None)
    ]
    head = "".join(f"<th>{escape(c)}</th>" for c in ("Name", *columns))
    body = "".join(_line(obj, row, columns) for row in rows[:ROWS])
    box = f'<input type=text name=search value="{escape(search)}" placeholder=Search>'
    form = f"<form>{box} <button>Search</button></form>"
    return _page(obj.plural, f"{form}<p>{len(rows)} records</p><table><tr>{head}</tr>{body}</table>")


def _line(obj: ObjectDef, row: Row, columns: list[str]) -> str:
    cells = "".join(f"<td>{escape(_text(row.get(c)))}</td>" for c in columns)
    link = f'<a href="/records/{obj.name}/{row["Id"]}">{escape(_title(row))}</a>'
    return f"<tr><td>{link}</td>{cells}</tr>"


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _record(org: Org, obj: ObjectDef, ident: str, error: str) -> Reply:
    row = present(org, obj, ident)
    lines = []
    for field in obj.fields.values():
        value = shown(field, row)
        if field.updateable and field.type != "address":
            box = f'<input type=text name="{field.name}" value="{escape(_text(value))}">'
            form = f'<form method=post><button style="float:right">Save</button>{box}</form>'
        else:
            form = escape(_text(value) if not isinstance(value, dict) else ", ".join(_text(v) for v in value.values()))
        lines.append(f"<tr><th>{escape(field.label)}</th><td>{field.name}</td><td>{form}</td></tr>")
    problem = f"<p class=error>{escape(error)}</p>" if error else ""
    body = f"{problem}<table>{''.join(lines)}</table><h2>History</h2>{_history(org, str(row['Id']))}"
    return _page(_title(row), body, 400 if error else 200)


def _history(org: Org, ident: str) -> str:
    names = {str(r["Id"]): _title(r) for r in org.tables["User"].rows.values()}
    lines = "".join(
        f"<tr><td>{c.at}</td><td>{escape(names.get(c.user, c.user))}</td><td>{c.field}</td>"
        f"<td>{escape(_text(c.old))}</td><td>{escape(_text(c.new))}</td></tr>"
        for c in reversed(org.history.get(ident, []))
    )
    return f"<table><tr><th>When</th><th>Who</th><th>Field</th><th>Old</th><th>New</th></tr>{lines}</table>"


def _edit(org: Org, obj: ObjectDef, ident: str, form: dict[str, str]) -> Reply:
    """A person's edit, done by the second of the org's own users."""
    values = {name: None if value == "" else value for name, value in form.items()}
    try:
        update(org, Actor(PERSON_USER), obj, ident, values)
    except ApiError as refused:
        return _record(org, obj, ident, refused.message)
    return Reply(303, b"", {"location": f"/records/{obj.name}/{ident}"})
