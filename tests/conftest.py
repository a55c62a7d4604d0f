"""What all tests share."""

from hypothesis import HealthCheck, settings

# A busy machine must not fail a property: tests assert counts, never seconds.
settings.register_profile("leadsync", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leadsync")
