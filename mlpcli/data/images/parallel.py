"""The same work for each of many pictures, on all processors: Pillow lets go of Python's lock while it decodes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import numpy as np

from mlpcli.data.dataset import Watch
from mlpcli.data.images.libtiff import stderr_in_use

MOST_THREADS = 32
SECONDS_BETWEEN_REPORTS = 0.1


def for_each(count: int, work: Callable[[int], None], what: str, watch: Watch) -> None:
    """Call work(0) ... work(count - 1) in several threads; `watch` hears of it in this one, ten times a second.

    What `work` raises ends it all, and so does Ctrl-C: each thread finishes the picture at hand and stops.
    """
    done, stop = np.zeros(count, bool), threading.Event()
    threads = min(processors(), MOST_THREADS, count)

    def share(first: int) -> None:
        for index in range(first, count, threads):
            if stop.is_set():
                return
            work(index)
            done[index] = True

    watch(what, 0, count)
    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="pictures") as pool:
        try:
            waiting = {pool.submit(share, first) for first in range(threads)}
            while waiting:
                finished, waiting = wait(waiting, SECONDS_BETWEEN_REPORTS, FIRST_EXCEPTION)
                for future in finished:
                    future.result()
                with stderr_in_use:
                    watch(what, int(np.count_nonzero(done)), count)
        finally:
            stop.set()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
