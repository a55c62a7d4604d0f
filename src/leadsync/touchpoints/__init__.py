"""From what a CRM recorded of a person's doings to touchpoints that scoring counts and attribution credits."""

from leadsync.touchpoints.rules import (
    Genuine,
    Touchpoint,
    TouchRule,
    TouchRules,
    classify,
    classify_all,
    is_internal,
    rule_of,
    without_machines,
)

__all__ = [
    "Genuine", "TouchRule", "TouchRules", "Touchpoint", "classify", "classify_all", "is_internal",
    "rule_of", "without_machines",
]  # fmt: skip
