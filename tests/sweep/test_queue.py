"""The queue of trials: each slot ends for good once, whatever its workers come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.workflows import sweep_queue
from mlpcli.workflows.sweep_queue import MOST_DEATHS, Queue, this_worker
from mlpcli.workflows.sweep_storage import JOURNAL, open_study, stored

Join = Callable[..., Queue]


@pytest.fixture
def join(tmp_path: Path) -> Iterator[Join]:
    """`join()` is another process at the same queue: with a worker, and a view of the journal, of its own."""
    with ExitStack() as workers:

        def connect(**changes: Any) -> Queue:
            storage = workers.enter_context(stored(None, tmp_path))
            worker = replace(workers.enter_context(this_worker()), **changes)
            return Queue(open_study(storage, "study", rising=False), storage, worker)

        yield connect


@pytest.fixture
def join_and_die(join: Join, tmp_path: Path) -> Join:
    """Another process whose lock is free, as the kernel leaves it."""

    def connect() -> Queue:
        (tmp_path / "free-lock").touch()
        return join(lock=str(tmp_path / "free-lock"))

    return connect


def states(queue: Queue) -> list[str]:
    return [trial.state.name for trial in queue.standing().values()]


def test_two_workers_take_different_trials(join: Join) -> None:
    first, second = join(), join()
    first.add([{}, {}, {}], {})
    second.add([{}, {}, {}], {})  # of which it sees that they are there
    assert len(first.study.trials) == 3
    taken = [queue.take() for queue in (first, second, first)]
    assert [trial.user_attrs["slot"] for trial in taken if trial] == [0, 1, 2]
    assert second.take() is None


def test_the_trial_of_a_dead_worker_is_run_again_with_its_values(join: Join, join_and_die: Join) -> None:
    dead, other = join_and_die(), join()
    dead.add([{}], {})
    trial = dead.take()
    assert trial is not None
    drawn = trial.suggest_float("x", 0, 1)
    assert other.recover() == [0]
    assert other.recover() == []
    again = other.take()
    assert again is not None
    assert again.suggest_float("x", 0, 1) == drawn
    assert other.finish(again, 0.5)
    assert states(other) == ["COMPLETE"]
    assert not Path(dead.worker.lock).exists()


def test_the_trial_of_a_living_worker_is_left_alone(join: Join) -> None:
    alive, other = join(), join()
    alive.add([{}], {})
    trial = alive.take()
    assert other.recover() == []
    assert trial is not None
    assert alive.finish(trial, 1.0)


def test_a_worker_that_was_thought_dead_records_nothing(join: Join, join_and_die: Join) -> None:
    late, other = join_and_die(), join()
    late.add([{}], {})
    trial = late.take()
    assert trial is not None
    assert other.recover() == [0]
    again = other.take()
    assert again is not None
    assert not late.finish(trial, 0.1)
    assert other.finish(again, 0.2)
    assert [found.value for found in other.standing().values()] == [0.2]


def test_what_kills_every_worker_fails_in_the_end(join: Join, join_and_die: Join) -> None:
    watcher = join()
    watcher.add([{}], {})
    for _ in range(MOST_DEATHS):
        assert join_and_die().take() is not None
        watcher.recover()
    assert states(watcher) == ["FAIL"]
    (trial,) = watcher.standing().values()
    assert trial.user_attrs["why it failed"] == "5 workers died while training it, perhaps for lack of memory"
    assert watcher.take() is None


def test_what_may_have_killed_a_worker_comes_last(join: Join, join_and_die: Join) -> None:
    dead, other = join_and_die(), join()
    dead.add([{}, {}], {})
    dead.take()
    other.recover()
    taken = [other.take(), other.take()]
    assert [trial.user_attrs["slot"] for trial in taken if trial] == [1, 0]


def test_a_trial_that_is_given_back_counts_no_death(join: Join) -> None:
    queue = join()
    queue.add([{}], {})
    for _ in range(MOST_DEATHS + 1):
        trial = queue.take()
        assert trial is not None
        queue.give_back(trial)
    assert states(queue) == ["WAITING"]


def test_a_killed_recovery_is_finished_by_the_next(
    join: Join, join_and_die: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, killed, other = join_and_die(), join(), join()
    dead.add([{}], {})
    dead.take()
    with monkeypatch.context() as patched:
        patched.setattr(killed, "_put_again", lambda slot: None)  # it had ended the trial, and no more
        killed.recover()
    assert states(other) == ["FAIL"]
    other.recover()
    assert states(other) == ["WAITING"]


def test_of_two_that_fill_the_queue_at_once_one_counts(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = join(), join()
    with monkeypatch.context() as patched:
        patched.setattr(second, "standing", dict)  # it looked before the other had written
        first.add([{}, {}], {})
        second.add([{}, {}], {})
    assert len(first.study.trials) == 4
    taken = [first.take(), second.take()]
    assert [trial.number for trial in taken if trial] == [0, 1]
    assert first.take() is None
    first.recover()
    assert [trial.state.name for trial in first.study.trials] == ["RUNNING", "RUNNING", "FAIL", "FAIL"]
    assert states(first) == ["RUNNING", "RUNNING"]


def test_a_worker_elsewhere_is_dead_when_it_is_silent(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    away, here = join(machine="another"), join()
    away.add([{}], {})
    trial = away.take()
    assert trial is not None
    now = [0.0]
    # Not time.monotonic itself: a server of the tests, which another thread runs, would sleep for hours by it.
    monkeypatch.setattr(sweep_queue, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert here.recover() == []
    now[0] = 100
    away.storage.set_trial_user_attr(away._id(trial), away.worker.key, away.worker.mark(1))
    assert here.recover() == []
    now[0] = 200  # 100 seconds after the last beat that was seen
    assert here.recover() == []
    now[0] = 221
    assert here.recover() == [0]


def test_a_mark_left_by_who_came_too_late_does_not_keep_a_trial(
    join: Join, join_and_die: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, late, other = join_and_die(), join(), join()
    dead.add([{}], {})
    seen = late.standing()
    dead.take()
    with monkeypatch.context() as patched:
        patched.setattr(late, "standing", lambda: seen)
        assert late.take() is None
    assert other.recover() == [0]


def test_a_torn_line_of_a_killed_process_is_removed(join: Join, tmp_path: Path) -> None:
    queue = join()
    queue.add([{}], {})
    with open(tmp_path / JOURNAL, "ab") as journal:
        journal.write(b'{"op_code":5,"work')
    other = join()
    assert other.take() is not None
    assert states(queue) == ["RUNNING"]


def test_home_is_the_folder_that_asked_first(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = join(), join()
    with monkeypatch.context() as patched:
        patched.setattr(second, "standing", dict)  # both begin at once, and neither sees the other
        first.add([{}, {}], {"key": "one"})
        second.add([{}, {}], {"key": "two"})
    assert first.home() == second.home() == {"key": "one"}


def test_what_a_killed_worker_had_taken_of_two_that_are_the_same_ends(
    join: Join, join_and_die: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, dead = join(), join_and_die()
    first.add([{}], {})
    seen = first.standing()
    with monkeypatch.context() as patched:
        patched.setattr(dead, "standing", dict)
        dead.add([{}], {})
        patched.setattr(dead, "standing", lambda: {0: dead.study.trials[1]})
        assert dead.take() is not None  # the later one, and then it was killed
    assert [trial.state.name for trial in first.study.trials] == ["WAITING", "RUNNING"]
    first.recover()
    assert [trial.state.name for trial in first.study.trials] == ["WAITING", "FAIL"]
    assert first.standing()[0].number == seen[0].number


def test_a_damaged_line_is_named(join: Join, tmp_path: Path) -> None:
    queue = join()
    queue.add([{}, {}], {})
    lines = (tmp_path / JOURNAL).read_bytes().splitlines(keepends=True)
    (tmp_path / JOURNAL).write_bytes(b"".join([lines[0], b"\0" * 40 + b"\n", *lines[2:]]))
    with pytest.raises(RunDirectoryError) as caught:
        join()
    assert str(caught.value) == (
        f"{tmp_path / JOURNAL}:2: is damaged; restore the file, or delete this line and those after it: their trials"
        " are run again"
    )
    (tmp_path / JOURNAL).write_bytes(lines[0])
    again = join()
    again.add([{}, {}], {})
    assert states(again) == ["WAITING"] * 2
