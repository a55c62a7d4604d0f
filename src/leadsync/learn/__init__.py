"""Learning points from what became of leads: honest examples, leaks, a binned logistic model, a diff to the file.

Nothing here writes a score: the outcome is a proposal that a person reads, tries and takes over.
"""

from leadsync.learn.cohort import Cohort, Example, cohort, outcome_of
from leadsync.learn.enough import Lack, lacking
from leadsync.learn.leaks import Leak, leaks
from leadsync.learn.measure import Quality, quality
from leadsync.learn.proposal import Proposal, propose

__all__ = [
    "Cohort", "Example", "Lack", "Leak", "Proposal", "Quality", "cohort", "lacking", "leaks", "outcome_of", "propose",
    "quality",
]  # fmt: skip
