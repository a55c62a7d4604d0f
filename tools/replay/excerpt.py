"""python -m tools.replay.excerpt --data DIR: a small part of the recordings, cut short and cleaned of people.

One exchange of each endpoint, status and kind of answer; long lists keep a few items of each shape, and whatever names
a person, an account or an organisation is replaced.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.replay.exchange import Exchange, recorded
from tools.replay.replay import VENDORS

TARGET = Path(__file__).parents[2] / "tests" / "conformance" / "recordings"
LONG = 6
"""Lists of objects keep at most this many items."""

CLEANED = (
    (re.compile(r"[\w.+-]+@[\w.-]+\.\w+"), "person@example.com"),
    (re.compile(r"\b(Jones|Smith|Simpson|Patil|Chang|Jih|King|John|Brian|Caio)\b"), "Sample"),
    (re.compile(r"\b(?:grouparoo\d?|notgrouparoo)\.demo\.com"), "company.example.com"),
    (re.compile(r"https?://www\.grouparoo\.com[^\"\s]*"), "https://www.example.com"),
    (re.compile(r"(?i)\bgrouparoo\b"), "sample"),
    (re.compile(r"grouparoo_"), "sample_"),
    (re.compile(r"\bmailinator\.com"), "example.com"),
    (re.compile(r"p\d{8}_"), "p48000001_"),
    (re.compile(r'(?<="portalId": )\d+|(?<="portal-id": )\d+'), "48000001"),
)


def short(value: Any) -> Any:
    """The value with its long lists cut to their first items."""
    match value:
        case dict():
            return {key: short(item) for key, item in value.items()}
        case list() if all(isinstance(item, dict) for item in value):
            return [short(item) for item in value[:LONG]]
        case _:
            return value


def clean(text: str) -> str:
    """JSON text without people and organisations."""
    for pattern, instead in CLEANED:
        text = pattern.sub(instead, text)
    return text


def _signature(exchange: Exchange) -> tuple[str, int, str]:
    body = exchange.response
    kinds = sorted({str(sorted(item)) for item in body if isinstance(item, dict)}) if isinstance(body, list) else body
    some = bool(body.get("results")) if isinstance(body, dict) and "results" in body else None
    return exchange.endpoint, exchange.status, str(kinds) if isinstance(body, list) else str(some)


def chosen(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    """The first exchange of each kind."""
    seen: set[tuple[str, int, str]] = set()
    for exchange in exchanges:
        if _signature(exchange) not in seen:
            seen.add(_signature(exchange))
            yield exchange


def _line(exchange: Exchange) -> str:
    whole = {
        "method": exchange.method,
        "path": exchange.path,
        "request": exchange.request,
        "status": exchange.status,
        "response": short(exchange.response),
    }
    return clean(json.dumps(whole, ensure_ascii=False))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the excerpt of each vendor's recording."""
    parser = argparse.ArgumentParser(prog="python -m tools.replay.excerpt", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds recordings/")
    folder = parser.parse_args(arguments).data / "recordings"
    TARGET.mkdir(parents=True, exist_ok=True)
    for vendor, side in VENDORS.items():
        found = [e for e in recorded(folder, vendor) if side.out_of_scope(e) is None]
        lines = [_line(exchange) for exchange in chosen(found)]
        (TARGET / f"{vendor}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
