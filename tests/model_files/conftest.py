"""Model files made by hand, good and hostile, and a process with limits to open them in."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.forks import Forks

ROOT = Path(__file__).resolve().parents[2]
KERNEL, BIAS = np.arange(12, dtype=np.float32).reshape(4, 3) / 10 - 0.5, np.array([0.5, -0.5, 0.1], np.float32)
SECOND = np.arange(6, dtype=np.float32).reshape(3, 2) / 5 - 0.4
WEIGHTS: dict[str, list[Any]] = {"dense": [KERNEL, BIAS], "dense_1": [SECOND]}


class Files:
    """Writes .keras and .h5 files as Keras lays them out: 4 inputs, Dense(3, relu), Dense(2, softmax, no bias)."""

    def layer(self, class_name: str, module: str | None = "keras.layers", /, **config: Any) -> dict[str, Any]:
        found = {"class_name": class_name, "config": config, "registered_name": None}
        return found if module is None else {"module": module, **found}

    def dense(self, name: str = "dense", units: Any = 3, **more: Any) -> dict[str, Any]:
        return self.layer("Dense", name=name, units=units, activation="relu", use_bias=True, **more)

    def sequential(self, *layers: dict[str, Any], shape: Any = (None, 4), **more: Any) -> dict[str, Any]:
        first = self.layer("InputLayer", batch_shape=list(shape), dtype="float32", name="input")
        config = {"name": "m", "layers": [first, *layers]}
        return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None, **more}

    def model(self, **more: Any) -> dict[str, Any]:
        last = self.layer("Dense", name="dense_1", units=2, activation="softmax", use_bias=False)
        return self.sequential(self.dense(), last, **more)

    def weights(self, weights: dict[str, list[Any]] = WEIGHTS, change: Callable[[Any], None] | None = None) -> bytes:
        """The bytes of model.weights.h5; `change` may spoil the open file."""
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file.create_group("vars")
            for layer, arrays in weights.items():
                group = file.create_group(f"layers/{layer}/vars")
                for index, array in enumerate(arrays):
                    group.create_dataset(str(index), data=array)
            if change is not None:
                change(file)
        return buffer.getvalue()

    def keras(self, path: Path, config: Any = None, weights: bytes | None = None, **about: Any) -> Path:
        config = self.model() if config is None else config
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.5", **about}))
            archive.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
            archive.writestr("model.weights.h5", self.weights() if weights is None else weights)
        return path

    def h5(
        self,
        path: Path,
        config: Any = None,
        weights: dict[str, list[Any]] = WEIGHTS,
        change: Callable[[Any], None] | None = None,
        training: Any = None,
    ) -> Path:
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps(self.model() if config is None else config)
            file.attrs["keras_version"] = "3.0.5"
            if training is not None:
                file.attrs["training_config"] = json.dumps(training)
            root = file.create_group("model_weights")
            root.attrs["layer_names"] = [name.encode() for name in weights]
            for layer, arrays in weights.items():
                group = root.create_group(layer)
                names = [f"m/{layer}/{index}" for index in range(len(arrays))]
                group.attrs["weight_names"] = [name.encode() for name in names]
                for name, array in zip(names, arrays, strict=True):
                    group.create_dataset(name, data=array)
            if change is not None:
                change(file)
        return path

    def predict(self, weights: dict[str, list[Any]], x: Any) -> Any:
        """Its outputs, as a textbook has them."""
        hidden = np.maximum(x @ weights["dense"][0] + weights["dense"][1], 0)
        scores = np.exp(hidden @ weights["dense_1"][0])
        return scores / scores.sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def files() -> Files:
    return Files()


@pytest.fixture(scope="session")
def weights() -> dict[str, list[Any]]:
    """The arrays that `Files` writes, by layer."""
    return WEIGHTS


@dataclass(frozen=True)
class Outcome:
    """What became of opening a file: its weights by name, or the error that a user would see."""

    kind: str
    text: str
    megabytes: float
    done: list[str]
    """What Python did meanwhile that opening a file has no need of."""


BOX = """
import json, os, resource, signal, sys
from pathlib import Path
import h5py, numpy
from tests.model_file_parts import read_architecture
from mlpcli.config.base import Section
from mlpcli.errors import MlpcliError
from tests.model_file_parts import read_weights
from mlpcli.workflows.summary import summary

SUSPECT = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.", "ctypes.", "shutil.",
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod", "marshal.", "pickle.",
    "compile", "exec", "webbrowser.", "urllib.")
done, watching, modules = [], [], set(sys.modules)

def watch(event, arguments):
    if watching and (event.startswith(SUSPECT) or (event == "open" and is_foreign(arguments))):
        done.append(event + " " + str(arguments)[:100])

def is_foreign(arguments):
    path, mode = str(arguments[0]), str(arguments[1])
    ours = path == watching[0] or path.startswith((sys.prefix, sys.base_prefix, "/proc/"))
    return not ours or any(letter in mode for letter in "wax+")

def build(kind):
    # pydantic compiles the annotations of a class of the schema when it is first asked for
    for inner in kind.__subclasses__():
        inner.model_rebuild()
        build(inner)

build(Section)
sys.addaudithook(watch)
for good in map(Path, sys.argv[1:]):
    summary(good)
    read_weights(good, read_architecture(good))

def open_it(path):
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + (256 << 20),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    watching.append(str(path))
    try:
        if path.name == "sings":
            open(path, "w").close()
        summary(path)
        weights = read_weights(path, read_architecture(path))
        kind, text = "opened", json.dumps({name: [a.tolist() for a in arrays] for name, arrays in weights.items()})
    except MlpcliError as error:
        kind, text = type(error).__name__, str(error)
    except BaseException as error:
        import traceback
        kind, text = "crash", "".join(traceback.format_exception(error))[-2000:]
    watching.clear()
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    new = [name for name in sys.modules if name.split(".")[0] in ("tensorflow", "keras", "tf_keras", "pickle5")]
    return [kind, text, megabytes, done + new]

for path in sys.stdin:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"")
        with os.fdopen(writing, "w") as out:
            json.dump(open_it(Path(path.rstrip("\\n"))), out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    status = os.waitpid(child, 0)[1]
    print(text or json.dumps(["killed", "signal %d" % (status & 127), 0.0, []]), flush=True)
"""


@pytest.fixture(scope="module")
def box(files: Files, forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Outcome]]:
    """Opens a file in a process of its own, with 256 MB and 10 seconds of CPU time more; sees what Python does."""
    folder = tmp_path_factory.mktemp("box")
    good = [str(files.keras(folder / "good.keras")), str(files.h5(folder / "good.h5"))]
    (stdin, asks), (answers, stdout) = os.pipe(), os.pipe()
    process = forks.start(good, ROOT, program=BOX, stdin=stdin, stdout=stdout)
    os.close(stdin)
    os.close(stdout)
    with open(asks, "w", encoding="utf-8") as paths, open(answers, encoding="utf-8") as outcomes:

        def open_it(path: Path) -> Outcome:
            print(path, file=paths, flush=True)
            return Outcome(*json.loads(outcomes.readline()))

        yield open_it
    assert process.wait() == 0, process.said[1]


@pytest.fixture
def refused(box: Callable[[Path], Outcome]) -> Callable[[Path, str], None]:
    """That a file is refused in these words, in its CPU time, in little memory, and with nothing else done."""

    def check(path: Path, message: str) -> None:
        found = box(path)
        assert found.kind == "ModelFileError", found
        assert message in found.text and found.text.startswith(f"{path}: ") and "\n" not in found.text, found.text
        assert found.megabytes < 100, found
        assert found.done == [], found

    return check
