"""XML as Salesforce's older APIs write it: plain elements, lists repeated by name, null as xsi:nil."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def parsed(body: bytes) -> Element | None:
    """The root element; None for what is no XML, or brings a document type, which could grow without end."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return None
    try:
        return fromstring(body)  # noqa: S314  document types are refused above
    except ParseError:
        return None


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def text_of(element: Element, name: str) -> str:
    """The text of the first descendant of that name, "" when there is none."""
    found = next((one for one in element.iter() if local(one) == name), None)
    return "" if found is None or found.text is None else found.text.strip()


def texts(element: Element) -> dict[str, str]:
    """The texts of the children by name; of several the last."""
    return {local(child): (child.text or "").strip() for child in element}


def elements(values: Mapping[str, Any]) -> str:
    """Values as elements: mappings nested, lists repeated, booleans and numbers as XML Schema writes them."""
    return "".join(_written(name, value) for name, value in values.items())


def _written(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_written(name, one) for one in value)
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    return f"<{name}>{''.join(_inner(value))}</{name}>"


def _inner(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield elements(value)
    elif isinstance(value, bool):
        yield str(value).lower()
    else:
        yield escape(str(value))
