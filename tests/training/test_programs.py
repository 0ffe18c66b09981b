"""Compiled programs that are kept between runs: the same bits with them and without, and none that can end a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mlpcli import backend
from mlpcli.data.cache import cache_folder
from mlpcli.keras_engine import programs
from mlpcli.keras_engine.programs import kept
from mlpcli.machine import kind_of_processor

pytestmark = pytest.mark.tf

tf = backend.tensorflow()
TRAIN = """
import hashlib, json, os, sys
import numpy as np
from mlpcli import backend
from mlpcli.data.batches import RowBatches
from mlpcli.data.dataset import Part
from mlpcli.keras_engine import programs
from mlpcli.keras_engine.resident import ResidentEpochs, model_state

keras, fetch = backend.keras(), programs._fetch

def train(seed, rate, operations):
    found = []
    for number in range(operations):
        backend.tensorflow().constant(number)
    programs._fetch = lambda key: found.append(sorted(fetch(key))) or set(found[-1])
    x, y = np.arange(222, dtype=np.uint8).reshape(37, 6), np.arange(37, dtype=np.int32) % 3
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Dense(5), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    epochs = ResidentEpochs(model, RowBatches(Part(x, y, np.arange(37)), y, 8, seed=1), None, True, sys.exit)
    with epochs.running():
        logs = [epochs.epoch(number) for number in range(2)]
    arrays = [array for kind in model_state(model).values() for array in kind]
    bits = hashlib.sha256(b"".join(np.asarray(array).tobytes() for array in arrays)).hexdigest()
    return json.dumps([bits, logs, found])

for line in sys.stdin:  # TensorFlow has been imported, but has computed nothing: a fork of it is as a new process
    seed, rate, times, operations = json.loads(line)
    reading, writing = os.pipe()
    for _ in range(times):
        if os.fork() == 0:
            os.write(writing, (train(seed, rate, operations) + chr(10)).encode())
            os._exit(0)
    codes = [os.wait()[1] for _ in range(times)]
    assert codes == [0] * times, codes
    sys.stdout.write(os.read(reading, 1 << 16).decode())
    sys.stdout.flush()
os._exit(0)
"""
Trained = tuple[str, Any, list[list[str]]]


@pytest.fixture
def train() -> Iterator[Callable[..., list[Trained]]]:
    """`train(seed, rate, times=2)` trains in new processes, at once; operations: that each runs before.

    Each gives the bits of all variables, the logs, and the programs that were found, for each function that was
    launched.
    """
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", TRAIN], text=True, encoding="utf-8", **pipes) as parent:

        def run(seed: int = 1, rate: float = 0.01, times: int = 1, operations: int = 0) -> list[Trained]:
            print(json.dumps([seed, rate, times, operations]), file=parent.stdin, flush=True)
            lines = [parent.stdout.readline() for _ in range(times)]  # type: ignore[union-attr]
            assert all(lines), parent.communicate()[1]
            return [tuple(json.loads(line)) for line in lines]

        yield run
        _, error = parent.communicate()
        assert (parent.returncode, error) == (0, "")


def _entries() -> list[Path]:
    return sorted(cache_folder("programs").iterdir())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")
@pytest.mark.long
def test_a_run_has_the_same_bits_whatever_is_in_the_cache(train: Callable[..., list[Trained]]) -> None:
    (bits, logs, found), other = train(times=2)  # at once: each compiles, and keeps what it has compiled
    assert [[]] in (found, other[2])
    assert other[:2] == (bits, logs)
    (entry,) = _entries()
    with zipfile.ZipFile(entry) as archive:
        (name,) = archive.namelist()

    assert train() == [(bits, logs, [[name]])]
    with zipfile.ZipFile(entry) as archive:
        assert archive.namelist() == [name]

    # Learning rate and seed are no part of the program, nor is what the process has computed before.
    assert train(seed=2, rate=0.1)[0][2] == [[name]]
    assert train(operations=7) == [(bits, logs, [[name]])]

    # What TensorFlow refuses is compiled anew, by a function of another name.
    programs._pack(entry, entry.stem, {name: b"no program"})
    assert train() == [(bits, logs, [[name], []])]
    assert entry not in _entries()


def _put(name: str, content: bytes) -> None:
    tf.io.gfile.makedirs(backend.PROGRAMS)
    with tf.io.gfile.GFile(f"{backend.PROGRAMS}/{name}", "wb") as file:
        file.write(content)


KEY = "0" * 64
CONTENT = bytes(range(256)) * 100


@pytest.fixture
def entry() -> Path:
    """What a run has kept: a program called `one`."""
    with kept(KEY) as found:
        assert not found
        _put("one", CONTENT)
    (path,) = _entries()
    return path


def test_a_program_comes_back_as_it_was(entry: Path) -> None:
    os.utime(entry, (1, 1))
    with kept(KEY) as found:
        assert found
        assert programs._read("one") == CONTENT
    assert programs._names() == []  # they would take memory
    assert entry.stat().st_mtime > 1  # the oldest are removed first


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "empty": lambda path: path.write_bytes(b""),
    "a byte changed": lambda path: path.write_bytes(path.read_bytes()[:60] + b"\0\1\2" + path.read_bytes()[63:]),
    "no zip file": lambda path: path.write_text("나쁜 것", encoding="utf-8"),
    "another machine's": lambda path: programs._pack(path, "1" * 64, {"one": CONTENT}),
    "a path": lambda path: programs._pack(path, KEY, {"../one": CONTENT}),
    "a folder": lambda path: (path.unlink(), path.mkdir(), (path / "one").write_bytes(CONTENT)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_or_another_s_is_made_anew(entry: Path, damage: str) -> None:
    DAMAGE[damage](entry)
    with kept(KEY) as found:
        assert not found
        assert programs._names() == []
        _put("one", CONTENT)
    with kept(KEY) as found:
        assert found


def test_where_nothing_can_be_kept_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for place in (str(tmp_path / "file"), "~nobody-of-that-name/cache"):
        monkeypatch.setenv("MLPCLI_CACHE", place)
        with kept(KEY) as found:
            assert not found
            _put("one", CONTENT)
        assert programs._names() == []


def test_an_error_keeps_nothing() -> None:
    with suppress(ZeroDivisionError), kept(KEY):
        _put("one", CONTENT)
        raise ZeroDivisionError
    assert not cache_folder("programs").exists()
    assert programs._names() == []


def test_programs_count_within_the_bound_of_the_cache(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(entry, (1, 1))
    monkeypatch.setattr("mlpcli.data.cache.MOST_BYTES", entry.stat().st_size + len(CONTENT) - 1)
    with kept("1" * 64):
        _put("two", CONTENT)
    assert [path.stem for path in _entries()] == ["1" * 64]


def test_processors_of_other_instructions_have_other_programs(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    kinds = []
    for number, flags in enumerate(("sse avx", "sse avx avx512f", "sse avx")):
        one = f"processor\t: 0\nvendor_id\t: 누구\ncpu MHz\t\t: {number}\nflags\t\t: {flags}\n"
        (tmp_path / "proc" / "cpuinfo").write_text(one * 2, encoding="utf-8")
        kinds.append(kind_of_processor(tmp_path))
    assert kinds[0] == kinds[2] == "flags\t\t: sse avx\nvendor_id\t: 누구"
    assert kinds[1] != kinds[0]
    assert kind_of_processor(tmp_path / "nowhere")  # the name of the machine


def test_flags_of_the_user_s_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = f"--tf_xla_persistent_cache_directory={backend.PROGRAMS} --tf_xla_persistent_cache_device_types=CPU"
    for own, told in (
        (None, ours),
        ("--tf_xla_clustering_debug", f"--tf_xla_clustering_debug {ours}"),
        ("--tf_xla_persistent_cache_directory=/mine", "--tf_xla_persistent_cache_directory=/mine"),
        ("flags.txt", "flags.txt"),
    ):
        if own is None:
            monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
        else:
            monkeypatch.setenv("TF_XLA_FLAGS", own)
        with backend._programs_told():
            assert os.environ["TF_XLA_FLAGS"] == told
        assert os.environ.get("TF_XLA_FLAGS") == own


def test_a_tensorflow_that_was_not_tried_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.20.0")
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    with backend._programs_told():
        assert "TF_XLA_FLAGS" not in os.environ
