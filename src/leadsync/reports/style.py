"""How pages look: in the light and in the dark, on a wide screen, on a phone and on paper."""

from __future__ import annotations

from typing import Final

COLOURS: Final = ("#2563a8", "#c2571a", "#3a7d44", "#7a4fa3", "#8a6d1f", "#5b6770", "#b03060", "#0c7c7c")
"""Told apart on white by people with the common colour blindnesses, and in print by their lightness."""
COLOURS_IN_THE_DARK: Final = ("#6ea8e6", "#f0935a", "#74c07f", "#b794e0", "#d3b24f", "#a3adb8", "#ef7fa5", "#4fc4c4")
SILENT: Final = 5
"""The grey one, for what says nothing."""


def colour(number: int) -> str:
    """The class of a series by its number; they come round, paler, after as many as there are."""
    again = " again" if number >= len(COLOURS) else ""
    return f"c{number % len(COLOURS)}{again}"


def _named(colours: tuple[str, ...]) -> str:
    return " ".join(f"--c{number}: {value};" for number, value in enumerate(colours))


STYLE: Final = f"""
:root {{ color-scheme: light dark; --ink: #1c2430; --soft: #5b6770; --line: #e0e4ea; --axis: #8a94a3; --paper: #fff;
  --shade: #f4f6f8; {_named(COLOURS)} }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e6e9ee; --soft: #a3adb8; --line: #303945; --axis: #75808e;
  --paper: #14181d; --shade: #1e242c; {_named(COLOURS_IN_THE_DARK)} }} }}
body {{ font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 62rem; padding: 0 1rem; overflow-wrap: break-word; }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin-bottom: .4rem; }} h2 {{ font-size: 1.15rem; margin-top: 2.2rem; }}
.note, figcaption {{ color: var(--soft); }}
ul {{ padding-left: 1.2rem; }}
.wide {{ overflow-x: auto; margin: .6rem 0; }}
table {{ border-collapse: collapse; }} th, td {{ padding: .2rem .9rem .2rem 0; text-align: left; }}
th {{ border-bottom: 1px solid var(--axis); font-weight: 600; vertical-align: bottom; }}
td {{ border-bottom: 1px solid var(--line); vertical-align: top; }}
td:not(.n):not(:first-child) {{ min-width: 6rem; }} td.t:not(:first-child) {{ min-width: 11rem; }}
th:first-child, td:first-child {{ position: sticky; left: 0; background: var(--paper); }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
pre {{ background: var(--shade); padding: .8rem; overflow-x: auto; font-size: .85rem; }}
figure {{ margin: 1rem 0 1.4rem; max-width: 46rem; break-inside: avoid; }} figcaption {{ margin-bottom: .5rem; }}
figure, figure text {{ font-size: 12px; line-height: 1.3; }} figcaption {{ font-size: 14px; }}
.plot {{ padding: 10px 10px 0 52px; }}
.plot > svg {{ display: block; width: 100%; overflow: visible; }}
text {{ fill: var(--ink); }} .grid {{ stroke: var(--line); }} .zero {{ stroke: var(--axis); }}
polyline {{ fill: none; stroke: currentColor; stroke-width: 2; vector-effect: non-scaling-stroke; }}
.dashed {{ stroke-dasharray: 5 4; }}
.legend {{ display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding-left: 52px; margin: .5rem 0 0; }}
.legend i {{ display: inline-block; width: .8em; height: .8em; margin-right: .4em; background: currentColor; }}
.legend b {{ font-weight: 400; color: var(--ink); }}
.row {{ display: grid; grid-template-columns: minmax(5rem, 30%) 1fr; gap: .6rem; align-items: center; margin: 3px 0; }}
.row > span {{ text-align: right; overflow-wrap: anywhere; }}
.row > div {{ position: relative; height: 1.4em; margin-right: 4.6em; }}
.row i, .row u, .row b {{ position: absolute; top: 0; height: 100%; }}
.row i {{ background: currentColor; min-width: 1px; }}
.row b {{ font-weight: 400; white-space: nowrap; padding-left: .4em; font-variant-numeric: tabular-nums; }}
.row i.span {{ top: calc(50% - 1px); height: 2px; }}
.row i.dot {{ top: calc(50% - 4px); width: 8px; height: 8px; margin-left: -4px; border-radius: 50%; }}
.row u {{ width: 1px; height: calc(100% + 6px); background: var(--axis); }}
.row b.tick {{ transform: translateX(-50%); padding: 0; color: var(--soft); }}
{" ".join(f".c{n} {{ color: var(--c{n}); }}" for n in range(len(COLOURS)))} .again {{ opacity: .5; }}
rect, circle {{ fill: currentColor; }}
@media print {{ .wide, pre {{ overflow: visible; white-space: pre-wrap; }} .row i {{ print-color-adjust: exact; }} }}
"""
