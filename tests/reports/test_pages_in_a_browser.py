"""Reports as a browser shows them: on a phone nothing stands out over the side, and all of it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.browser import Page as Browser
from tests.conformance.browser import browser

from leadsync.reports.bars import bars, spans
from leadsync.reports.page import Page
from leadsync.reports.style import COLOURS
from leadsync.reports.svg import Line, columns, lines

PHONE = 390
"""Pixels across of a phone."""
READABLE = 12
LONG = "Webinar: whose subsidiary is this lead, and who is Donaudampfschiffahrtsgesellschaftskapitaen"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def phone(chromium: Browser, tmp_path: Path) -> Browser:
    """A page with one of everything, in a frame as wide as a phone."""
    labels = [f"channel {i}" for i in range(12)]
    page = Page(f"Attribution by {LONG}", "As of 2026-11-22.").heading(LONG).say(LONG).listed([LONG])
    page.table([LONG, *labels], [[LONG, *(["1,234.5"] * 12)]], right=range(1, 13)).code(LONG * 3)
    page.chart(bars("Bars", [(LONG, 1234567.0), ("b", -3.0)]))
    page.chart(spans("Spans", [(LONG, 0.3, 0.5, 0.9)], 0.5))
    page.chart(columns("Columns", labels, [(name, [1.0] * 12) for name in labels]))
    page.chart(lines("Lines", [Line(LONG, ((0, 1), (9, 2)))], ticks=[(0, "2026-01-01"), (9, "2026-12-31")]))
    page.save(tmp_path / "page.html")
    frame = f'<iframe src="page.html" style="width:{PHONE}px;height:900px;border:0"></iframe>'
    (tmp_path / "phone.html").write_text(f"<!doctype html><body>{frame}</body>", encoding="utf-8")
    chromium.open((tmp_path / "phone.html").as_uri())
    chromium.into("iframe")
    return chromium


def test_a_page_is_no_wider_than_a_phone_and_what_is_wider_moves_by_itself(phone: Browser) -> None:
    assert phone.sizes("html") == phone.sizes("html", "clientWidth") <= [PHONE]
    assert all(width <= PHONE for width in phone.sizes("figure, .wide, pre", "clientWidth"))
    assert phone.sizes(".wide")[0] > PHONE


def test_the_words_of_charts_are_as_large_on_a_phone_as_elsewhere(phone: Browser) -> None:
    sizes = phone.styles("figure text, figure .row span, figure .row b, .legend b", "font-size")
    assert len(sizes) > 30 and all(float(size.removesuffix("px")) >= READABLE for size in sizes)


def test_series_have_the_colours_they_are_meant_to_have_and_lines_are_not_filled(phone: Browser) -> None:
    red, green, blue = (int(COLOURS[0][at : at + 2], 16) for at in (1, 3, 5))
    assert phone.styles("rect.c0", "fill")[0] == f"rgb({red}, {green}, {blue})"
    assert set(phone.styles("polyline", "fill")) == {"none"}
