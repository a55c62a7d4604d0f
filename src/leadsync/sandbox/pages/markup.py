"""HTML as values: text is escaped unless it is markup already."""

from __future__ import annotations

from html import escape
from typing import TypeAlias
from urllib.parse import quote, urlencode

VOID = {"input", "meta", "link", "br"}


class Html(str):
    """Text that is markup, and so is not escaped again."""

    __slots__ = ()


Attribute: TypeAlias = str | int | bool | None


def el(tag: str, *children: str, **attributes: Attribute) -> Html:
    """An element. A trailing underscore of an attribute's name falls off (`class_`), others become hyphens."""
    head = "".join(_attribute(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    if tag in VOID:
        return Html(f"<{tag}{head}>")
    return Html(f"<{tag}{head}>{join(*children)}</{tag}>")


def _attribute(name: str, value: Attribute) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return f" {name}"
        case _:
            return f' {name}="{escape(str(value))}"'


def join(*children: str) -> Html:
    """Children one after the other, those that are plain text escaped."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def address(*parts: str, **query: str | int) -> str:
    """A path from its parts, each quoted, with a query."""
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    return f"{path}?{urlencode(query)}" if query else path
