"""A checkpoint that is torn, missing or a stranger's: the one before it is taken, or the error says what to do."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.runs.checkpoint import Checkpoint, Checkpoints
from tests.reliability.conftest import CONFIG

NEWEST, BEFORE = "last-000004.npz", "last-000003.npz"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of four epochs with the checkpoints of the last two."""
    from mlpcli.training import keeper
    from mlpcli.workflows.train import train

    folder = tmp_path_factory.mktemp("original")
    (folder / "moons.yaml").write_text(CONFIG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "SHARE", 1e9)
        return train(folder / "moons.yaml", run_dir=folder / "run").run


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def _epoch_of(run: Path) -> tuple[int, list[str]]:
    """The epoch of the checkpoint that is taken, and what is said of the others."""
    said: list[str] = []
    found = Checkpoints(run).read(said.append)
    assert found is not None
    return found.epoch, said


def _content(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: _content(entry) for key, entry in value.items()}
    return [_content(entry) for entry in value] if isinstance(value, list) else value


def test_cut_off_anywhere_the_one_before_it_is_taken(run: Path) -> None:
    path = run / "checkpoint" / NEWEST
    whole = path.read_bytes()
    assert _epoch_of(run) == (4, [])
    for tenth in range(10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        epoch, (said,) = _epoch_of(run)
        assert epoch == 3
        assert said.startswith(f"{path}: is damaged (") and said.endswith("); using the one before it")


def test_a_flipped_bit_changes_nothing_or_is_noticed(run: Path) -> None:
    path = run / "checkpoint" / NEWEST
    whole = path.read_bytes()
    first = Checkpoints(run).read(pytest.fail)
    assert first is not None
    expected, noticed = _content(first.state), 0
    for place in range(0, len(whole), 97):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        said: list[str] = []
        found = Checkpoints(run).read(said.append)
        assert found is not None
        assert found.epoch == (3 if said else 4)
        assert said or _content(found.state) == expected
        noticed += bool(said)
    assert noticed > len(whole) / 97 / 2  # the others are dates and the like


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _archive(path: Path, compression: int = zipfile.ZIP_STORED, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def _array(shape: tuple[int, ...], content: bytes) -> bytes:
    """An .npy file whose header claims bytes of this shape."""
    header = repr({"descr": "|u1", "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def _saying(path: Path, text: str) -> None:
    _archive(path, state=_array((len(text),), text.encode()))


def _pickled(path: Path) -> None:
    content = io.BytesIO()
    np.save(content, np.array([{}], dtype=object))
    _archive(path, state=content.getvalue())


STRANGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("epoch,loss\n1,0.5\n"),
    "a folder": _as_folder,
    "a pipe": _as_pipe,
    "gone, but its link is left": lambda path: (path.unlink(), path.symlink_to("nowhere")),
    "petabytes claimed": lambda path: _archive(path, state=_array((1 << 50,), b"{}")),
    "more than 64 bits claimed": lambda path: _archive(path, state=_array((1 << 40, 1 << 40), b"{}")),
    "fewer values than it holds": lambda path: _archive(path, state=_array((1,), b"{}")),
    "a bomb": lambda path: _archive(path, zipfile.ZIP_DEFLATED, state=_array((1 << 22,), bytes(1 << 22))),
    "a pickle": _pickled,
    "no array": lambda path: _archive(path, state=b"hello"),
    "another archive": lambda path: _archive(path, weights=_array((2,), b"{}")),
    "brackets without end": lambda path: _saying(path, "[" * 100_000),
    "a list": lambda path: _saying(path, "[]"),
    "no keys": lambda path: _saying(path, "{}"),
    "an array that is not there": lambda path: _saying(path, '{"format": {"array": 7}}'),
    "a newer format": lambda path: _saying(path, '{"format": 99}'),
    "another epoch": lambda path: _saying(path, '{"format": 1, "epoch": 9, "state": {}, "best_epoch": null}'),
}


@pytest.mark.skipif(os.name == "nt", reason="needs pipes that have a name")
@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_checkpoint_is_passed_by(run: Path, kind: str) -> None:
    STRANGE[kind](run / "checkpoint" / NEWEST)
    epoch, (said,) = _epoch_of(run)
    assert (epoch, "is damaged (" in said) == (3, True)
    (run / "checkpoint" / BEFORE).unlink()
    with pytest.raises(
        RunDirectoryError, match=r"is damaged \(.*, and there is no other checkpoint; delete the folder"
    ):
        Checkpoints(run).read(pytest.fail)


def test_the_run_goes_on_from_the_one_before_and_ends_as_if_nothing_had_been(
    run: Path, mlpcli_here: Any, undisturbed: Any, everything_of: Any
) -> None:
    path = run / "checkpoint" / NEWEST
    path.write_bytes(path.read_bytes()[:-9])
    done = mlpcli_here("train", "--resume", run)
    assert done.returncode == 0
    assert done.stderr.startswith(f"warning: {run / 'checkpoint' / NEWEST}: is damaged (")
    assert everything_of(run) == undisturbed
    assert _epoch_of(run) == (4, [])  # and what was damaged is whole again


def test_best_weights_that_both_checkpoints_name_are_needed(run: Path, mlpcli_here: Any) -> None:
    (path,) = (run / "checkpoint").glob("best-*")
    path.write_bytes(path.read_bytes()[:-9])
    done = mlpcli_here("train", "--resume", run)
    assert done.returncode == 2
    assert done.stderr.endswith(
        "there is no other checkpoint; delete the folder checkpoint/ to train from the first epoch\n"
    )


def test_where_none_can_be_read_the_error_says_what_to_do(
    run: Path, mlpcli_here: Any, undisturbed: Any, everything_of: Any
) -> None:
    for path in (run / "checkpoint").iterdir():
        path.write_bytes(b"")
    done = mlpcli_here("train", "--resume", run)
    assert done.returncode == 2
    warning, error = done.stderr.splitlines()  # without -q, which leaves warnings out
    assert (
        warning
        == f"warning: {run / 'checkpoint' / NEWEST}: is damaged (File is not a zip file); using the one before it"
    )
    assert error == (
        f"error: {run / 'checkpoint' / BEFORE}: is damaged (File is not a zip file), and there is no other checkpoint;"
        " delete the folder checkpoint/ to train from the first epoch"
    )
    shutil.rmtree(run / "checkpoint")
    done = mlpcli_here("train", "--resume", run)
    assert done.returncode == 0
    assert "no checkpoint was written yet, so training begins with the first epoch" in done.stderr
    assert everything_of(run) == undisturbed


def test_best_weights_of_epochs_that_were_given_up_are_not_taken_for_those_of_later_ones(tmp_path: Path) -> None:
    """The newest is torn, training goes on from the one before it, and its next epoch is another."""
    zeros, ones = [np.zeros(2, np.float32)], [np.ones(2, np.float32)]
    first = Checkpoints(tmp_path)
    first.write(Checkpoint(1, {}, 1))
    first.write(Checkpoint(3, {}, 2, zeros))
    (tmp_path / "checkpoint" / "last-000003.npz").write_bytes(b"")
    second = Checkpoints(tmp_path)
    found = second.read(lambda text: None)
    assert found is not None
    assert found.epoch == 1
    second.write(Checkpoint(3, {}, 2, ones))
    found = Checkpoints(tmp_path).read(pytest.fail)
    assert found is not None
    assert found.best_weights is not None
    assert (found.epoch, found.best_weights[0].tolist()) == (3, [1, 1])


def test_the_checkpoint_of_another_network(run: Path, mlpcli_here: Any, moons: Path, always_kept: None) -> None:
    other = mlpcli_here("train", moons, "-q", "--json", "-s", "model.hidden_units=[9]")
    shutil.rmtree(run / "checkpoint")
    shutil.copytree(Path(json.loads(other.stdout)["run"]) / "checkpoint", run / "checkpoint")
    done = mlpcli_here("train", "-q", "--resume", run)
    assert (done.returncode, done.stdout) == (2, "")
    assert "model.hidden_units: was [9] in the epochs so far, and cannot change when a run is resumed" in done.stderr
    assert (run / "metrics.json").exists()


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"config": {}}, "its checkpoint cannot be used: "),
    ({"loop": {}}, "its checkpoint cannot be used: it is not the state of a training"),
    ({"seconds": "long"}, "its checkpoint cannot be used: it is not the state of a training"),
    ({"engine": {}}, "its checkpoint does not fit the network of config.yaml ("),
    ({"stopping": []}, "its checkpoint does not fit the network of config.yaml ("),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_the_state_of_something_else(run: Path, mlpcli_here: Any, change: dict[str, Any], words: str) -> None:
    checkpoints = Checkpoints(run)
    found = checkpoints.read(pytest.fail)
    assert found is not None
    for key, value in change.items():
        (found.state if key in found.state else found.state["loop"])[key] = value
    checkpoints.write(found)
    done = mlpcli_here("train", "-q", "--resume", run)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr and str(run) in done.stderr


OTHERS: list[tuple[str, str | None, str]] = [
    ("environment.json", "{", "is damaged: "),
    ("environment.json", '{"versions": 5}', "is damaged: its versions have a form that mlpcli never writes"),
    ("history.csv", "epoch,seconds,learning_rate,loss\n1,0.1,0.001,0.5\n", "has 1 epochs, but the checkpoint was made"),
    ("history.csv", None, "cannot be read: No such file or directory"),
    ("config.yaml", "", "expected a mapping with data, model and training, but found nothing"),
]


@pytest.mark.parametrize(("name", "text", "words"), OTHERS)
def test_other_files_of_a_run_that_are_damaged(
    run: Path, mlpcli_here: Any, name: str, text: str | None, words: str
) -> None:
    if text is None:
        (run / name).unlink()
    else:
        (run / name).write_text(text, encoding="utf-8")
    done = mlpcli_here("train", "-q", "--resume", run)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{run / name}:" in done.stderr and words in done.stderr
