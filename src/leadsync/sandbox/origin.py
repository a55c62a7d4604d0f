"""Who may give orders: not a web page of another origin, nor one whose name was pointed at this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from leadsync.sandbox.http import Request

PRIVATE = (".localhost", ".internal")
"""Endings that no public name server answers for: RFC 6761, and ICANN's reservation of `.internal` of 2024."""


def foreign(request: Request) -> str | None:
    """Why a request's order may not be obeyed, or None.

    Browsers tell where a request came from in `Origin` (Fetch standard) and older ones in `Referer`; a client that
    tells neither is no browser, and nobody's page can make it send anything.
    """
    host = request.headers.get("host", "localhost")
    if (why := misnamed(request)) is not None:
        return why
    told = request.headers.get("origin", request.headers.get("referer"))
    if told is not None and urlsplit(told).netloc != host:
        return "This request came from a page of another origin."
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return "This request came from a page of another site."
    return None


def misnamed(request: Request) -> str | None:
    """Why the name we were called by may be an outsider's that was rebound to us, or None."""
    host = request.headers.get("host", "localhost")
    if _own_name(host):
        return None
    return f"The sandbox answers at an address or at a name without dots, not at {host!r}."


def _own_name(host: str) -> bool:
    """An IP address or a name without dots: what an outsider's DNS cannot point at us."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(PRIVATE))
    return True
