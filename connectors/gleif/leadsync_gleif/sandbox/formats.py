"""Rows as the three formats of the Golden Copy: CSV with one column for each value, and XML and JSON of one tree."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias
from xml.sax.saxutils import escape, quoteattr

Row: TypeAlias = Mapping[str, str]
Tree: TypeAlias = dict[str, Any]
"""An element: attributes by "@name", text by "$", children by name, several of one name in a list."""

ROOTS = {
    "lei2": ("lei", "LEIData", "LEIRecords", "LEIRecord"),
    "rr": ("rr", "RelationshipData", "RelationshipRecords", "RelationshipRecord"),
    "repex": ("repex", "ReportingExceptionData", "ReportingExceptions", "Exception"),
}
"""Prefix, root, list and record of each file; LEI-CDF 3.1, RR-CDF 2.1, Reporting Exceptions 2.1."""
SPACES = {
    "lei": "http://www.gleif.org/data/schema/leidata/2016",
    "rr": "http://www.gleif.org/data/schema/rr/2016",
    "repex": "http://www.gleif.org/data/schema/repex/2016",
}
_ATTRIBUTES = {"xmllang": "xml:lang"} | {
    name: name for name in ("type", "event_status", "group_type", "group_id", "group_sequence_no", "field_xpath")
}
_SPELLED = (
    (r"Relationship\.Period\.(\d)\.", r"Relationship.RelationshipPeriods.RelationshipPeriod.\1."),
    (r"Relationship\.Qualifiers\.(\d)\.", r"Relationship.RelationshipQualifiers.RelationshipQualifier.\1."),
    (r"Relationship\.Quantifiers\.(\d)\.", r"Relationship.RelationshipQuantifiers.RelationshipQuantifier.\1."),
    (r"\.startDate\Z", ".StartDate"),
    (r"\.endDate\Z", ".EndDate"),
    (r"\.periodType\Z", ".PeriodType"),
    (r"\AException\.(Category|Reason|Reference)", r"Exception\1"),
    (r"\ADeletedAt\Z", "Extension.DeletedAt"),
)
"""Where the CSV files spell a path otherwise than the schemas do."""


def _path(column: str) -> list[str]:
    for pattern, spelled in _SPELLED:
        column = re.sub(pattern, spelled, column)
    return column.split(".")


def tree(row: Row, paths: Mapping[str, Sequence[str]]) -> Tree:
    """A row's values that are not blank, as its record's element."""
    root: Tree = {}
    for column, value in row.items():
        if value:
            _put(root, paths[column], value)
    return root


def _put(element: Tree, path: Sequence[str], value: str) -> None:
    at = 0
    while at < len(path):
        name = path[at]
        if at == len(path) - 1 and name in _ATTRIBUTES:
            element[f"@{_ATTRIBUTES[name]}"] = value
            return
        at += 1
        if at < len(path) and path[at].isdigit():
            numbered = element.setdefault(name, {})
            element = numbered.setdefault(int(path[at]), {})
            at += 1
        else:
            element = element.setdefault(name, {})
    element["$"] = value


def _plain(element: Tree) -> Tree:
    """With lists in place of the numbers by which repeated elements were told apart."""
    made: Tree = {}
    for name, child in element.items():
        if not isinstance(child, dict):
            made[name] = child
        elif all(isinstance(key, int) for key in child):
            made[name] = [_plain(child[key]) for key in sorted(child)]
        else:
            made[name] = _plain(child)
    return made


def _csv(_name: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json(_name: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    paths = {column: _path(column) for column in columns}
    records = [_plain(tree(row, paths)) for row in rows]
    return json.dumps({"records": records}, ensure_ascii=False)


def _xml(name: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    prefix, root, group, record = ROOTS[name]
    paths = {column: _path(column) for column in columns}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<{prefix}:{root} xmlns:{prefix}="{SPACES[prefix]}">',
        f"<{prefix}:{root.removesuffix('Data')}Header><{prefix}:RecordCount>{len(rows)}</{prefix}:RecordCount>"
        f"</{prefix}:{root.removesuffix('Data')}Header>",
        f"<{prefix}:{group}>",
        *(_element(f"{prefix}:", record, _plain(tree(row, paths))) for row in rows),
        f"</{prefix}:{group}></{prefix}:{root}>\n",
    ]
    return "\n".join(lines)


def _element(prefix: str, name: str, element: Any) -> str:
    if isinstance(element, list):
        return "".join(_element(prefix, name, one) for one in element)
    attributes = "".join(f" {key[1:]}={quoteattr(v)}" for key, v in element.items() if key.startswith("@"))
    inner = escape(element.get("$", ""))
    inner += "".join(_element(prefix, key, child) for key, child in element.items() if key[0] not in "@$")
    return f"<{prefix}{name}{attributes}>{inner}</{prefix}{name}>"


FORMATS: Mapping[str, Callable[[str, Sequence[str], Sequence[Row]], str]] = MappingProxyType(
    {"csv": _csv, "json": _json, "xml": _xml}
)
"""By ending: writes a file of that name ("lei2") with those columns and rows."""
