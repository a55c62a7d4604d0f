"""Stories of records that are deleted, restored, merged or converted while leadsync is at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from leadsync.records import Value
from proofs.lost_update import Lives
from proofs.town import edit, people

Story: TypeAlias = Callable[[Lives, int], None]


def typed(lives: Lives, side: str, name: str, value: Value, number: int = 0) -> None:
    """Somebody edits a record."""
    edit(lives.stage, people(lives.stage.sides[side])[number].ref, name, value)


def known(lives: Lives, *, good: bool = False) -> None:
    """One person in both CRMs, accounted for."""
    lives.somebody_arrives(where="both", good=good)
    lives.settle()


def a_lead_that_is_deleted(lives: Lives, moment: int) -> None:
    lives.somebody_arrives(where="hubspot", good=True)
    lives.settle()
    lives.a_record_meets_its_fate(fate="delete", moment=moment, side="salesforce", number=0, other=0)
    lives.leadsync_runs()
    lives.leadsync_runs()


def a_contact_edited_before_it_is_seen(lives: Lives, moment: int) -> None:
    known(lives)
    lives.a_record_meets_its_fate(fate="convert", moment=None, side="salesforce", number=0, other=0)
    typed(lives, "salesforce", "last", "Byron")
    lives.somebody_will_edit_during_the_run(moment=moment, side="hubspot", number=0, typed=("city", "Paris"))
    lives.leadsync_runs()


def a_lead_made_by_a_killed_run_and_deleted_before_it_was_seen(lives: Lives, moment: int) -> None:
    lives.somebody_arrives(where="hubspot", good=True)
    lives.leadsync_runs_and_dies(moment=moment)
    lives.a_record_meets_its_fate(fate="delete", moment=None, side="salesforce", number=0, other=0)
    lives.leadsync_runs()


def a_lead_made_by_a_killed_run_and_merged_before_it_was_seen(lives: Lives, moment: int) -> None:
    lives.somebody_arrives(where="salesforce", good=False)
    lives.settle()
    lives.somebody_arrives(where="hubspot", good=True)
    lives.leadsync_runs_and_dies(moment=moment)
    lives.a_record_meets_its_fate(fate="merge", moment=None, side="salesforce", number=0, other=0)
    lives.leadsync_runs()


def a_lead_made_without_an_answer_and_merged_before_it_was_seen(lives: Lives, moment: int) -> None:
    lives.the_world(late=0, off=0, side="hubspot", people=("both", "hubspot"))
    lives.the_network_fails(kinds=["", "lost after"], side="salesforce")
    lives.a_record_meets_its_fate(fate="merge", moment=moment + 1, side="salesforce", number=0, other=0)
    lives.leadsync_runs()


def a_lead_deleted_as_it_is_written(lives: Lives, moment: int) -> None:
    lives.the_world(late=200, off=0, side="salesforce")
    known(lives)
    typed(lives, "hubspot", "title", "CEO")
    lives.a_record_meets_its_fate(fate="delete", moment=moment, side="salesforce", number=0, other=0)
    lives.leadsync_runs()
    lives.leadsync_runs()


def a_lead_deleted_as_it_is_made(lives: Lives, moment: int) -> None:
    lives.the_world(late=200, off=0, side="salesforce", people=("both", "hubspot"))
    lives.a_record_meets_its_fate(fate="delete", moment=moment, side="salesforce", number=1, other=0)
    lives.leadsync_runs()
    lives.leadsync_runs()
    if moment % 4:
        lives.a_record_meets_its_fate(fate="restore", moment=None, side="salesforce", number=0, other=0)


def a_spelling_of_a_lead_deleted_as_it_is_written(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "title", "Chief Technology Officer")
    lives.a_record_meets_its_fate(fate="delete", moment=moment, side="salesforce", number=0, other=0)
    if moment % 4:
        lives.leadsync_runs()
    else:
        lives.leadsync_runs_and_dies(moment=moment + 1)
    if moment % 3:
        lives.settle()
    lives.a_record_meets_its_fate(fate="restore", moment=None, side="salesforce", number=0, other=0)
    lives.leadsync_runs()


def an_edit_while_the_other_record_is_in_the_bin(lives: Lives, moment: int) -> None:
    known(lives)
    lives.a_record_meets_its_fate(fate="delete", moment=None, side="salesforce", number=0, other=0)
    lives.leadsync_runs()
    typed(lives, "hubspot", "title", "CEO")
    lives.leadsync_runs()
    lives.a_record_meets_its_fate(fate="restore", moment=moment, side="salesforce", number=0, other=0)
    lives.leadsync_runs()


def an_edit_that_waits_for_a_record_that_comes_back_and_is_merged(lives: Lives, moment: int) -> None:
    lives.somebody_arrives(where="both", good=False)
    lives.somebody_arrives(where="hubspot", good=False)
    lives.settle()
    lives.a_record_meets_its_fate(fate="delete", moment=None, side="hubspot", number=0, other=0)
    lives.leadsync_runs()
    typed(lives, "salesforce", "first", "Ada")
    lives.leadsync_runs()
    lives.a_record_meets_its_fate(fate="restore", moment=moment, side="hubspot", number=0, other=0)
    lives.leadsync_runs()
    lives.a_record_meets_its_fate(fate="merge", moment=None, side="hubspot", number=0, other=0)


def an_edit_for_a_lead_that_is_converted_as_it_is_read(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "first", "Ada")
    lives.a_record_meets_its_fate(fate="convert", moment=moment, side="salesforce", number=0, other=0)
    lives.leadsync_runs()
    lives.leadsync_runs()


def an_edit_for_a_lead_whose_contact_is_not_seen_yet(lives: Lives, moment: int) -> None:
    lives.the_world(late=45, off=0, side="salesforce", people=("both", "hubspot"))
    lives.settle()
    typed(lives, "salesforce", "first", "Ada", 1)
    lives.a_record_meets_its_fate(fate="merge", moment=None, number=0, other=0, side="hubspot")
    lives.a_record_meets_its_fate(fate="convert", moment=moment, number=0, other=0, side="hubspot")
    for _ in range(3):
        lives.leadsync_runs()


def an_answer_that_is_lost_as_a_lead_is_converted(lives: Lives, moment: int) -> None:
    lives.somebody_arrives(where="both", good=False)
    lives.the_network_fails(kinds=["lost before", ""], side="salesforce")
    lives.a_record_meets_its_fate(fate="convert", moment=moment, side="salesforce", number=0, other=0)
    lives.both_sides_are_edited(number=0, typed=("grade", "Z9", "Z9"))
    lives.leadsync_runs()


def a_company_that_no_record_takes_over_and_a_conversion(lives: Lives, moment: int) -> None:
    lives.the_world(late=0, off=0, side="hubspot", people=("both", "hubspot"))
    lives.settle()
    typed(lives, "hubspot", "company", "Acme Ltd", 1)
    for _ in range(2):
        lives.a_record_meets_its_fate(fate="convert", moment=None, side="salesforce", number=0, other=0)
        lives.leadsync_runs_and_dies(moment=moment)
        lives.settle()


def a_contact_not_seen_before_its_lead_was_merged(lives: Lives, moment: int) -> None:
    lives.the_world(late=45, off=0, side="hubspot", people=())
    lives.somebody_arrives(where="salesforce", good=False)
    lives.somebody_arrives(where="both", good=True)
    lives.leadsync_runs()
    lives.a_record_meets_its_fate(fate="merge", moment=moment, side="salesforce", number=0, other=0)
    lives.leadsync_runs()


FATES: tuple[Story, ...] = (
    a_lead_that_is_deleted,
    a_contact_edited_before_it_is_seen,
    a_lead_made_by_a_killed_run_and_deleted_before_it_was_seen,
    a_lead_made_by_a_killed_run_and_merged_before_it_was_seen,
    a_lead_made_without_an_answer_and_merged_before_it_was_seen,
    a_lead_deleted_as_it_is_written,
    a_lead_deleted_as_it_is_made,
    a_spelling_of_a_lead_deleted_as_it_is_written,
    an_edit_while_the_other_record_is_in_the_bin,
    an_edit_that_waits_for_a_record_that_comes_back_and_is_merged,
    an_edit_for_a_lead_that_is_converted_as_it_is_read,
    an_edit_for_a_lead_whose_contact_is_not_seen_yet,
    an_answer_that_is_lost_as_a_lead_is_converted,
    a_company_that_no_record_takes_over_and_a_conversion,
    a_contact_not_seen_before_its_lead_was_merged,
)
