"""Web domains: taking one out of a URL or an e-mail address, and telling a company's own from a shared one."""

from __future__ import annotations

import re
from collections.abc import Collection

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")

_SECOND_LEVEL = frozenset(
    "ac ad co com edu firm gen go gob gouv gov govt gv in ind info int inc ltd me med mil ne net nic nom or org plc "
    "pro sch school web".split()
)
"""Labels that, under a country's top-level domain, are the register's and not the company's ("co" in co.uk)."""

SHARED = frozenset(
    """
    about.me amazonaws.com azurewebsites.net bitbucket.io blogspot.com booking.com business.site carrd.co
    cloudfront.net crunchbase.com etsy.com eu.org facebook.com fb.com github.com github.io gitlab.io godaddysites.com
    google.com herokuapp.com home.pl instagram.com issuu.com jimdo.com jimdofree.com linkedin.com linktr.ee medium.com
    myshopify.com netlify.app notion.site onmicrosoft.com ovh.net pages.dev pinterest.com sharepoint.com shopify.com
    sites.google.com squarespace.com tiktok.com tripadvisor.com tumblr.com twitter.com typepad.com vercel.app
    vk.com webflow.io webnode.com weebly.com wikipedia.org wix.com wixsite.com wordpress.com x.com xing.com
    yelp.com youtube.com
    """.split()
)
"""Hosts at which many companies have a page, so that having one there says nothing of who they are."""


def host_of(text: str | None) -> str:
    """The host name in a URL, an e-mail address or a bare domain, lower case, without "www."; "" when there is none."""
    if text is None:
        return ""
    rest = text.strip().lower()
    rest = re.sub(r"^[^/?#]*://", "", rest).removeprefix("mailto:").removeprefix("//")
    rest = re.split(r"[/?#\s]", rest, maxsplit=1)[0].rpartition("@")[2].split(":", 1)[0].rstrip(".")
    rest = re.sub(r"^www\d?\.", "", rest)
    if not rest.isascii():
        rest = _punycode(rest)
    return rest if _HOST.fullmatch(rest) and not rest.rpartition(".")[2].isdigit() else ""


def _punycode(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def domain_of(text: str | None) -> str:
    """The registrable domain in a URL or an e-mail address: "https://www.shop.acme.co.uk/x" → "acme.co.uk"; "" if none.

    Country registers' second levels ("co.uk", "com.br") count as part of the ending; a shared host keeps the customer's
    label ("acme.github.io" stays whole), since it alone tells two customers apart.
    """
    labels = host_of(text).split(".")
    if len(labels) <= 2:
        return ".".join(labels)
    take = 3 if len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    domain = ".".join(labels[-take:])
    return ".".join(labels[-take - 1 :]) if domain in SHARED else domain


def is_shared(domain: str, free_mail: Collection[str] = ()) -> bool:
    """Whether a domain belongs to many: a hosting or social site, or one of the free-mail domains given."""
    return domain in free_mail or domain in SHARED or ".".join(domain.split(".")[-2:]) in SHARED


def domain_label(domain: str) -> str:
    """The part of a registrable domain that a company chose: "acme.co.uk" → "acme"; "" for a shared or no domain."""
    return "" if is_shared(domain) else domain.split(".", maxsplit=1)[0].removeprefix("xn--")
