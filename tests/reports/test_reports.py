"""Pages stand by themselves, charts are well-formed and show what they are given."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from leadsync.errors import Misconfigured
from leadsync.reports.bars import bars, shown, spans
from leadsync.reports.page import Page
from leadsync.reports.scale import nice, widened
from leadsync.reports.style import COLOURS, COLOURS_IN_THE_DARK, SILENT, STYLE, colour
from leadsync.reports.svg import Line, columns, lines
from leadsync.reports.text import bar, chart


def drawn(chart: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(chart).iter(tag))


def widths(chart: str) -> list[float]:
    return [float(found) for found in re.findall(r"width:([\d.]+)%", chart)]


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
    assert {"then", "now"} <= {text.text for text in drawn(some, "text")}
    assert [name.text for name in drawn(some, "b")] == ["x", "y<"]


def test_columns_are_one_for_each_value_and_none_is_below_the_frame() -> None:
    rects = drawn(columns("t", ["a", "b", "c"], [("one", [1, 2, 3]), ("two", [0, -1, 2])]), "rect")
    assert len(rects) == 6 and all(float(rect.get("height", "0")) >= 0 for rect in rects)


def test_labels_that_would_touch_each_other_stand_aslant() -> None:
    short = columns("t", ["a", "b"], [("one", [1, 2])])
    long = columns("t", ["paid_search"] * 9, [("one", [1.0] * 9)])
    assert "rotate" not in short and long.count("rotate") == 9


def test_more_series_than_colours_are_told_apart_by_how_pale_they_are() -> None:
    assert len({colour(number) for number in range(2 * len(COLOURS))}) == 2 * len(COLOURS)
    assert len(COLOURS) == len(COLOURS_IN_THE_DARK)
    assert STYLE.count(COLOURS[0]) == 1 and "prefers-color-scheme: dark" in STYLE


def test_an_axis_ends_on_a_round_number_above_the_greatest_value() -> None:
    assert widened(0, 97) == (0, 100) and widened(-0.3, 4) == (-1, 4)
    assert nice(0, 100) == [0, 20, 40, 60, 80, 100] and nice(3, 3) == [3]
    text = [some.text for some in drawn(lines("t", [Line("x", ((0, 0), (1, 97)))]), "text")]
    assert "100" in text


def test_the_names_at_both_ends_of_an_axis_stay_within_it() -> None:
    some = drawn(lines("t", [Line("x", ((0, 0), (1, 9)))], ticks=[(0, "then"), (1, "now")]), "text")
    ends = {text.text: text.get("text-anchor") for text in some}
    assert ends["then"] == "start" and ends["now"] == "end"


def test_bars_are_as_long_as_their_values() -> None:
    found = widths(bars("t", [("a", 10), ("b", 5), ("c", 0)]))
    assert found == [100, 50, 0]


def test_bars_below_nothing_go_to_the_left() -> None:
    assert widths(bars("t", [("a", 6), ("b", -2)])) == [75, 25]


@pytest.mark.parametrize(
    ("values", "written"),
    [([3, 0], "3"), ([36.87, 3.267], "36.9"), ([1.5, 0.1], "1.50"), ([0.25], "0.250"), ([12345.6], "12,346")],
)
def test_values_have_as_many_decimals_as_the_greatest_needs(values: list[float], written: str) -> None:
    assert shown(values)(values[0]) == written


CHARTS = {"lines": lines("t", []), "columns": columns("t", [], []), "bars": bars("t", []), "spans": spans("t", [], 0.5)}


@pytest.mark.parametrize("made", CHARTS.values(), ids=CHARTS)
def test_a_chart_of_nothing_says_so(made: str) -> None:
    assert drawn(made, "figcaption")[0].text == "t" and "nothing to draw" in made


def test_a_table_without_rows_says_so() -> None:
    assert "There is none" in Page("x").table(["a"], []).html() and "<table" not in Page("x").table(["a"], []).html()


def test_a_page_loads_and_runs_nothing_and_takes_no_text_for_markup(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    page = Page(name).heading(name).say(name).say(name, note=True).table([name], [[name]], right=[0])
    page.chart(bars(name, [(name, 1)])).chart(columns(name, [name], [(name, [1])])).save(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script" not in html and "src=" not in html and "href=" not in html and "http:" not in html
    assert html.count("&lt;script&gt;") >= 7


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot write"):
        Page("x").save(tmp_path / "no" / "page.html")


def test_spans_mark_what_reaches_over_the_line() -> None:
    made = spans("AUC", [("speaks", 0.6, 0.7, 0.8), ("silent", 0.4, 0.5, 0.6)], 0.5)
    dots = [element.get("class", "") for element in drawn(made, "i")]
    assert dots == ["span c0", "dot c0", f"span c{SILENT}", f"dot c{SILENT}"]
