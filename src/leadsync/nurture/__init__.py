"""What to do next with a lead, and what became of those before: journeys, advice within consent and caps, funnels."""

from leadsync.nurture.advice import advise, after_quiet, held_out, hold_until, may_not, seen_by_nurture
from leadsync.nurture.course import Situation, advance, phase_of
from leadsync.nurture.funnel import Effect, FunnelRow, effect, funnel, time_in
from leadsync.nurture.load import load_nurture
from leadsync.nurture.model import Advice, Course, Do, NurtureRules, Phase, Step, Track, pack, unpack
from leadsync.nurture.standing import Nurtured, nurture, relive
from leadsync.nurture.tracks import on_track
from leadsync.touchpoints import Contact

__all__ = [
    "Advice", "Contact", "Course", "Do", "Effect", "FunnelRow", "NurtureRules", "Nurtured", "Phase", "Situation",
    "Step", "Track", "advance", "advise", "after_quiet", "effect", "funnel", "held_out", "hold_until",
    "load_nurture", "may_not", "nurture", "on_track", "pack", "phase_of", "relive", "seen_by_nurture",
    "time_in", "unpack",
]  # fmt: skip
