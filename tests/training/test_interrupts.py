"""Signals: the first is noted and ends training after the batch, the second ends the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from mlpcli.training.progress import Interrupted, noted_interruptions

pytestmark = pytest.mark.usefixtures("hears_hangup")

CODES = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number, _ in CODES}
    yield
    found = {number: signal.getsignal(number) for number, _ in CODES}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert found == before


@pytest.mark.parametrize(("number", "code"), CODES)
def test_the_first_signal_is_noted_and_raises_nothing(number: signal.Signals, code: int) -> None:
    with noted_interruptions() as noted:
        os.kill(os.getpid(), number)
        assert [(str(entry), entry.exit_code) for entry in noted] == [(f"interrupted ({number.name})", code)]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL  # so that the second one ends the process


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with noted_interruptions() as noted:
            os.kill(os.getpid(), signal.SIGHUP)
        assert noted == []
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_may_train_without_signals() -> None:
    lists: list[list[Interrupted]] = []

    def work() -> None:
        with noted_interruptions() as noted:
            lists.append(noted)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert lists == [[]]


def test_no_ordinary_handler_swallows_an_interruption() -> None:
    assert not issubclass(Interrupted, Exception)
