"""Attribution of a plain CSV: wide, aggregated and long, and what cannot be read."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.attribute.engine import NO_TOUCH
from leadsync.attribute.model import STANDARD, JourneyRules, Repeats
from leadsync.attribute.naming import method_named
from leadsync.attribute.table import attribute_file, empty_games, read_paths, to_csv, unmarked
from leadsync.errors import Misconfigured

WIDE = """journey_id,path,conv,value,hours
1,ads > web > email,True,30,108 > 77 > 0
2,web,False,0.0,5
3,ads > ads,True,10,4 > 2
"""
LONG = """journey,time,channel,conversion,value
1,2026-11-01T00:00:00Z,ads,0,
1,2026-11-02T07:00:00Z,web,0,
1,2026-11-05T12:00:00Z,email,1,30
2,2026-11-01T00:00:00Z,web,0,
3,2026-11-03T02:00:00+02:00,ads,0,
3,2026-11-03T02:00:00Z,ads,0,
3,2026-11-03T04:00:00Z,,1,10
"""


def run(text, *models, rules=None):
    methods = [method_named(name, STANDARD) for name in models or ("linear",)]
    rows = attribute_file(io.StringIO(text, newline=""), "journeys.csv", methods, rules or JourneyRules())
    return {row.channel: (row.conversions, row.value) for row in rows}


def close(found, expected):
    return set(found) == set(expected) and all(found[name] == pytest.approx(expected[name]) for name in expected)


@pytest.mark.parametrize("text", [WIDE, LONG, WIDE.replace("\n", "\r\n"), "\ufeff" + WIDE, WIDE.replace(" > ", ">")])
def test_wide_and_long_files_give_the_same_credits(text):
    third = 1 / 3
    assert close(run(text), {"ads": (third + 1, 10 + 10), "web": (third, 10), "email": (third, 10)})
    assert close(run(text, "time_decay:31h"), run(WIDE, "time_decay:31h"))


def test_counted_paths_equal_the_paths_one_by_one():
    counted = "path,total_conversions,total_conversion_value,total_null\na > b,2,6,1\nb,0,0,3\n"
    single = "path,conv,value\na > b,1,4\na > b,1,2\na > b,0,0\nb,no,\nb,0,0\nb,false,0\n"
    for name in ("first", "last", "linear", "u", "markov", "shapley", "shapley_rate"):
        assert close(run(counted, name), run(single, name)), name


def test_without_a_conversion_column_every_path_converted_once():
    assert run("path\na > b\nb\n", "last") == {"a": (0, 0), "b": (2, 0)}


def test_a_value_without_a_conversion_does_not_count():
    assert run("path,conv,value\na,1,5\na,0,99\n") == {"a": (1, 5)}


def test_conversions_without_a_touch_keep_their_place():
    assert run("path,conv,value\na,1,5\n,2,9\n")[NO_TOUCH] == (2, 9)
    assert run(LONG, rules=JourneyRules(exclude=frozenset(["ads"])))[NO_TOUCH] == (1, 10)


def test_a_long_file_with_one_flag_a_journey_converts_behind_its_last_touch():
    text = "journey,time,channel,conversion,value\n" + "".join(
        f"{journey},{time},{channel},{won},{value}\n"
        for journey, time, channel, won, value in [
            (1, 100, "a", 1, 8), (1, 300, "b", 1, 8), (1, 200, "c", 1, 8), (2, 100, "a", 0, 0), (2, 200, "b", 0, 0),
        ]
    )  # fmt: skip
    assert run(text, "last") == {"a": (0, 0), "b": (1, 8), "c": (0, 0)}
    assert read_paths(io.StringIO(text), "f", JourneyRules()).nulls.tolist() == [0, 1]


def test_a_second_conversion_starts_anew_or_counts_everything_again():
    text = "journey,time,channel,conversion\n1,1,a,0\n1,2,b,1\n1,3,c,1\n1,4,d,0\n"
    assert run(text, "first") == {"a": (1, 0), "b": (0, 0), "c": (1, 0), "d": (0, 0)}
    assert run(text, "first", rules=JourneyRules(restart=False)) == {"a": (2, 0), "b": (0, 0), "c": (0, 0)}
    kept = run(text, "last", rules=JourneyRules(after_conversion=True))
    assert kept == {"a": (0, 0), "b": (1, 0), "c": (0, 0), "d": (1, 0)}


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("2026-11-01", "2026-11-15", "2026-11-22"),
        ("20261101", "20261115", "20261122"),  # as GA4 exports days
        ("1793491200", "1794700800", "1795305600"),
        ("1793491200000", "1794700800000", "1795305600000"),
        ("1793491200000000", "1794700800000000", "1795305600000000"),  # as GA4 exports moments
        ("1793491200000000000", "1794700800000000000", "1795305600000000000"),
        ("2026-11-01 00:00:00 UTC", "2026-11-15 00:00:00 UTC", "2026-11-22 00:00:00 UTC"),  # as BigQuery writes them
    ],
)
def test_times_are_understood_however_an_export_writes_them(first, second, third):
    text = f"journey,time,channel,conversion\na,{first},ads,0\na,{second},web,0\na,{third},email,1\n"
    found = read_paths(io.StringIO(text), "f", JourneyRules())
    assert found.hours is not None and found.hours.tolist() == [21 * 24, 7 * 24, 0]


def test_journey_rules_hold_for_files_too():
    assert run(WIDE, "first", rules=JourneyRules(lookback_days=4))["web"] == (1, 30)
    assert close(run(WIDE, rules=JourneyRules(repeats=Repeats.COLLAPSE)), run(WIDE))


@given(st.lists(st.tuples(st.lists(st.sampled_from("abc"), max_size=5), st.integers(0, 3), st.integers(0, 900))))
def test_what_is_printed_adds_up_to_what_was_read(journeys):
    text = "path,conv,value\n" + "".join(f"{' > '.join(path)},{won},{value}\n" for path, won, value in journeys)
    rows = attribute_file(io.StringIO(text), "f", [STANDARD["linear"], STANDARD["markov"]], JourneyRules())
    printed = list(csv.DictReader(io.StringIO(to_csv(rows))))
    for model in {row["model"] for row in printed} if printed and "model" in printed[0] else ():
        of_model = [row for row in printed if row["model"] == model]
        assert sum(float(row["conversions"]) for row in of_model) == pytest.approx(sum(won for _p, won, _v in journeys))
        assert sum(float(row["value"]) for row in of_model) == pytest.approx(sum(v for _p, won, v in journeys if won))


TIMED = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(["ads", "web", "direct"]), st.integers(0, 90)), min_size=1, max_size=5),
        st.booleans(),
        st.integers(0, 900),
    ),
    min_size=1,
    max_size=5,
)
SWITCHES = st.builds(
    JourneyRules,
    lookback_days=st.sampled_from([None, 1, 3]),
    exclude=st.sampled_from([frozenset(), frozenset(["web"])]),
    repeats=st.sampled_from(list(Repeats)),
    after_conversion=st.booleans(),
    restart=st.booleans(),
    nulls=st.booleans(),
)


def as_wide(journeys):
    rows = []
    for touches, won, value in journeys:
        path, hours = (" > ".join(str(part) for part in parts) for parts in zip(*touches, strict=True))
        rows.append(f"{path},{int(won)},{value},{hours}")
    return "path,conv,value,hours\n" + "\n".join(rows) + "\n"


def as_long(journeys):
    rows = []
    for number, (touches, won, value) in enumerate(journeys):
        rows += [f"{number},{-hours * 3600},{channel},0," for channel, hours in touches]
        rows += [f"{number},0,,1,{value}"] if won else []
    return "journey,time,channel,conversion,value\n" + "\n".join(rows) + "\n"


@given(TIMED, SWITCHES)
def test_a_path_a_row_and_a_touch_a_row_give_the_same_by_every_model_and_switch(journeys, rules):
    def until_the_end(touches, won):
        ordered = sorted(touches, key=lambda touch: -touch[1])
        end = 0 if won else ordered[-1][1]  # without a conversion, a journey ends with its last touch
        return [(channel, hours - end) for channel, hours in ordered]

    told = [(until_the_end(touches, won), won, value) for touches, won, value in journeys]
    for name in STANDARD:
        found = {row.channel: (row.conversions, row.value) for row in attribute_file(
            io.StringIO(as_wide(told)), "f", [STANDARD[name]], rules)}  # fmt: skip
        assert close(run(as_long(told), name, rules=rules), found), name


def test_one_model_prints_three_columns_and_several_name_the_model():
    one = to_csv(attribute_file(io.StringIO(WIDE), "f", [STANDARD["last"]], JourneyRules()))
    assert one.splitlines()[:2] == ["channel,conversions,value", "ads,1.0,10.0"]
    two = to_csv(attribute_file(io.StringIO(WIDE), "f", [STANDARD["last"], STANDARD["first"]], JourneyRules()))
    assert two.splitlines()[0] == "model,channel,conversions,value" and two.splitlines()[1].startswith("last,ads")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "journeys.csv: the file is empty"),
        ("a,b\n1,2\n", "journeys.csv:1: needs a column path"),
        ("path,conv\na > b,maybe\n", 'journeys.csv:2: column 2 ("conv"): "maybe" is no count, and neither yes nor no'),
        ("path,conv\na,1\nb,-1\n", 'journeys.csv:3: column 2 ("conv"): "-1" is below 0'),
        ("path,Total_Conversions\na,inf\n", 'column 2 ("Total_Conversions"): "inf" is no count'),
        ("path,value\na,nan\n", 'journeys.csv:2: column 2 ("value"): "nan" is no number'),
        ("path,value\na,1.234,5\n", "journeys.csv:2: 3 cells where the header has 2"),
        ("path;value\na;1.234,5\n", 'journeys.csv:2: column 2 ("value"): "1.234,5" is no number'),
        ("path,conv,value\na,0,x\n", 'journeys.csv:2: column 3 ("value"): "x" is no number'),
        ("path,hours\na > b,5\n", 'journeys.csv:2: column 2 ("hours"): 1 hours for 2 touches'),
        ("path,hours\na > b,5 > x\n", 'column 2 ("hours"): "x" is no number of hours'),
        ("path,hours,lead_hours\na,5,inf\n", 'column 3 ("lead_hours"): "inf" is no number of hours'),
        ("path,conv\na\n", 'journeys.csv:2: column 2 ("conv") is missing: the row has 1 cells'),
        ("journey,time,channel\n1,yesterday,a\n", 'column 2 ("time"): "yesterday" is no time such as 2026-11-22T14'),
        ("journey,time,channel\n1,nan,a\n", 'column 2 ("time"): "nan" is no time'),
        ("journey,time,channel\n1,5,a\n ,6,a\n", 'journeys.csv:3: column 1 ("journey"): is blank'),
        ("journey,time,channel,milestone\n1,5,a,sold\n", 'column 4 ("milestone"): "sold" is no milestone'),
        ('path,conv\n"a\nb",1\nc,x\n', 'journeys.csv:4: column 2 ("conv")'),
        ('path,conv\na,1\n"b > c,1\nd,1\n', "journeys.csv:4: a quotation mark is opened and not closed"),
        ('path,conv\n"a" > b,1\n', "journeys.csv:2: a quotation mark ends within a cell"),
        ("path,conv\n" + '"' + "a" * 200_000 + "\n", "a quotation mark is opened and not closed"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_line_and_column(text, says):
    with pytest.raises(Misconfigured) as caught:
        run(text)
    assert says in str(caught.value)


def said(text):
    notes = []
    read_paths(io.StringIO(text, newline=""), "f", JourneyRules(), notes)
    return notes


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("path,conv,value\na,1,5\nb,0,7\nb,0,0\nb,no,1\n",
         "2 rows have a value and no conversion: it does not count (the first in line 3)"),
        ("path,conv,hours\na > b,1,3 > 9\n",
         "1 row has hours that rise from touch to touch: they are hours before the conversion (the first in line 2)"),
        ("path\na\n", "no column says how often a path converted (conv): each is taken to have converted once"),
        ("path,conv\na,0\n", "nothing converted: every credit is 0"),
        ("journey,time,channel\n1,5,a\n", "no column says which rows are a conversion (conversion)"),
        ("journey,time,channel,conversion,value\n1,5,a,0,9\n1,6,a,1,9\n",
         "1 row has a value and no conversion: it does not count (the first in line 2)"),
    ],
)  # fmt: skip
def test_what_may_not_have_been_meant_so_is_noted(text, note):
    assert note in said(text)


def test_of_what_is_as_it_should_be_nothing_is_noted():
    assert said(WIDE) == said(LONG) == said("path,total_conversions,total_null\na,1,2\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "path;conv;value\na > b;1;12,5\n", "path\tconv\tvalue\na > b\t1\t12.5\n",
        "path,conv,value,\na > b,1,12.5,\n,,,\n\n", '"path","conv","value"\r\n"a > b","1","12.5"\r\n',
        "\ufeffPath ,Conv, VALUE\na>b, 1 ,12.5", "other,path,conv,value\nx,a > > b >,yes,12.5\n",
        "path,conv,value\r\"a > b\",1,12.5\r".replace('\\"', '"'),
    ],
    ids=["a decimal comma", "tabs", "cells at the end", "quotes and Windows", "a mark and blanks", "gaps", "old Mac"],
)  # fmt: skip
def test_files_as_programs_write_them_are_understood(text):
    assert run(text, "linear") == {"a": (0.5, 6.25), "b": (0.5, 6.25)}


def test_a_path_that_converted_several_times_weighs_as_often():
    assert run("path,conv,value\na > b,3,30\nb,1,5\n", "last") == {"a": (0, 0), "b": (4, 35)}


def test_a_rate_game_that_adds_up_to_nothing_shares_nothing_out():
    text = "path,conv\na > b,1\nc,1\nb > c,1\na,0\n"
    rows = attribute_file(io.StringIO(text), "f", [STANDARD["shapley_rate"]], JourneyRules())
    assert [row.conversions for row in rows] == [0, 0, 0] and any(row.effect for row in rows)
    assert "no journey has all channels" in empty_games(rows)[0]
    whole = attribute_file(io.StringIO(text + "a > b > c,1\n"), "f", [STANDARD["shapley_rate"]], JourneyRules())
    assert sum(row.conversions for row in whole) == pytest.approx(4) and empty_games(whole) == []


def test_effects_are_a_column_of_their_own_when_asked_for():
    rows = attribute_file(io.StringIO(WIDE), "f", [STANDARD["markov"], STANDARD["last"]], JourneyRules())
    lines = to_csv(rows, effects=True).splitlines()
    assert lines[0] == "model,channel,conversions,value,effect"
    assert lines[1].startswith("markov,ads,") and float(lines[1].split(",")[-1]) > 0
    assert lines[-1].startswith("last,") and lines[-1].endswith(",")


def test_a_method_that_needs_times_says_so_when_there_are_none():
    with pytest.raises(Misconfigured, match="hours before the conversion"):
        run("path\na > b\n", "time_decay")


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [("u:0.3/0.4/0.3", "middle", 0.4), ("u:30/40/30", "first", 0.3), ("time_decay:7d", "half_life_hours", 168),
     ("time_decay:12h", "half_life_hours", 12), ("markov:3", "order", 3), ("linear", "order", 1)],
)  # fmt: skip
def test_a_model_can_be_named_with_its_numbers(text, field, value):
    found = method_named(text, STANDARD)
    assert getattr(found, field) == value and found.name == text


@pytest.mark.parametrize(
    "text", ["lineer", "u:0.5/0.5", "u:1/1/1", "time_decay:7", "markov:4", "linear:3", "time_decay:0d"]
)
def test_a_model_that_cannot_be_meant_is_refused(text):
    with pytest.raises(Misconfigured):
        method_named(text, STANDARD)


@pytest.mark.parametrize(
    ("text", "name"),
    [("Last-Non-Direct", "last_non_direct"), ("u-shaped", "u"), ("first_touch", "first"),
     ("position-based", "position"),
     ("full", "full_path"), ("markov_1", "markov"), ("time-decay", "time_decay"), ("inverse-j", "inverse_j"),
     ("W-shaped", "w"), ("full-path", "full_path")],
)  # fmt: skip
def test_a_model_is_known_by_the_names_everybody_uses(text, name):
    assert method_named(text, STANDARD) == replace(STANDARD[name], name=text)


@pytest.mark.parametrize("mark", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_what_spreadsheets_write_is_read(mark, end):
    text = end.join(
        mark.join(cells) for cells in (["extra", '"Path"', "Conv"], ["x", '"a > b ""c"""', "1"], ["", "a", ""])
    )
    assert run(text, "last") == {"a": (0, 0), 'b "c"': (1, 0)}


MARKED_WIDE = "path,conv,hours,lead_hours,deal_hours\na > b > c > d,1,90 > 60 > 30 > 0,60,30\na > b,1,20 > 0,,\n"
MARKED_LONG = """journey,time,channel,conversion,value,milestone
1,0,a,,,
1,108000,b,,,lead
1,216000,c,,,Deal
1,324000,d,1,,
2,0,a,,,
2,72000,b,1,,
"""


@pytest.mark.parametrize("text", [MARKED_WIDE, MARKED_LONG], ids=["wide", "long"])
def test_milestones_of_a_file_are_credited(text):
    found = {channel: conversions for channel, (conversions, _value) in run(text, "w").items()}
    assert found == pytest.approx({"a": 0.3 + 0.75, "b": 0.3 + 0.25, "c": 0.3, "d": 0.1})
    assert unmarked(read_paths(io.StringIO(text), "f", JourneyRules()), [STANDARD["w"]]) == []


def test_a_model_whose_milestones_a_file_does_not_have_says_so():
    paths = read_paths(io.StringIO("path\na > b\n"), "f", JourneyRules())
    (said,) = unmarked(paths, [STANDARD["full_path"], STANDARD["linear"]])
    assert said.startswith("full_path: the file does not say when lead and deal was reached")
