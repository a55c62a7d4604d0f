"""Which channel and campaign brought a lead: a dozen models, exact, for one lead and for all."""

from leadsync.attribute.engine import NO_TOUCH, Credits, attribute
from leadsync.attribute.journeys import (
    Conversion,
    Journey,
    by_campaign,
    by_channel,
    gathered,
    joint,
    journeys,
    to_paths,
)
from leadsync.attribute.load import load_models
from leadsync.attribute.model import STANDARD, AttributionSettings, JourneyRules, Kind, Method, Repeats, Scope
from leadsync.attribute.naming import method_named
from leadsync.attribute.paths import Paths
from leadsync.attribute.report import ReportRow, report
from leadsync.attribute.rows import BadTable
from leadsync.attribute.single import Summary, credits, summary, to_cents  # noqa: A004
from leadsync.attribute.table import Row, attribute_file, credited, empty_games, read_paths, rows_of, to_csv, unmarked

__all__ = [
    "NO_TOUCH", "STANDARD", "AttributionSettings", "BadTable", "Conversion", "Credits", "Journey", "JourneyRules",
    "Kind", "Method", "Paths", "Repeats", "ReportRow", "Row", "Scope", "Summary", "attribute", "attribute_file",
    "by_campaign", "by_channel", "credited", "credits", "empty_games", "gathered", "joint", "journeys", "load_models",
    "method_named",
    "read_paths", "report", "rows_of", "summary", "to_cents", "to_csv", "to_paths",
    "unmarked",
]  # fmt: skip
