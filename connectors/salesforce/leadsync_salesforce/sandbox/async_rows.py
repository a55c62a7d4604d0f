"""The rows of a Bulk API 1.0 batch, and what became of them, in JSON, CSV or XML."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.jobs import values_of
from leadsync_salesforce.sandbox.markup import HEAD, XSI, elements, local, parsed

NIL = f"{{{XSI}}}nil"


@dataclass(frozen=True, slots=True)
class Saved:
    """One record's outcome."""

    id: str
    created: bool = False
    refused: ApiError | None = None


def read(body: bytes, kind: str) -> list[dict[str, Any]] | None:
    """The records of an upload; None when it is not what its content type says."""
    match kind.rpartition("/")[2]:
        case "json":
            return _of_json(body)
        case "csv":
            lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig", errors="replace"))))
            return [values_of(lines[0], cells) for cells in lines[1:]] if lines else None
        case _:
            root = parsed(body)
            return None if root is None else [_of_xml(one) for one in root if local(one) == "sObject"]


def _of_json(body: bytes) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else None


def _of_xml(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        if child.get(NIL) in ("true", "1"):
            found[local(child)] = None
        elif len(child):
            found[local(child)] = {k: v for k, v in _of_xml(child).items() if k != "sObject"} or _of_xml(child[0])
        else:
            found[local(child)] = child.text or ""
    return found


def written(saved: Sequence[Saved], kind: str) -> bytes:
    """The results, in the order of the records."""
    match kind.rpartition("/")[2]:
        case "json":
            return json.dumps([_json(one) for one in saved]).encode()
        case "csv":
            text = io.StringIO()
            writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(["Id", "Success", "Created", "Error"])
            writer.writerows([one.id, *_flags(one), _error_text(one.refused)] for one in saved)
            return text.getvalue().encode()
        case _:
            space = "http://www.force.com/2009/06/asyncapi/dataload"
            results = "".join(f"<result>{elements(_xml(one))}</result>" for one in saved)
            return f'{HEAD}<results xmlns="{space}" xmlns:xsi="{XSI}">{results}</results>'.encode()


def _flags(one: Saved) -> tuple[str, str]:
    return str(one.refused is None).lower(), str(one.created).lower()


def _error_text(refused: ApiError | None) -> str:
    return "" if refused is None else f"{refused.code}:{refused.message}:{','.join(refused.fields or ())} --"


def _json(one: Saved) -> dict[str, Any]:
    errors = [] if one.refused is None else [{**_error(one.refused), "extendedErrorDetails": None}]
    return {"success": one.refused is None, "created": one.created, "id": one.id or None, "errors": errors}


def _xml(one: Saved) -> dict[str, Any]:
    found: dict[str, Any] = {} if one.refused is None else {"errors": _error(one.refused)}
    return {**found, **({"id": one.id} if one.id else {}), "success": one.refused is None, "created": one.created}


def _error(refused: ApiError) -> dict[str, Any]:
    return {"fields": list(refused.fields or ()), "message": refused.message, "statusCode": refused.code}
