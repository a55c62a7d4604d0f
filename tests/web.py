"""The HTTP client of people and of tests: each new one reads every certificate of the world first, 20 ms of it."""

import httpx

web = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
"""A new connection for each request: no server of a test that is over is in the way."""
