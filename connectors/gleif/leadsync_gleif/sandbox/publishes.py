"""The Golden Copy's publishes API and downloads, which redirect to a storage that serves ranges."""

from __future__ import annotations

import re
from typing import Any

from leadsync.sandbox import Reply, Request, json_reply
from leadsync_gleif.goldencopy import DELTAS, PUBLISHES
from leadsync_gleif.sandbox.shelf import KEYS, Shelf

_LATEST = re.compile(rf"{PUBLISHES}/(lei2|rr|repex)/latest(\.csv|/download)?")
_FILE = re.compile(r"/(download|storage)/(\d{8}-\d{4})/(lei2|rr|repex)/(\w+)\.csv\.zip")
_RANGE = re.compile(r"bytes=(\d+)-")


def answer(shelf: Shelf, request: Request) -> Reply:
    """Answer a request of the Golden Copy service."""
    if request.path == PUBLISHES:
        found = [_publication(shelf, request, tuple(KEYS))] if shelf.published is not None else []
        return json_reply(200, {"data": found, "meta": {"page": 1, "per_page": 1, "total": len(found)}})
    if (latest := _LATEST.fullmatch(request.path)) is not None and shelf.published is not None:
        name, tail = latest.groups()
        if tail is None:
            return json_reply(200, {"data": _publication(shelf, request, (name,))})
        return _redirect(f"{request.base_url}/storage/{shelf.stamp()}/{name}/{request.param('delta', 'full')}.csv.zip")
    if (file := _FILE.fullmatch(request.path)) is not None and file[2] == shelf.stamp():
        if file[4] != "full" and file[4] not in DELTAS:
            return json_reply(404, {"error": f"no delta {file[4]!r}"})
        if file[1] == "download":
            return _redirect(f"{request.base_url}{request.path.replace('/download/', '/storage/', 1)}")
        return _bytes(shelf.file(file[3], file[4])[0], request)
    return json_reply(404, {"error": "Not Found"})


def _publication(shelf: Shelf, request: Request, names: tuple[str, ...]) -> dict[str, Any]:
    date = f"{shelf.published:%Y-%m-%d %H:%M:%S}"
    return {"publish_date": date, **{name: _files(shelf, request, name, date) for name in names}}


def _files(shelf: Shelf, request: Request, name: str, date: str) -> dict[str, Any]:
    deltas = {interval: {"csv": _file(shelf, request, name, interval)} for interval in DELTAS}
    return {
        "type": name,
        "publish_date": date,
        "full_file": {"csv": _file(shelf, request, name, "full")},
        "delta_files": deltas,
    }


def _file(shelf: Shelf, request: Request, name: str, interval: str) -> dict[str, Any]:
    archive, records = shelf.file(name, interval)
    return {
        "type": name,
        "format": "csv",
        "record_count": records,
        "size": len(archive),
        "size_human_readable": f"{len(archive) / 1e6:.2f} MB",
        "delta_type": None if interval == "full" else interval,
        "url": f"{request.base_url}/download/{shelf.stamp()}/{name}/{interval}.csv.zip",
    }


def _redirect(url: str) -> Reply:
    return Reply(302, b"", {"location": url})


def _bytes(archive: bytes, request: Request) -> Reply:
    headers = {"content-type": "application/zip", "accept-ranges": "bytes"}
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None:
        return Reply(200, archive, headers)
    start = int(wanted[1])
    if start >= len(archive):
        return Reply(416, b"", {"content-range": f"bytes */{len(archive)}"})
    return Reply(206, archive[start:], {**headers, "content-range": f"bytes {start}-{len(archive) - 1}/{len(archive)}"})
