"""Pages stand by themselves, charts are well-formed and show what they are given."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from leadsync.errors import Misconfigured
from leadsync.reports.page import Page
from leadsync.reports.svg import COLOURS, Line, bars, columns, lines, spans
from leadsync.reports.text import bar, chart


def drawn(chart: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(chart).iter(tag))


def test_a_text_chart_is_as_high_as_its_values() -> None:
    rows = chart([0, 5, 10], "May", "June", height=2)
    assert rows[0] == "10 ┤  █" and rows[1] == "   ┤ ██" and rows[2] == " 0 ┼───"
    assert rows[3].split() == ["May", "June"]


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0]], ids=["none", "one", "two"])
def test_a_text_chart_of_nothing_is_an_empty_frame(values: list[float]) -> None:
    assert not any("█" in row for row in chart(values, "a", "b"))


def test_a_share_is_a_bar_in_eighths() -> None:
    assert (bar(0, 4), bar(1, 4), bar(0.5, 4), bar(2, 2)) == ("", "████", "██", "██")


def test_a_line_chart_has_a_line_for_each_series_and_a_name_for_each_tick() -> None:
    some = lines("a & b", [Line("x", ((0, 1), (1, 2))), Line("y<", ((0, 0), (1, 9)))], ticks=[(0, "then"), (1, "now")])
    assert len(drawn(some, "polyline")) == 2
    assert {"then", "now", "x", "y<"} <= {text.text for text in drawn(some, "text")}


def test_columns_are_one_for_each_value_and_none_is_below_the_frame() -> None:
    rects = drawn(columns("t", ["a", "b", "c"], [("one", [1, 2, 3]), ("two", [0, -1, 2])]), "rect")
    assert len(rects) == 6 + 2 and all(float(rect.get("height", "0")) >= 0 for rect in rects)


def test_bars_are_as_long_as_their_values() -> None:
    wide = [float(rect.get("width", "0")) for rect in drawn(bars("t", [("a", 10), ("b", 5), ("c", 0)]), "rect")]
    assert wide[1] == pytest.approx(wide[0] / 2, abs=0.1) and wide[2] == 0


CHARTS = {"lines": lines("t", []), "columns": columns("t", [], []), "bars": bars("t", [])}


@pytest.mark.parametrize("made", CHARTS.values(), ids=CHARTS)
def test_a_chart_of_nothing_is_still_a_chart(made: str) -> None:
    assert drawn(made, "title")[0].text == "t"


def test_a_page_loads_and_runs_nothing_and_takes_no_text_for_markup(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    page = Page(name).heading(name).say(name).say(name, note=True).table([name], [[name]], right=[0])
    page.svg(bars(name, [(name, 1)])).save(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script" not in html and "src=" not in html and "href=" not in html and "http:" not in html
    assert html.count("&lt;script&gt;") >= 7


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot write"):
        Page("x").save(tmp_path / "no" / "page.html")


def test_spans_mark_what_reaches_over_the_line() -> None:
    made = spans("AUC", [("speaks", 0.6, 0.7, 0.8), ("silent", 0.4, 0.5, 0.6)], 0.5)
    assert made.count("<circle") == 2 and made.count(COLOURS[0]) == 2 and made.count(COLOURS[5]) == 2
