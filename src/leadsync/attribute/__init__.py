"""Which channel and campaign brought a lead: a dozen models, exact, for one lead and for all."""

from leadsync.attribute.engine import NO_TOUCH, Credits, attribute
from leadsync.attribute.journeys import Conversion, Journey, by_campaign, by_channel, journeys, to_paths
from leadsync.attribute.load import load_models
from leadsync.attribute.model import STANDARD, AttributionSettings, JourneyRules, Kind, Method, Repeats, Scope
from leadsync.attribute.paths import Paths
from leadsync.attribute.single import Summary, credits, summary, to_cents  # noqa: A004

__all__ = [
    "NO_TOUCH", "STANDARD", "AttributionSettings", "Conversion", "Credits", "Journey", "JourneyRules", "Kind", "Method",
    "Paths", "Repeats", "Scope", "Summary", "attribute", "by_campaign", "by_channel", "credits", "journeys",
    "load_models", "summary", "to_cents", "to_paths",
]  # fmt: skip
