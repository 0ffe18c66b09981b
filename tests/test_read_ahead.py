"""Items are made in another thread, one ahead, and come in their order."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mlpcli.machine import read_ahead


def _numbers(made: list[int], threads: set[str], stop: int = 5) -> Iterator[int]:
    for number in range(stop):
        made.append(number)
        threads.add(threading.current_thread().name)
        yield number


def test_all_come_in_their_order_and_one_is_made_ahead() -> None:
    made: list[int] = []
    threads: set[str] = set()
    for number in read_ahead(_numbers(made, threads)):
        assert len(made) <= number + 2
        assert made[: number + 1] == list(range(number + 1))
    assert made == [0, 1, 2, 3, 4]
    assert threads == {"read-ahead_0"}
    assert list(read_ahead(iter(()))) == []


def test_an_error_is_raised_behind_the_items_before_it() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise OSError("the disk failed")

    taken: list[int] = []
    with pytest.raises(OSError, match="the disk failed"):
        taken.extend(read_ahead(failing()))
    coming = read_ahead(failing())
    assert next(coming) == 1
    with pytest.raises(OSError, match="the disk failed"):
        next(coming)


def test_nothing_is_made_and_no_thread_is_left_after_the_last_that_is_taken() -> None:
    made: list[int] = []
    coming = read_ahead(_numbers(made, set()))
    assert next(coming) == 0
    coming.close()
    assert made in ([0], [0, 1])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]
