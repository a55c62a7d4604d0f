"""`leadsync attribute`: which channels and campaigns brought the leads, from the state or from a plain CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from leadsync.attribute import JourneyRules, Repeats, Scope, method_named
from leadsync.cli.common import Exit, config_option, read_config
from leadsync.cli.earned import LABELS, Report, journeys_of
from leadsync.cli.journeys_file import ALL_MODELS, Asked, names_of, of_file
from leadsync.cli.known import seen_by
from leadsync.cli.scoring import html_option


@click.command()
@config_option
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--model", "models", multiple=True, metavar="NAME",
              help="As last, position:0.3/0.4/0.3, time_decay:3d, markov:2; or all; several with commas.")  # fmt: skip
@click.option("--output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True,
              help="For people, for a spreadsheet, or for machines.")  # fmt: skip
@click.option("--by", type=click.Choice(list(LABELS)), help="Rows of the report; channel by default.")
@click.option("--scope", type=click.Choice([s.value for s in Scope]), help="Whose touches make one journey.")
@click.option("--narrow", is_flag=True, help="In an account or family: only touches of people who converted.")
@click.option(
    "--lookback",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DAYS",
    help="Leave out touches older than that at the conversion.",
)
@click.option("--exclude", multiple=True, metavar="CHANNEL", help="Channels that count as no touch.")
@click.option("--direct", multiple=True, metavar="CHANNEL", help="Channels that last_non_direct passes over.")
@click.option("--repeats", type=click.Choice([r.value for r in Repeats]), help="Of a channel that comes up again.")
@click.option("--after-conversion", type=click.Choice(["drop", "keep"]), help="Touches behind the (last) conversion.")
@click.option("--restart/--no-restart", default=None, help="Whether a conversion ends a journey and the next begins.")
@click.option("--nulls", type=click.Choice(["include", "exclude"]), help="Journeys that did not convert.")
@click.option("--effects", is_flag=True, help="Of a FILE: also the removal effects and game values behind credits.")
@html_option
def attribute(config_path: Path, file: Path | None, models: tuple[str, ...], *, output: str, **given: Any) -> int:
    """Credit channels with conversions. With FILE (- for standard input, .gz is read too) on a plain CSV, without any
    configuration; without, on what the last run knows: channels or campaigns with cost and return.

    \b
    FILE is wide: a row for each path
        path                   a > b > c
        conv                   1, 0 or a count (also conversions, total_conversions; nulls, total_null)
        value, hours           optional; hours before the conversion as 108 > 77 > 46
        lead_hours, deal_hours optional; when these milestones of W and full path were reached
    or long: a row for each touch
        journey, time, channel, conversion, value, milestone (lead or deal, optional)
    Cells are parted by commas, semicolons or tabs; other columns do not matter.
    Models: first, last, last_non_direct, linear, position, u, j, inverse_j, time_decay, w, full_path, markov,
    markov_2, markov_3, shapley, shapley_rate, and those of attribution.toml.
    """
    if file is not None:
        _only_of_an_installation(given)
        named = frozenset((*given["exclude"], *given["direct"]))
        asked = Asked(models, _rules(JourneyRules(), given), named, given["effects"])
        return of_file(file, asked, output, given["html"])
    view, _book = seen_by(read_config(config_path, offline=True))
    settings = replace(view.attribution, journey=_rules(view.attribution.journey, given))
    asked_for = names_of(models) or settings.report
    some_models = settings.models if ALL_MODELS in asked_for else asked_for
    methods = {name: method_named(name, settings.models) for name in some_models}
    settings = replace(settings, models={**settings.models, **methods}, report=tuple(methods))
    scope = settings.journey.scope if given["scope"] is None else Scope(given["scope"])
    some = journeys_of(view.leads, settings, scope, narrow=given["narrow"])
    told = Report.of(some, settings, given["by"] or "channel", scope, view.as_of)
    if given["html"] is not None:
        told.page().save(given["html"])
    told.show(output)
    return Exit.DONE


def _only_of_an_installation(switches: Mapping[str, Any]) -> None:
    """A file knows channels and journeys only: what asks for more is refused, and not passed over."""
    for name in ("by", "scope", "narrow"):
        if switches[name]:
            raise click.UsageError(f"--{name} is for the report of an installation; a FILE has channels by journey.")


def _rules(rules: JourneyRules, switches: Mapping[str, Any]) -> JourneyRules:
    """The journey rules with what the command line says otherwise."""
    given: dict[str, Any] = {}
    if switches["lookback"] is not None:
        given["lookback_days"] = switches["lookback"]
    for name in ("exclude", "direct"):
        if switches[name]:
            given[name] = frozenset(switches[name])
    if switches["repeats"] is not None:
        given["repeats"] = Repeats(switches["repeats"])
    if switches["after_conversion"] is not None:
        given["after_conversion"] = switches["after_conversion"] == "keep"
    if switches["restart"] is not None:
        given["restart"] = switches["restart"]
    if switches["nulls"] is not None:
        given["nulls"] = switches["nulls"] == "include"
    return replace(rules, **given)


ALL = (attribute,)
