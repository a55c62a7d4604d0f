"""The Golden Copy's publishes API and downloads, which redirect to a storage that serves ranges."""

from __future__ import annotations

import re
from typing import Any

from leadsync.sandbox import Reply, Request, json_reply
from leadsync_gleif.goldencopy import DELTAS, PUBLISHES
from leadsync_gleif.sandbox.formats import FORMATS
from leadsync_gleif.sandbox.shelf import KEYS, Shelf

_KINDS, _ENDINGS = "|".join(KEYS), "|".join(FORMATS)
_LATEST = re.compile(rf"{PUBLISHES}/({_KINDS})/latest(?:\.({_ENDINGS})|(/download))?")
_FILE = re.compile(rf"/(download|storage)/(\d{{8}}-\d{{4}})/({_KINDS})/(\w+)/([\w.-]+)\.({_ENDINGS})\.zip")
_RANGE = re.compile(r"bytes=(\d+)-")


def answer(shelf: Shelf, request: Request) -> Reply:
    """Answer a request of the Golden Copy service."""
    path = request.path.rstrip("/")
    if path == PUBLISHES:
        found = [_publication(shelf, request, tuple(KEYS))] if shelf.published is not None else []
        number, size = request.param("page[number]", "1"), request.param("page[size]", "10")
        if not (number.isdigit() and size.isdigit() and int(number) and int(size)):
            return json_reply(400, {"error": "page[number] and page[size] must be whole numbers from 1 on"})
        meta = {"page": int(number), "per_page": int(size), "total": len(found)}
        return json_reply(200, {"data": found if number == "1" else [], "meta": meta})
    if (latest := _LATEST.fullmatch(path)) is not None and shelf.published is not None:
        name, ending, download = latest.groups()
        if ending is None and download is None:
            return json_reply(200, {"data": _publication(shelf, request, (name,))})
        interval = request.param("delta", "full")
        if interval != "full" and interval not in DELTAS:
            return _no_delta(interval)
        return _redirect(_url(shelf, request, "storage", (name, interval, ending or "csv")))
    if (file := _FILE.fullmatch(path)) is not None and file[2] == shelf.stamp():
        return _delivered(shelf, request, file)
    return json_reply(404, {"error": "Not Found"})


def _delivered(shelf: Shelf, request: Request, file: re.Match[str]) -> Reply:
    where, _, name, interval, _, ending = file.groups()
    if interval != "full" and interval not in DELTAS:
        return _no_delta(interval)
    if where == "download":
        return _redirect(_url(shelf, request, "storage", (name, interval, ending)))
    return _bytes(shelf.file(name, interval, ending)[0], request)


def _no_delta(interval: str) -> Reply:
    return json_reply(404, {"error": f"no delta {interval!r}; there are {', '.join(DELTAS)}"})


def _url(shelf: Shelf, request: Request, where: str, file: tuple[str, str, str]) -> str:
    name, interval, _ = file
    return f"{request.base_url}/{where}/{shelf.stamp()}/{name}/{interval}/{shelf.file_name(*file)}.zip"


def _publication(shelf: Shelf, request: Request, names: tuple[str, ...]) -> dict[str, Any]:
    date = f"{shelf.published:%Y-%m-%d %H:%M:%S}"
    return {"publish_date": date, **{name: _files(shelf, request, name, date) for name in names}}


def _files(shelf: Shelf, request: Request, name: str, date: str) -> dict[str, Any]:
    return {
        "type": name,
        "publish_date": date,
        "full_file": _formats(shelf, request, name, "full"),
        "delta_files": {interval: _formats(shelf, request, name, interval) for interval in DELTAS},
    }


def _formats(shelf: Shelf, request: Request, name: str, interval: str) -> dict[str, Any]:
    return {ending: _file(shelf, request, (name, interval, ending)) for ending in FORMATS}


def _file(shelf: Shelf, request: Request, file: tuple[str, str, str]) -> dict[str, Any]:
    name, interval, ending = file
    archive, records = shelf.file(*file)
    return {
        "type": name,
        "format": ending,
        "record_count": records,
        "size": len(archive),
        "size_human_readable": f"{len(archive) / 1e6:.2f} MB",
        "delta_type": None if interval == "full" else interval,
        "url": _url(shelf, request, "download", file),
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
