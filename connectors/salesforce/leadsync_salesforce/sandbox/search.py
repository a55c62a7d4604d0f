"""SOSL: GET /search?q=FIND {…}, and /parameterizedSearch, over the words of text fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.schema import TEXT, ObjectDef
from leadsync_salesforce.sandbox.soql.run import Asker, run
from leadsync_salesforce.sandbox.table import Row

GROUPS = {
    "ALL": TEXT,
    "NAME": {"string"},
    "EMAIL": {"email"},
    "PHONE": {"phone"},
    "SIDEBAR": TEXT,
}
"""Which types of field an IN clause means; SOSL reference, "IN SearchGroup"."""
MOST = 2000
"""Records of an answer; SOSL reference, "LIMIT n"."""
SHORTEST = 2
"""Characters of a search; SOSL reference, "FIND {SearchQuery}"."""
_FIND = re.compile(
    r"\s*FIND\s*\{(?P<what>(?:\\.|[^}])*)\}\s*(?:IN\s+(?P<group>\w+)\s+FIELDS\s*)?"
    r"(?:RETURNING\s+(?P<kinds>.*?))?\s*(?:LIMIT\s+(?P<limit>\d+)\s*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_DEFAULT = ("Account", "Contact", "Lead", "Opportunity", "Campaign")
"""What is searched when no object is named."""


@dataclass(frozen=True, slots=True)
class Returning:
    """An object to search: what to show of it, and the SOQL clauses behind its fields."""

    kind: str
    fields: str = "Id"
    clauses: str = ""


def sosl(call: Call) -> Reply:
    """GET /search?q="""
    text = call.request.param("q")
    found = _FIND.match(text)
    if found is None:
        near = text.strip().split(maxsplit=1)
        raise ApiError("MALFORMED_SEARCH", f"line 1:1 no viable alternative at character '{near[0] if near else ''}'")
    kinds = list(_returning(found["kinds"] or "")) or [Returning(kind) for kind in _DEFAULT]
    return _answer(call, (found["what"], (found["group"] or "ALL").upper()), kinds, int(found["limit"] or MOST))


def parameterized(call: Call) -> Reply:
    """GET and POST /parameterizedSearch."""
    given: dict[str, Any] = call.body() if call.request.method == "POST" else {}
    asked = str(given.get("q", call.request.param("q")))
    fields = given.get("fields") or call.request.params("fields") or ["Id"]
    objects = given.get("sobjects") or [{"name": name} for name in call.request.params("sobject")]
    kinds = [
        Returning(
            str(one["name"]),
            ",".join(one.get("fields") or call.request.params(f"{one['name']}.fields") or fields),
            _clauses(one.get("where"), one.get("limit") or given.get("defaultLimit")),
        )
        for one in objects or [{"name": name} for name in _DEFAULT]
    ]
    limit = int(given.get("overallLimit") or call.request.param("overallLimit", str(MOST)))
    group = str(given.get("in", call.request.param("in", "ALL"))).upper()
    return _answer(call, (asked, group), kinds, limit)


def _clauses(where: object, limit: object) -> str:
    return (f" WHERE {where}" if where else "") + (f" LIMIT {int(str(limit))}" if limit else "")


def _returning(text: str) -> Iterator[Returning]:
    """Object names, each with fields and clauses in parentheses, divided by commas."""
    for kind, inner in re.findall(r"(\w+)\s*(?:\(((?:[^()]|\([^()]*\))*)\))?", text):
        cut = re.search(r"\s(?:WHERE|ORDER\s+BY|LIMIT|OFFSET)\s", f"{inner} ", re.IGNORECASE)
        at = cut.start() if cut else len(inner)
        yield Returning(kind, inner[:at].strip() or "Id", inner[at:])


def _answer(call: Call, asked: tuple[str, str], kinds: Sequence[Returning], limit: int) -> Reply:
    what, group = asked
    words = re.findall(r"[\w*?]+", what.lower())
    if len("".join(words).replace("*", "")) < SHORTEST:
        raise ApiError("MALFORMED_SEARCH", f"search term must be longer than one character: {what}")
    if group not in GROUPS:
        raise ApiError("MALFORMED_SEARCH", f"unexpected search group: {group}")
    found = [row for kind in kinds for row in _rows(call, kind, words, group)]
    return json_reply(200, {"searchRecords": found[: min(limit, MOST)]})


def _rows(call: Call, kind: Returning, words: Sequence[str], group: str) -> list[dict[str, Any]]:
    obj = call.org.schema.get(kind.kind.lower())
    if obj is None:
        raise ApiError("INVALID_TYPE", f"sObject type '{kind.kind}' is not supported.")
    access = call.org.access(call.user, obj)
    names = [f.name for f in obj.fields.values() if f.type in GROUPS[group] and f.name in access]
    ids = {str(row["Id"]) for row in call.org.visible(obj, deleted=False) if _matches(row, names, words)}
    plain, limit = _without_limit(kind.clauses)
    soql = f"SELECT {kind.fields} FROM {obj.name} {plain}"  # noqa: S608  SOQL over the sandbox's own rows
    return _shown(call, obj, soql, ids)[:limit]


def _without_limit(clauses: str) -> tuple[str, int]:
    """The limit holds for what was found, so it is applied behind the search."""
    found = re.search(r"\sLIMIT\s+(\d+)\s*\Z", clauses, re.IGNORECASE)
    return (clauses, MOST) if found is None else (clauses[: found.start()], int(found.group(1)))


def _shown(call: Call, obj: ObjectDef, soql: str, ids: set[str]) -> list[dict[str, Any]]:
    result = run(Asker(call.org, call.user, deleted=False, base=call.base), soql)
    prefix = f"{call.base}/sobjects/{obj.name}/"
    rows = result.records(0, result.total)
    return [row for row in rows if str(row["attributes"]["url"]).removeprefix(prefix) in ids]


def _matches(row: Row, names: Sequence[str], words: Sequence[str]) -> bool:
    there = {token for name in names for token in re.findall(r"\w+", str(row.get(name) or "").lower())}
    return all(any(fnmatchcase(token, word) for token in there) for word in words)
