"""An HTML page that stands by itself: headings, sentences, tables and charts; no script, nothing loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

from leadsync.errors import Misconfigured
from leadsync.reports.style import STYLE

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing may be loaded or run, whatever a name in the data says."""
LONG: Final = 30
"""Letters of a cell from which on it is not to be broken into a column of single words."""


@dataclass(slots=True)
class Page:
    """A page that is put together part by part; every text is escaped, only `chart` is taken as it is. `about`: what a
    reader who finds the file later wants to know first, such as the day it is of."""

    title: str
    about: str = ""
    _parts: list[str] = field(default_factory=list)

    def heading(self, text: str) -> Page:
        """A section begins."""
        self._parts.append(f"<h2>{escape(text)}</h2>")
        return self

    def say(self, text: str, *, note: bool = False) -> Page:
        """A paragraph; `note`: of less weight."""
        self._parts.append(f'<p class="note">{escape(text)}</p>' if note else f"<p>{escape(text)}</p>")
        return self

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> Page:
        """A table, or a word in its place where there are no rows; `right`: columns of numbers. Where it is wider than
        the screen it is moved sideways, and its first column stays."""
        numbers = set(right)

        def line(cells: Sequence[str], tag: str) -> str:
            kinds = ["n" if place in numbers else "t" if len(cell) > LONG else "" for place, cell in enumerate(cells)]
            made = (
                f'<{tag} class="{kind}">{escape(cell)}</{tag}>' if kind else f"<{tag}>{escape(cell)}</{tag}>"
                for kind, cell in zip(kinds, cells, strict=True)
            )
            return f"<tr>{''.join(made)}</tr>"

        body = "".join(line(row, "td") for row in rows)
        if not body:
            return self.say("There is none.", note=True)
        top = f"<thead>{line(head, 'th')}</thead>" if any(head) else ""
        self._parts.append(f'<div class="wide" tabindex="0"><table>{top}<tbody>{body}</tbody></table></div>')
        return self

    def listed(self, lines: Iterable[str]) -> Page:
        """Short lines below each other."""
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        self._parts.append(f"<ul>{items}</ul>")
        return self

    def code(self, text: str) -> Page:
        """Lines as they are, to be copied."""
        self._parts.append(f'<pre tabindex="0">{escape(text)}</pre>')
        return self

    def chart(self, markup: str) -> Page:
        """A chart made by `reports.svg` or `reports.bars`."""
        self._parts.append(markup)
        return self

    def html(self) -> str:
        """The whole document."""
        about = f'<p class="note">{escape(self.about)}</p>' if self.about else ""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{STYLE}</style></head>"
            f"<body><h1>{escape(self.title)}</h1>{about}{''.join(self._parts)}</body></html>\n"
        )

    def save(self, path: Path) -> None:
        """Write the document. Raises Misconfigured where it cannot be written."""
        try:
            path.write_text(self.html(), encoding="utf-8")
        except OSError as problem:
            raise Misconfigured(f"{path}: cannot write it: {problem.strerror}.") from None
