"""What became of leads, as the state remembers it: the examples that `backtest` and `learn` look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import click
from rich.markup import escape
from rich.table import Table

from leadsync.cli.common import F
from leadsync.cli.known import known
from leadsync.config import Config
from leadsync.config.read import text_of
from leadsync.errors import Misconfigured
from leadsync.files import model_files
from leadsync.learn import Cohort, cohort, outcome_of
from leadsync.progress import Progress
from leadsync.rules import Rulebook
from leadsync.score import ScoringModel, Vocabulary, load_model
from leadsync.sync import look


def history_options(command: F) -> F:
    """--horizon, --outcome, --model."""
    horizon = click.option(
        "--horizon",
        type=click.IntRange(min=1),
        default=90,
        show_default=True,
        metavar="DAYS",
        help="Converted within so many days counts.",
    )
    outcome = click.option(
        "--outcome", default="", metavar="STAGE", help="The stage of sales that counts; by default the lowest."
    )
    model = click.option("--model", "model_id", default="", help="One of several scoring models, by id.")
    return horizon(outcome(model(command)))


@dataclass(frozen=True, slots=True)
class History:
    """The examples of one model's leads."""

    cohort: Cohort
    model: ScoringModel
    stage: str
    outcome_facts: frozenset[str]
    file: str
    """The model's file, as a path in the mappings folder."""
    vocabulary: Vocabulary
    as_of: date


def history_of(config: Config, bar: Progress, horizon: int, outcome: str, model_id: str) -> History:
    """Gather it from the state. Leads that may not be scored are left out, also those who objected only later."""
    with known(config, bar=bar) as world:
        rules, view = world.rules, look(world)
        bar.step("gather what became of leads")
        stage, reached, telling = outcome_of(rules.stages, outcome)
        model = _model(rules, model_id)
        touches = {judged.lead.uid: judged.lead.touchpoints for judged in view.leads}
        objected = {judged.lead.uid for judged in view.leads if judged.score.excluded}
        rows = (row for row in world.store.snapshots.all() if row[0] in touches and row[0] not in objected)
        some = cohort(rows, touches, reached, timedelta(days=horizon), view.as_of.date())
    own, fresh = (
        tuple(e for e in part if rules.scoring(e.facts).id == model.id) for part in (some.examples, some.fresh)
    )
    file = _file(config, model, rules.vocabulary)
    return History(
        replace(some, examples=own, fresh=fresh), model, stage, telling, file, rules.vocabulary, view.as_of.date()
    )


def _model(rules: Rulebook, name: str) -> ScoringModel:
    found = next((model for model in rules.models if model.id == name), None)
    if name == "":
        return rules.models[-1]
    if found is None:
        known_models = ", ".join(model.id for model in rules.models)
        raise Misconfigured(f'there is no scoring model "{name}". There are: {known_models}.')
    return found


def _file(config: Config, model: ScoringModel, vocabulary: Vocabulary) -> str:
    """The file that a model stands in."""
    texts = ((name, text_of(config.mappings / name)) for name in model_files(config.mappings))
    return next(name for name, text in texts if load_model(text, name, vocabulary).id == model.id)


def so_far(past: History) -> str:
    """What there is to look at, and what would make it more."""
    some, days = past.cohort, past.cohort.horizon.days
    told = [
        f"So far: {len({e.lead for e in some.examples}):,} leads have been known for {days} days or longer; "
        f"{some.won:,} of them reached {past.stage} in time."
    ]
    if some.fresh:
        told.append(f"{len(some.fresh):,} leads have not been known for so long: a shorter --horizon needs less time.")
    if some.before:
        told.append(f"{some.before:,} had converted before they were first seen, of which nothing can be learned.")
    told.append("Facts are kept by day from the first run on; that cannot be made up for, only waited for.")
    return " ".join(told)


def table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] | None = None
) -> Table:
    """A table for people; `right`: columns of numbers, all but the first by default."""
    made = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for number, column in enumerate(head):
        numeric = number > 0 if right is None else number in right
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(escape, row))
    return made
