"""snapshots.npz: which epochs are kept, and that nothing but their number decides it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.runs.snapshots import Snapshots, read_snapshots


def _weights(epoch: int) -> list[np.ndarray]:
    return [np.full((2, 2), epoch, np.float32), np.array([-epoch], np.float32)]


def _trained(run: Path, epochs: int, kept: int) -> Snapshots:
    snapshots = Snapshots(run, parameters=5)
    for epoch in range(epochs + 1):
        snapshots.look(epoch, _weights(epoch))
    snapshots.finish(kept, _weights(kept))
    return snapshots


@pytest.mark.parametrize(
    ("epochs", "kept", "expected"),
    [
        (3, 2, [0, 1, 2, 3]),
        (57, 57, list(range(58))),
        (58, 31, sorted({*range(0, 59, 2), 31})),
        (300, 299, sorted({*range(0, 301, 8), 299, 300})),
    ],
)
def test_every_nth_epoch_the_last_and_the_kept_one(tmp_path: Path, epochs: int, kept: int, expected: list[int]) -> None:
    _trained(tmp_path, epochs, kept)
    found = read_snapshots(tmp_path)
    assert found is not None
    assert (list(found.epochs), found.kept) == (expected, kept)
    assert found.weights[-1].tolist() == [epochs] * 4 + [-epochs]
    assert found.weights.dtype == np.float32


def test_large_networks_have_fewer_snapshots(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, parameters=100_000)  # 400 kB each, 8 MiB in all: 20
    for epoch in range(41):
        snapshots.look(epoch, _weights(epoch))
    snapshots.write()
    found = read_snapshots(tmp_path)
    assert found is not None
    assert found.epochs == tuple(range(0, 41, 4))
    assert found.kept is None


@pytest.mark.parametrize("killed_after", [1, 20, 57, 58, 63, 90])
def test_a_killed_run_ends_with_the_same_snapshots(tmp_path: Path, killed_after: int) -> None:
    """The file may be of a later epoch than the checkpoint that the run goes on from."""
    (whole := tmp_path / "whole").mkdir()
    (killed := tmp_path / "killed").mkdir()
    _trained(whole, 100, 77)
    before = Snapshots(killed, 5)
    for epoch in range(killed_after + 1):
        before.look(epoch, _weights(epoch))
    before.write()
    resumed = Snapshots(killed, 5)
    checkpoint = max(1, killed_after - 7)
    resumed.go_on_after(checkpoint)
    for epoch in range(checkpoint + 1, 101):
        resumed.look(epoch, _weights(epoch))
    resumed.finish(77, _weights(77))
    assert (killed / "snapshots.npz").read_bytes() == (whole / "snapshots.npz").read_bytes()


def test_a_run_trained_longer_drops_the_epoch_that_was_kept_before(tmp_path: Path) -> None:
    _trained(tmp_path, 60, kept=33)
    longer = Snapshots(tmp_path, 5)
    longer.go_on_after(60)
    longer.look(61, _weights(61))
    longer.finish(61, _weights(61))
    found = read_snapshots(tmp_path)
    assert found is not None
    assert list(found.epochs) == [*range(0, 61, 2), 61]


def test_there_is_none_where_a_run_has_none(tmp_path: Path) -> None:
    assert read_snapshots(tmp_path) is None


def test_a_damaged_file_is_named_and_a_resumed_run_begins_a_new_one(tmp_path: Path) -> None:
    _trained(tmp_path, 3, 3)
    file = tmp_path / "snapshots.npz"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(RunDirectoryError, match=r"snapshots\.npz: is damaged: .*; restore it or train again"):
        read_snapshots(tmp_path)
    resumed = Snapshots(tmp_path, 5)
    resumed.go_on_after(3)
    resumed.look(4, _weights(4))
    resumed.write()
    found = read_snapshots(tmp_path)
    assert found is not None
    assert found.epochs == (4,)
