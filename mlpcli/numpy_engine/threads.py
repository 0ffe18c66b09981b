"""Products of small matrices on one thread."""

from __future__ import annotations

import functools
import threading
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any

from mlpcli.numpy_engine.ensemble import Ensemble
from mlpcli.numpy_engine.network import Network

SMALL_PRODUCT = 1 << 24
"""Multiplications. A smaller product is over before a second thread has woken up; on a machine that has other work,
waiting for that thread can take thirty times as long as the product."""


def fitting_threads(network: Network | Ensemble, batch_size: int) -> AbstractContextManager[None]:
    """Within it a small network is computed on one thread, so that its bits do not depend on the cores either.

    A large network's do: BLAS adds up in other orders on other numbers of threads.
    """
    networks = network.members if isinstance(network, Ensemble) else [network]
    largest = max((array.size for one in networks for array in one.parameters.values()), default=0)
    return nullcontext() if largest * batch_size > SMALL_PRODUCT else _ONE_THREAD


@functools.cache
def _libraries() -> Any:
    """NumPy's BLAS among the libraries of this process: to go through them all takes a tenth of a small training."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()


class _OneThread(AbstractContextManager[None]):
    """The number of threads is the whole process's: who enters first takes it down, who leaves last restores it."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._limits: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._limits = _libraries().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limits.restore_original_limits()


_ONE_THREAD = _OneThread()
