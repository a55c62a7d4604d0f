"""Several requests in one: /composite with references, /composite/graph, /composite/batch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from leadsync.sandbox import Reply, Request, json_reply
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.errors import ApiError

Dispatch: TypeAlias = Callable[[Request], Reply]

SUBREQUEST_LIMIT, GRAPH_LIMIT = 25, 500
"""Subrequests of a composite, nodes of a graph; REST guide, "Composite" and "Composite Graph"."""

_REFERENCE = re.compile(r"@\{(\w+)\.([\w.\[\]]+)\}")
_HALTED = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}


def _value(path: str, body: Any) -> Any:
    for part in re.findall(r"\w+", path):
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


def _filled(given: Any, results: Mapping[str, Any]) -> Any:
    """A body, URL or header with its `@{ref.field}` replaced; raises the API's error for unknown ones."""
    if isinstance(given, dict):
        return {key: _filled(value, results) for key, value in given.items()}
    if isinstance(given, list):
        return [_filled(value, results) for value in given]
    if not isinstance(given, str):
        return given

    def one(match: re.Match[str]) -> str:
        try:
            return str(_value(match.group(2), results[match.group(1)]))
        except (KeyError, IndexError, TypeError, ValueError):
            text = f"Invalid reference specified. No value for {match.group(1)}.{match.group(2)} found"
            raise ApiError("PROCESSING_HALTED", text) from None

    return _REFERENCE.sub(one, given)


def _request(call: Call, part: Mapping[str, Any], results: Mapping[str, Any]) -> Request:
    url = urlsplit(str(_filled(part.get("url", ""), results)))
    own = {k.lower(): str(_filled(v, results)) for k, v in (part.get("httpHeaders") or {}).items()}
    body = part.get("body")
    return Request(
        method=str(part.get("method", "GET")).upper(),
        path=unquote(url.path),
        query=tuple(parse_qsl(url.query, keep_blank_values=True)),
        headers={**call.request.headers, **own},
        body=b"" if body is None else json.dumps(_filled(body, results)).encode(),
    )


def _answer(call: Call, part: Mapping[str, Any], results: Mapping[str, Any], dispatch: Dispatch) -> Reply:
    try:
        return dispatch(_request(call, part, results))
    except ApiError as refused:
        return refused.reply()


def _entry(part: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    shown = {"location": "Location", "etag": "ETag", "last-modified": "Last-Modified"}
    return {
        "body": json.loads(reply.body) if reply.body else None,
        "httpHeaders": {shown[k]: v for k, v in reply.headers.items() if k in shown},
        "httpStatusCode": reply.status,
        "referenceId": part.get("referenceId"),
    }


def _run(call: Call, parts: list[dict[str, Any]], dispatch: Dispatch, *, together: bool) -> tuple[list[Any], bool]:
    """The answers in order, and whether all went well; `together` undoes everything when one fails."""
    roll_back = call.org.transaction()
    results: dict[str, Any] = {}
    entries: list[dict[str, Any]] = []
    for part in parts:
        reply = _answer(call, part, results, dispatch)
        entries.append(_entry(part, reply))
        if reply.status < 300:
            results[str(part.get("referenceId"))] = entries[-1]["body"]
        elif together:
            roll_back()
            return [
                *_halted(entries[:-1]),
                entries[-1],
                *_halted([_entry(p, Reply(400)) for p in parts[len(entries) :]]),
            ], False
    return entries, all(e["httpStatusCode"] < 300 for e in entries)


def _halted(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**e, "body": [_HALTED], "httpHeaders": {}, "httpStatusCode": 400} for e in entries]


def composite(call: Call, dispatch: Dispatch) -> Reply:
    """POST /composite."""
    body = call.body()
    parts = body.get("compositeRequest") or []
    if len(parts) > SUBREQUEST_LIMIT:
        raise ApiError("LIMIT_EXCEEDED", f"The limit of {SUBREQUEST_LIMIT} subrequests has been exceeded")
    names = [p.get("referenceId") for p in parts]
    if None in names or len(set(names)) != len(names):
        raise ApiError("INVALID_FIELD", "Each subrequest needs its own referenceId")
    entries, _ = _run(call, parts, dispatch, together=call.flag(body, "allOrNone"))
    return json_reply(200, {"compositeResponse": entries})


def graph(call: Call, dispatch: Dispatch) -> Reply:
    """POST /composite/graph: each graph is done whole or not at all."""
    graphs = call.body().get("graphs") or []
    if sum(len(g.get("compositeRequest") or []) for g in graphs) > GRAPH_LIMIT:
        raise ApiError("LIMIT_EXCEEDED", f"The limit of {GRAPH_LIMIT} nodes has been exceeded")
    answers = []
    for one in graphs:
        entries, good = _run(call, one.get("compositeRequest") or [], dispatch, together=True)
        response = {"compositeResponse": entries}
        answers.append({"graphId": one.get("graphId"), "graphResponse": response, "isSuccessful": good})
    return json_reply(200, {"graphs": answers})


def batch(call: Call, dispatch: Dispatch) -> Reply:
    """POST /composite/batch: independent requests with URLs relative to /services/data/."""
    parts = call.body().get("batchRequests") or []
    if len(parts) > SUBREQUEST_LIMIT:
        raise ApiError("LIMIT_EXCEEDED", f"The limit of {SUBREQUEST_LIMIT} subrequests has been exceeded")
    results, failed = [], False
    for part in parts:
        url = str(part.get("url", ""))
        given = {"method": part.get("method"), "url": url if url.startswith("/") else f"/services/data/{url}"}
        reply = _answer(call, given | {"body": part.get("richInput")}, {}, dispatch)
        failed = failed or reply.status >= 300
        results.append({"statusCode": reply.status, "result": json.loads(reply.body) if reply.body else None})
    return json_reply(200, {"hasErrors": failed, "results": results})
