"""A call in a process that has seen no other: small, so that forking it is cheap, and nothing of before counts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def fresh(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the call returns, or raises; it and its arguments must be picklable."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(call, *args, **kwargs).result()
