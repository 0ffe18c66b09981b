"""Programs that XLA has compiled, kept for later runs of the same network.

TensorFlow can keep them by itself, in the folder of `--tf_xla_persistent_cache_directory`
(tensorflow/compiler/jit/device_executable_persistor.h). But it ends the training where it cannot write there or finds
a damaged file, never removes one, and runs a program that was made for another processor. So its folder is one in
memory (`backend.PROGRAMS`), and one file at a time goes from there to the cache of mlpcli and back.

A program is looked up by its graph. TensorFlow takes it only if it is the same down to the last operation: the name of
its file is made of fingerprints, and the whole is compared. So a run has the same bits with it and without it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlpcli import backend
from mlpcli.data.cache import PROGRAM, cache_folder, make_room, remove_abandoned, remove_entry
from mlpcli.errors import MlpcliError
from mlpcli.files import open_binary, replace_file, unsynced
from mlpcli.machine import kind_of_processor, processors

tf = backend.tensorflow()
FORMAT = 1
MOST_BYTES = 64 << 20
"""Of one program, unpacked; the largest seen had 1 MiB."""
_ASKED_BY_XLA = ("XLA_FLAGS", "TF_XLA_FLAGS", "TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS")
"""Settings that change the program, but not the fingerprints in its name."""


def program_key(function: Any, inputs: Sequence[Any]) -> str:
    """A text that is another for another graph, other shapes, another TensorFlow, another kind of processor.

    function: a concrete function; inputs: the tensors and variables that it takes.
    """
    versions = [FORMAT, tf.__version__, tf.version.GIT_VERSION]
    machine = [kind_of_processor(), processors(), *(os.environ.get(name) for name in _ASKED_BY_XLA)]
    about = [versions, machine, [[tf.as_dtype(one.dtype).name, *one.shape] for one in inputs]]
    digest = hashlib.sha256(json.dumps(about).encode("utf-8"))
    digest.update(function.graph.as_graph_def().SerializeToString(deterministic=True))
    return digest.hexdigest()


@contextmanager
def kept(key: str) -> Iterator[bool]:
    """A context in which a program is first run; gives whether an earlier run has compiled it.

    What is compiled within is kept. Where that is impossible, the next run compiles again.
    """
    with _ONE_AT_A_TIME:
        known = _fetch(key)
        try:
            yield bool(known)
            if set(_names()) - known:
                _store(key)
        finally:
            _clear()


def drop(key: str) -> None:
    """Remove what is kept under this key."""
    with suppress(MlpcliError):
        remove_entry(_path(key))


_ONE_AT_A_TIME = threading.RLock()


def _fetch(key: str) -> set[str]:
    """Put what an earlier run compiled where TensorFlow looks for it; returns the names of the files."""
    _clear()
    try:
        path = _path(key)
        with open_binary(path) as file, zipfile.ZipFile(file) as archive:
            _check(key, os.fstat(file.fileno()), archive)
            programs = {info.filename: archive.read(info) for info in archive.infolist()}  # with check sums
    except FileNotFoundError:
        return set()
    except Exception:  # damaged bytes raise anything; the program is compiled anew
        drop(key)
        return set()
    tf.io.gfile.makedirs(backend.PROGRAMS)
    for name, program in programs.items():
        with tf.io.gfile.GFile(f"{backend.PROGRAMS}/{name}", "wb") as file:
            file.write(program)
    with suppress(OSError):
        os.utime(path)  # the oldest are removed first: this one has just been of use
    return set(programs)


def _check(key: str, status: os.stat_result, archive: zipfile.ZipFile) -> None:
    """Raises ValueError where it is not ours: what is in it will be run."""
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        raise ValueError("somebody else's")
    if archive.comment != key.encode("ascii"):
        raise ValueError("another name")
    for info in archive.infolist():
        if info.file_size > MOST_BYTES or "/" in info.filename:
            raise ValueError(f"{info.filename} is no program")


def _store(key: str) -> None:
    with suppress(OSError, MlpcliError, tf.errors.OpError), unsynced():
        programs = {name: _read(name) for name in _names()}
        path = _path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_abandoned(path.parent)
        make_room(path.parent, sum(map(len, programs.values())), "compiled programs")
        replace_file(path, lambda temporary: _pack(temporary, key, programs))


def _clear() -> None:
    """Empty TensorFlow's folder, whose files take memory."""
    for name in _names():
        with suppress(tf.errors.OpError):
            tf.io.gfile.remove(f"{backend.PROGRAMS}/{name}")


def _names() -> list[str]:
    try:
        return list(tf.io.gfile.listdir(backend.PROGRAMS))
    except tf.errors.NotFoundError:  # nothing was ever put there
        return []


def _read(name: str) -> bytes:
    with tf.io.gfile.GFile(f"{backend.PROGRAMS}/{name}", "rb") as file:
        content: bytes = file.read()
    return content


def _pack(path: Path, key: str, programs: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.comment = key.encode("ascii")
        for name, program in programs.items():
            archive.writestr(name, program)


def _path(key: str) -> Path:
    return cache_folder("programs") / f"{key}{PROGRAM}"
