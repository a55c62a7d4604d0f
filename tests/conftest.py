"""What all tests share."""

import os
import sys

from hypothesis import HealthCheck, settings

# Tests start the command some hundred times, and to compile all modules anew takes half of each start: what is compiled
# is kept, whatever the surroundings say.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A busy machine must not fail a property: tests assert counts, never seconds.
settings.register_profile("leadsync", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leadsync")
