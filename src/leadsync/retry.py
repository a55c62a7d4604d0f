"""The one retry policy: what may be tried again, how often, and how long to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from leadsync.errors import TryAgain

T = TypeVar("T")

ATTEMPTS = 6
LONGEST_WAIT = 60.0
"""Seconds. A server that asks for more (HubSpot's 477 asks for up to a day) stops the run instead of blocking it."""

_backoff = wait_random_exponential(multiplier=0.5, max=30)


def _wait(state: RetryCallState) -> float:
    problem = state.outcome.exception() if state.outcome else None
    asked = problem.retry_after if isinstance(problem, TryAgain) else None
    return max(_backoff(state), asked) if asked is not None else _backoff(state)


def _may_retry(problem: BaseException) -> bool:
    return isinstance(problem, TryAgain) and (problem.retry_after or 0) <= LONGEST_WAIT


def retrying(call: Callable[[], T], *, attempts: int = ATTEMPTS, sleep: Callable[[float], None] = time.sleep) -> T:
    """Make the call, and make it again on `TryAgain`: jittered exponential waits, Retry-After honoured, capped.

    Raises the last `TryAgain` when the attempts are used up or the server asks for longer than `LONGEST_WAIT`.
    """
    retry = Retrying(
        retry=retry_if_exception(_may_retry),
        stop=stop_after_attempt(attempts),
        wait=_wait,
        sleep=sleep,
        reraise=True,
    )
    return retry(call)
