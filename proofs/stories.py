"""Short histories that must end well, played at every moment of their runs: each was, or could be, a lost update.

What the state machine finds by chance and shrinks is kept here, and what a broken engine does is found here first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from proofs import scenes
from proofs.fates import FATES, Story, known, typed
from proofs.lost_update import Lives
from proofs.report import Report
from proofs.town import arrive, people

MOMENTS = range(0, 42, 2)
"""Calls of a run before or after which something may happen; the longest run of a story has as many."""


def an_edit_on_each_side(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "title", "CEO")
    typed(lives, "salesforce", "phone", "999")
    if moment % 4 == 0:
        lives.leadsync_runs_and_dies(moment=moment)
    else:
        lives.leadsync_runs()


def an_edit_where_leadsync_writes(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "title", "CEO")
    lives.somebody_will_edit_during_the_run(moment=moment, side="salesforce", number=0, typed=("title", "CFO"))
    lives.leadsync_runs()


def a_score_typed_while_leadsync_writes_it(lives: Lives, moment: int) -> None:
    lives.somebody_arrives(where="hubspot", good=False)
    lives.somebody_will_edit_during_the_run(moment=moment, side="hubspot", number=0, typed=("score", "99"))
    lives.leadsync_runs()


def two_edits_to_be_held(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "phone", "111")
    lives.somebody_will_edit_during_the_run(moment=moment, side="salesforce", number=0, typed=("phone", "222"))
    lives.leadsync_runs()
    lives.leadsync_runs()


def different_at_first_sight(lives: Lives, moment: int) -> None:
    arrive(lives.stage, 1, "hubspot")
    arrive(lives.stage, 1, "salesforce", phone="999", title="Boss")
    if moment % 4 == 0:
        lives.leadsync_runs()
    typed(lives, "hubspot", "first", "Ada")


def a_cleared_city(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "salesforce", "city", "Paris")
    lives.settle()
    typed(lives, "hubspot" if moment % 4 else "salesforce", "city", "")
    lives.leadsync_runs()


def a_score_that_a_person_typed(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "salesforce", "score", "99")
    typed(lives, "salesforce", "grade", "Z9")
    if moment % 4 == 0:
        lives.leadsync_runs()
    typed(lives, "hubspot", "title", "CTO")
    arrive(lives.stage, 2, "hubspot", good=True)


def a_spelling_that_the_crm_changes(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "title", "chief technology officer and much more")
    typed(lives, "hubspot", "phone", "5551234567")
    lives.time_passes(minutes=moment)


def answers_that_are_lost(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "title", "CEO")
    typed(lives, "salesforce", "first", "Ada")
    kinds = (["lost after"], ["lost before"], ["half", "lost after"], ["lost before", "lost before"])
    for shelf in lives.stage.sides.values():
        shelf.trouble = scenes.Trouble(*kinds[moment % 4], *kinds[(moment // 2) % 4])
    lives.leadsync_runs()
    typed(lives, "hubspot", "title", "CTO")


def the_very_same_is_typed_where_an_answer_is_lost(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "last", "Byron")
    lives.stage.salesforce.trouble = scenes.Trouble("lost before")
    lives.somebody_will_edit_during_the_run(moment=moment, side="salesforce", number=0, typed=("last", "Byron"))
    lives.somebody_will_edit_during_the_run(moment=moment, side="hubspot", number=0, typed=("last", "King"))
    lives.leadsync_runs()


def a_write_that_is_refused(lives: Lives, moment: int) -> None:
    known(lives)
    side = "salesforce" if moment % 4 else "hubspot"
    lives.a_record_is_refused_from_now_on(side=side, number=0)
    typed(lives, "hubspot" if moment % 4 else "salesforce", "title", "CEO")
    lives.leadsync_runs()
    lives.leadsync_runs()


def a_killed_run_that_had_written(lives: Lives, moment: int) -> None:
    lives.somebody_arrives(where="hubspot", good=True)
    lives.somebody_arrives(where="both", good=True)
    lives.leadsync_runs_and_dies(moment=moment)
    typed(lives, "hubspot", "title", "chief technology officer and much more")
    lives.leadsync_runs_and_dies(moment=moment)


def an_index_that_lags(lives: Lives, moment: int) -> None:
    lives.the_world(late=200, off=-400, side="hubspot")
    known(lives)
    typed(lives, "hubspot", "first", "Bob")
    typed(lives, "salesforce", "title", "CEO")
    lives.leadsync_runs()
    lives.stage.pass_time(timedelta(seconds=12 * moment))
    lives.leadsync_runs()


def a_spelling_cut_short_by_a_kill(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "title", "chief technology officer and much more")
    lives.leadsync_runs_and_dies(moment=moment)


def an_edit_that_answers_an_edit(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "city", "Paris")
    lives.leadsync_runs()
    lives.somebody_will_edit_during_the_run(moment=moment, side="salesforce", number=0, typed=("city", "London"))
    lives.leadsync_runs()


def a_city_typed_into_a_lead_that_was_just_made(lives: Lives, moment: int) -> None:
    """And another one into the contact that the lead was made from, after leadsync has read it."""

    def into_the_lead() -> None:
        if people(lives.stage.salesforce):
            typed(lives, "salesforce", "city", "london")

    lives.somebody_arrives(where="hubspot", good=True)
    lives.moments.at(0, lambda: typed(lives, "hubspot", "city", "Paris"), "before write")
    for nth in range(4):
        lives.moments.at(nth, into_the_lead, "after write")
    lives.leadsync_runs_and_dies(moment=moment)


def an_edit_beside_a_newcomer(lives: Lives, moment: int) -> None:
    arrive(lives.stage, 1, "hubspot")
    lives.settle()
    typed(lives, "hubspot", "first", "Ada")
    if moment % 4 == 0:
        typed(lives, "hubspot", "title", "")
    arrive(lives.stage, 1, "salesforce", title="Boss")
    lives.somebody_will_edit_during_the_run(moment=moment, side="salesforce", number=0, typed=("phone", "123"))
    lives.leadsync_runs()


def an_edit_beside_a_clearing(lives: Lives, moment: int) -> None:
    known(lives, good=True)
    typed(lives, "hubspot", "title", "chief technology officer and much more")
    typed(lives, "salesforce", "title", "")
    if moment % 4 == 0:
        typed(lives, "hubspot", "city", "Paris")
        typed(lives, "salesforce", "city", "")
    lives.leadsync_runs()


def many_people_in_small_pages(lives: Lives, moment: int) -> None:
    for _ in range(3):
        lives.somebody_arrives(where="both", good=False)
    lives.settle()
    for number in range(3):
        typed(lives, "hubspot", "title", f"Boss {number}", number)
        typed(lives, "salesforce", "phone", f"77{number}", number)
    lives.leadsync_runs_and_dies(moment=moment)


def an_edit_into_a_blank_field(lives: Lives, moment: int) -> None:
    known(lives)
    typed(lives, "hubspot", "title", "")
    typed(lives, "salesforce", "title", "")
    lives.settle()
    typed(lives, "salesforce" if moment % 4 else "hubspot", "title", "CEO")
    lives.leadsync_runs_and_dies(moment=moment)


def an_edit_that_is_seen_and_then_another_one(lives: Lives, moment: int) -> None:
    known(lives)
    one = "hubspot" if moment % 4 else "salesforce"
    lives.one_edit_is_seen_and_then_the_other_made(side=one, number=0, typed=("Byron", "King "), minutes=2 * moment)


def two_edits_that_a_wrong_clock_would_order(lives: Lives, moment: int) -> None:
    lives.the_world(late=0, off=-400, side="salesforce", people=("both",))
    lives.settle()
    typed(lives, "hubspot", "last", "Byron")
    typed(lives, "salesforce", "last", "King ")
    lives.leadsync_runs_and_dies(moment=moment)


STORIES: tuple[Story, ...] = (
    an_edit_on_each_side,
    an_edit_where_leadsync_writes,
    a_score_typed_while_leadsync_writes_it,
    two_edits_to_be_held,
    different_at_first_sight,
    a_cleared_city,
    a_score_that_a_person_typed,
    a_spelling_that_the_crm_changes,
    answers_that_are_lost,
    the_very_same_is_typed_where_an_answer_is_lost,
    a_write_that_is_refused,
    a_killed_run_that_had_written,
    an_index_that_lags,
    a_spelling_cut_short_by_a_kill,
    an_edit_that_answers_an_edit,
    a_city_typed_into_a_lead_that_was_just_made,
    an_edit_beside_a_newcomer,
    an_edit_beside_a_clearing,
    many_people_in_small_pages,
    an_edit_into_a_blank_field,
    an_edit_that_is_seen_and_then_another_one,
    two_edits_that_a_wrong_clock_would_order,
    *FATES,
)
BY_NAME: Mapping[str, Story] = {story.__name__.replace("_", " "): story for story in STORIES}


def tell(story: Story, moment: int) -> str:
    """Play a story at a moment, to rest; what went wrong, or ""."""
    lives = Lives()
    try:
        story(lives, moment)
    except AssertionError as broken:
        lives.forget()
        return str(broken) or "broken"
    try:
        lives.teardown()
    except AssertionError as broken:
        return str(broken) or "broken"
    return ""


def prove(*, long: bool = False, seed: int = 0, moments: Sequence[int] | None = None) -> Report:  # noqa: ARG001
    """Every story at every moment; nothing here is left to chance."""
    report = Report("what was once lost, or could have been, is not lost again")
    if moments is None:
        moments = range(60) if long else MOMENTS
    for name, story in BY_NAME.items():
        for moment in moments:
            wrong = tell(story, moment)
            report.require(wrong == "", f"{name}, at moment {moment}: {wrong}")
    report.figures["stories"] = len(STORIES)
    report.figures["played"] = len(STORIES) * len(moments)
    return report
