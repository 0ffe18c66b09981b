"""How many threads NumPy's matrix products get while a network is trained."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mlpcli.numpy_engine.network import Network

SMALL_PRODUCT = 1 << 24
"""Multiplications. A smaller product is over before a second thread has woken up; on a machine that has other work,
waiting for that thread can take ten times as long as the product."""


def fitting_threads(network: Network, batch_size: int) -> AbstractContextManager[Any]:
    """Within it a small network is trained on one thread, so that its bits do not depend on the cores either."""
    largest = max((array.size for array in network.parameters.values()), default=0)
    if largest * batch_size > SMALL_PRODUCT:
        return nullcontext()
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits
