"""The benchmark reads the public files as they are: their form, made up here, with what is known to leak."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.learning import XEDUCATION, Leads, leadforge, told, xeducation

OTHERS = ("Lead Origin", "What is your current occupation", "City")


def write_xeducation(path: Path, count: int = 1500) -> None:
    """Leads in the file's columns, newest first as there."""
    chance = np.random.default_rng(4)
    columns = [
        "Prospect ID",
        "Lead Number",
        "Converted",
        *OTHERS,
        *(n for some in XEDUCATION.values() for n in some),
        "",
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for number in range(count, 0, -1):
            origin, time_ = str(chance.choice(["API", "Landing Page"])), int(chance.integers(0, 2000))
            won = bool(chance.random() < 0.1 + 0.2 * (origin == "API") + 0.5 * (time_ > 1400))
            row = dict.fromkeys(columns, "") | {
                "Prospect ID": f"id-{number}", "Lead Number": str(600000 + number), "Converted": str(int(won)),
                "Lead Origin": origin, "City": "Select", "Total Time Spent on Website": str(time_),
                "Tags": "Will revert after reading the email" if won else "Ringing",
            }  # fmt: skip
            writer.writerow(row)


def test_leads_of_the_csv_file_are_in_the_order_of_their_numbers_and_select_is_no_answer(tmp_path: Path) -> None:
    write_xeducation(tmp_path / "Leads.csv", 50)
    found = xeducation(tmp_path / "Leads.csv")
    assert len(found.rows) == 50 and {facts["city"] for facts, _won in found.rows} == {None}
    capture, behaviour, late = found.experiments.values()
    assert capture == {"lead_origin", "what_is_your_current_occupation", "city"}
    assert behaviour - capture == {"total_visits", "total_time_spent_on_website", "page_views_per_visit"}
    assert late - behaviour == {"tags", "lead_quality", "lead_profile"}


def test_behaviour_ranks_better_than_what_is_known_first_and_the_leak_is_named(tmp_path: Path) -> None:
    write_xeducation(tmp_path / "Leads.csv")
    lines = list(told(xeducation(tmp_path / "Leads.csv")))
    aucs = [float(line.split("AUC ")[1][:6]) for line in lines if line.strip().startswith("points in a file")]
    assert 0.5 < aucs[0] < aucs[1] - 0.1 and aucs[1] < 0.9
    assert any(line.strip().startswith("leak: tags: it alone ranks") for line in lines)
    (unguarded,) = (line for line in lines if "had they been learned from" in line)
    assert float(unguarded.rpartition(" ")[2]) > 0.99
    assert lines[-1].endswith("of 3 known leaks named by themselves: tags")


def test_a_bundle_is_put_back_in_the_order_of_time(tmp_path: Path) -> None:
    task = tmp_path / "tasks" / "converted_within_90_days"
    task.mkdir(parents=True)
    for number, part in enumerate(("test", "train", "valid")):
        row = {
            "lead_id": f"l{number}", "account_id": "a", "contact_id": "c", "lead_created_at": f"2026-01-0{number + 1}",
            "converted_within_90_days": number == 0, "industry": part, "current_stage": "closed_won",
        }  # fmt: skip
        pq.write_table(pa.Table.from_pylist([row]), task / f"{part}.parquet")
    found: Leads = leadforge(tmp_path)
    assert [facts["industry"] for facts, _won in found.rows] == ["test", "train", "valid"]
    assert [won for _facts, won in found.rows] == [True, False, False]
    assert "current_stage" not in found.experiments["and behaviour"]


@pytest.mark.parametrize("share", [0.7])
def test_the_older_leads_are_learned_from_and_the_newer_measured_on(tmp_path: Path, share: float) -> None:
    from benchmarks.learning import examples

    write_xeducation(tmp_path / "Leads.csv", 100)
    old, new = examples(xeducation(tmp_path / "Leads.csv"), frozenset({"lead_origin"}))
    assert len(old) == 100 * share and max(e.day for e in old) < min(e.day for e in new)
