"""A small CRM to look at: records as a user sees them, an edit by hand, the history of a property."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.errors import Refused, not_found
from leadsync_hubspot.sandbox.routing import Call, Route
from leadsync_hubspot.sandbox.state import Actor, Obj, Portal
from leadsync_hubspot.sandbox.values import iso

ROWS = 200  # records of one page
USER = "71"  # who edits where the account names no owner
TITLES = {"contacts": ("firstname", "lastname", "email"), "companies": ("name", "domain"), "deals": ("dealname",)}
STYLE = (
    "body{font:15px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#213343}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #dfe3eb;padding:.3rem .6rem;text-align:left}"
    "input{font:inherit;width:100%;box-sizing:border-box}a{color:#0068b1}.bad{color:#b3261e}button{font:inherit}"
)


def _page(title: str, *parts: str, status: int = 200) -> Reply:
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    body = f'<p><a href="/">HubSpot sandbox</a></p><h1>{escape(title)}</h1>{"".join(parts)}'
    return Reply(status, (head + body).encode(), {"content-type": "text/html;charset=utf-8"})


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{lines}</table>"


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(quote(url, safe="/?=&"))}">{escape(text)}</a>'


def _title(obj: Obj) -> str:
    names = TITLES.get(obj.kind, ())
    return " ".join(obj.properties[n] for n in names if obj.properties.get(n)) or obj.id


def _home(call: Call) -> Reply:
    kinds = [(kind, sum(o.archived_at is None for o in found.values())) for kind, found in call.portal.objects.items()]
    rows = [(_link(f"/ui/{kind}", kind), str(count)) for kind, count in kinds if count]
    account = f"<p>Account {call.portal.account['portalId']}, {escape(iso(call.portal.clock()))}</p>"
    return _page("Records", account, _table(("object", "records"), rows))


def _list(call: Call) -> Reply:
    kind, query = call.spec.name, call.request.param("q").lower()
    live = [o for o in call.portal.objects[kind].values() if o.archived_at is None]
    found = [o for o in live if not query or any(query in v.lower() for v in o.properties.values())]
    form = f'<form><input name=q value="{escape(query)}" placeholder="search" aria-label="search"></form>'
    rows = [(_link(f"/ui/{kind}/{o.id}", _title(o)), o.id, iso(o.updated)) for o in found[:ROWS]]
    count = f"<p>{len(found)} of {len(live)}</p>"
    return _page(kind, form, count, _table(("record", "id", "modified"), rows))


def _find(call: Call) -> Obj:
    obj = call.portal.get(call.spec.name, call.args["id"])
    if obj is None:
        raise not_found()
    return obj


def _record(call: Call) -> Reply:
    return _show(call.portal, _find(call), "")


def _show(portal: Portal, obj: Obj, complaint: str) -> Reply:
    shown = portal.shown(obj)
    rows = [_row(portal, obj, name, value) for name, value in sorted(shown.items())]
    ties = [
        (_link(f"/ui/{other}/{ident}", f"{other} {ident}"), ", ".join(map(str, sorted(types))))
        for other in portal.kinds
        for ident, types in portal.links.of(obj.node, other).items()
    ]
    problem = f"<p class=bad role=alert>{escape(complaint)}</p>" if complaint else ""
    parts = (problem, _table(("property", "value", ""), rows), _blank(obj), "<h2>Associations</h2>")
    return _page(f"{_title(obj)}", *parts, _table(("record", "types"), ties), status=400 if complaint else 200)


def _row(portal: Portal, obj: Obj, name: str, value: str) -> tuple[str, str, str]:
    prop = portal.properties[obj.kind].get(name)
    label = f"<label for={escape(name)}>{escape(name)}</label>"
    history = _link(f"/ui/{obj.kind}/{obj.id}/history/{name}", "history")
    if prop is None or prop.read_only:
        return label, escape(value), history
    box = f'<input name=value id={escape(name)} value="{escape(value)}">'
    hidden = f'<input type=hidden name=property value="{escape(name)}">'
    return label, f"<form method=post>{hidden}{box}<button>Save</button></form>", history


def _blank(obj: Obj) -> str:
    name = "<label>Set another property <input name=property></label>"
    rest = "<input name=value aria-label=value><button>Save</button>"
    return f"<form method=post aria-label='{escape(obj.kind)}'>{name}{rest}</form>"


def _edit(call: Call) -> Reply:
    """A person's edit: its own user and source in the history."""
    obj, form = _find(call), call.request.form()
    actor = Actor("CRM_UI", f"userId:{_user(call.portal)}", _user(call.portal))
    try:
        clean = call.portal.check(obj.kind, {form.get("property", ""): form.get("value", "")})
        call.portal.check_unique(obj.kind, clean, obj.id)
    except Refused as refused:
        return _show(call.portal, obj, str(refused))
    call.portal.update(obj, clean, actor)
    return Reply(303, b"", {"location": f"/ui/{obj.kind}/{obj.id}"})


def _user(portal: Portal) -> str:
    return next(iter(portal.owners), USER)


def _history(call: Call) -> Reply:
    obj, name = _find(call), call.args["name"]
    changes = reversed(obj.history.get(name, []))
    rows = [(escape(iso(c.at)), escape(c.value), escape(c.actor.source), escape(c.actor.user or "")) for c in changes]
    back = f"<p>{_link(f'/ui/{obj.kind}/{obj.id}', _title(obj))}</p>"
    return _page(f"History of {name}", back, _table(("when", "value", "source", "user"), rows))


ROUTES = (
    Route("GET", "/", _home, open=True),
    Route("GET", "/ui/{kind}", _list, open=True),
    Route("GET", "/ui/{kind}/{id}", _record, open=True),
    Route("POST", "/ui/{kind}/{id}", _edit, open=True),
    Route("GET", "/ui/{kind}/{id}/history/{name}", _history, open=True),
)
