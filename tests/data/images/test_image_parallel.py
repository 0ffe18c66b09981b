"""Work in several threads: all of it done, told to the watcher, and ended at once when it must."""

from __future__ import annotations

import threading
import time

import pytest

from mlpcli.data.images.decoding import for_each


def test_all_is_done_and_told_in_this_thread() -> None:
    done, told, threads = set(), [], set()

    def watch(what: str, count: int, total: int) -> None:
        told.append((what, count, total))
        threads.add(threading.current_thread())

    for_each(1000, done.add, "adding", watch)
    assert done == set(range(1000))
    assert told[0] == ("adding", 0, 1000) and told[-1] == ("adding", 1000, 1000)
    assert threads == {threading.current_thread()}


def test_the_watcher_hears_of_it_about_ten_times_a_second() -> None:
    told = []
    start = time.monotonic()
    for_each(40, lambda index: time.sleep(0.02), "sleeping", lambda what, count, total: told.append(count))
    assert 2 <= len(told) <= 10 * (time.monotonic() - start) + 4
    assert told == sorted(told)


def test_nothing_to_do() -> None:
    told = []
    for_each(0, pytest.fail, "nothing", lambda *report: told.append(report))
    assert told[-1] == ("nothing", 0, 0)


def test_an_error_ends_it() -> None:
    done = []

    def work(index: int) -> None:
        if index == 3:
            raise ZeroDivisionError
        time.sleep(0.001)
        done.append(index)

    with pytest.raises(ZeroDivisionError):
        for_each(100_000, work, "failing", lambda *report: None)
    assert len(done) < 50_000


def test_an_interruption_ends_it_promptly() -> None:
    done = []

    def watch(what: str, count: int, total: int) -> None:
        if count:
            raise KeyboardInterrupt

    def work(index: int) -> None:
        time.sleep(0.005)
        done.append(index)

    with pytest.raises(KeyboardInterrupt):
        for_each(100_000, work, "interrupted", watch)
    assert len(done) < 50_000
    assert threading.active_count() == 1 or not any(t.name.startswith("pictures") for t in threading.enumerate())
