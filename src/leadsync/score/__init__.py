"""What a lead is worth and why: a pure function of its facts, its touches, the model file and the day."""

from leadsync.rulefiles.gates import Gate
from leadsync.score.load import Vocabulary, at_odds, choose, in_order, load_model, load_models
from leadsync.score.model import Reason, Score, ScoringModel, in_points, signed
from leadsync.score.single import score

__all__ = [
    "Gate", "Reason", "Score", "ScoringModel", "Vocabulary", "at_odds", "choose", "in_order", "in_points", "load_model",
    "load_models", "score", "signed",
]  # fmt: skip
