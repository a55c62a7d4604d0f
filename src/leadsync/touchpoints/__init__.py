"""From what a CRM recorded of a person's doings to touchpoints that scoring counts and attribution credits."""

from leadsync.touchpoints.load import load_touch_rules
from leadsync.touchpoints.rules import (
    Contact,
    Genuine,
    Touchpoint,
    TouchRule,
    TouchRules,
    classify,
    classify_all,
    contacts,
    distinct,
    is_internal,
    rule_of,
    without_machines,
)

__all__ = [
    "Contact", "Genuine", "TouchRule", "TouchRules", "Touchpoint", "classify", "classify_all", "contacts", "distinct",
    "is_internal", "load_touch_rules", "rule_of", "without_machines",
]  # fmt: skip
