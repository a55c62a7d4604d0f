"""An HTML page that stands by itself: headings, sentences, tables and charts; no script, nothing loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

from leadsync.errors import Misconfigured

STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .6rem 0; } th, td { padding: .2rem .8rem .2rem 0; text-align: left; }
th { border-bottom: 1px solid #8a94a3; font-weight: 600; } td { border-bottom: 1px solid #e4e7ec; }
.n { text-align: right; font-variant-numeric: tabular-nums; } .note { color: #5b6770; }
svg { width: 100%; height: auto; max-width: 45rem; font: 11px system-ui, sans-serif; fill: #1c2430; }
svg polyline { fill: none; } pre { background: #f4f6f8; padding: .8rem; overflow-x: auto; font-size: .85rem; }
"""
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing may be loaded or run, whatever a name in the data says."""


@dataclass(slots=True)
class Page:
    """A page that is put together part by part; every text is escaped, only `svg` is taken as it is."""

    title: str
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
        """A table; `right`: columns of numbers."""
        numbers = set(right)

        def line(cells: Sequence[str], tag: str) -> str:
            made = (
                f'<{tag} class="n">{escape(cell)}</{tag}>' if place in numbers else f"<{tag}>{escape(cell)}</{tag}>"
                for place, cell in enumerate(cells)
            )
            return f"<tr>{''.join(made)}</tr>"

        body = "".join(line(row, "td") for row in rows)
        self._parts.append(f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>")
        return self

    def code(self, text: str) -> Page:
        """Lines as they are, to be copied."""
        self._parts.append(f"<pre>{escape(text)}</pre>")
        return self

    def svg(self, chart: str) -> Page:
        """A chart made by `reports.svg`."""
        self._parts.append(chart)
        return self

    def html(self) -> str:
        """The whole document."""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            f'<meta name="viewport" content="width=device-width"><title>{escape(self.title)}</title>'
            f"<style>{STYLE}</style></head><body><h1>{escape(self.title)}</h1>{''.join(self._parts)}</body></html>\n"
        )

    def save(self, path: Path) -> None:
        """Write the document. Raises Misconfigured where it cannot be written."""
        try:
            path.write_text(self.html(), encoding="utf-8")
        except OSError as problem:
            raise Misconfigured(f"{path}: cannot write it: {problem.strerror}.") from None
