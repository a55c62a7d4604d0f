"""What follows from a lead's facts without asking anybody: seniority, department, size, kind of e-mail address."""

from leadsync.rulefiles.numbers import number
from leadsync.traits.derivation import (
    TRAITS,
    department,
    derive,
    fold,
    industry_group,
    is_test_data,
    seniority,
)

__all__ = ["TRAITS", "department", "derive", "fold", "industry_group", "is_test_data", "number", "seniority"]
