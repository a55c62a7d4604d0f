"""One recorded request and its answer, as the recordings' lines have them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ID = re.compile(r"/(?:\d{5,}|[A-Za-z0-9]{18}|[^/]+@[^/]+)(?=/|$)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request without its query, which was not recorded, and the answer: status and body."""

    vendor: str
    method: str
    path: str
    request: Any
    status: int
    response: Any

    @property
    def endpoint(self) -> str:
        """The path with its ids taken out."""
        return f"{self.method} {_ID.sub('/{id}', self.path.split('?')[0].rstrip('/'))}"


def of_line(vendor: str, line: str) -> Exchange:
    """An exchange from its JSON; raises KeyError and ValueError for a line that is none."""
    data = json.loads(line)
    return Exchange(
        vendor=vendor,
        method=data["method"],
        path=data["path"],
        request=data.get("request"),
        status=int(data["status"]),
        response=data["response"],
    )


def recorded(folder: Path, vendor: str) -> Iterator[Exchange]:
    """The exchanges of `{vendor}.jsonl.gz` or `{vendor}.jsonl` in the folder; raises FileNotFoundError."""
    packed = folder / f"{vendor}.jsonl.gz"
    if packed.exists():
        with gzip.open(packed, "rt", encoding="utf-8") as lines:
            yield from (of_line(vendor, line) for line in lines)
        return
    with (folder / f"{vendor}.jsonl").open(encoding="utf-8") as lines:
        yield from (of_line(vendor, line) for line in lines)
