"""Importing TensorFlow: its chatter is kept away, and what is really wrong is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli import backend
from mlpcli.errors import TrainingError
from mlpcli.noise_filter import NOISE
from tests.forks import Ended, Forks

ROOT = Path(__file__).resolve().parents[1]

CHATTER = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1 port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results",
    "To turn them off, set the environment variable `TF_ENABLE_ONEDNN_OPTS=0`.",
    "I0000 00:00:1 cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.",
    "I0000 00:00:1 cpu_feature_guard.cc:227] This TensorFlow binary is optimized to use available CPU instructions",
    "To enable the following instructions: AVX2 AVX512F, rebuild TensorFlow with the appropriate compiler flags.",
    "E0000 00:00:1 cuda_executor.cc:1] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit",
    "E0000 00:00:1 cuda_dnn.cc:8] Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN",
]
WORDS = [
    "ImportError: libcudart.so.12: cannot open shared object file",
    "F0000 00:00:1 cpu_feature_guard.h:1] fatal",
    "terminate called after throwing an instance of 'std::bad_alloc'",
    "The TensorFlow library was compiled to use AVX instructions, but these aren't available on your machine.",
    "my own message about onednn",
]


@pytest.mark.parametrize("line", CHATTER)
def test_chatter_is_noise(line: str) -> None:
    assert NOISE.search(line.encode())


@pytest.mark.parametrize("line", WORDS)
def test_errors_are_not(line: str) -> None:
    assert not NOISE.search(line.encode())


def _write_tensorflow(folder: Path, source: str) -> None:
    """A tensorflow package of our own, for the place of the real one."""
    (folder / "tensorflow").mkdir(parents=True)
    (folder / "tensorflow" / "__init__.py").write_text(source, encoding="utf-8")
    (folder / "keras.py").write_text("import tensorflow\n", encoding="utf-8")


Import = Callable[[str], Ended]


@pytest.fixture
def imported(tmp_path: Path, forks: Forks) -> Import:
    """Imports TensorFlow in a process where such a package is in its place."""

    def run(source: str) -> Ended:
        _write_tensorflow(tmp_path, source)
        return forks.run([], tmp_path, program=IMPORT)

    return run


SIGNAL = "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\nexcept BaseException:\n    "
TRAININGS = {
    "interrupted": (f"{SIGNAL}raise\n", "data: {source: iris}\n"),
    "with an error": (f"{SIGNAL}raise ImportError('x')\n", "data: {source: iris}\n"),
    "lost": (
        f"{SIGNAL}pass\nclass config:\n    list_physical_devices = staticmethod(list)\n",
        "data: {source: iris}\n",
    ),
    "broken": ("raise ImportError('no libfoo')", "data: {source: moons}\n"),
    "wrong": ("raise ImportError('not even looked at')", "data: {source: iris}\ntraining: {epochs: 0}\n"),
}
"""The package in the place of TensorFlow, and the config."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> dict[str, tuple[Ended, Path]]:
    """How each training ended, and its folder."""
    folders = {name: tmp_path_factory.mktemp("training") for name in TRAININGS}
    for name, (source, config) in TRAININGS.items():
        _write_tensorflow(folders[name], source)
        (folders[name] / "my.yaml").write_text(config, encoding="utf-8")
    command = ["train", "my.yaml", "-s", "output.plots=[]"]
    return {name: (forks.run(command, folder), folder) for name, folder in folders.items()}


IMPORT = """
import sys
from mlpcli import backend
from mlpcli.errors import MlpcliError
try:
    backend.keras()
except MlpcliError as error:
    sys.exit(f"error: {error}")
"""
BROKEN = [
    (
        "raise ImportError('libfoo.so.12: cannot open shared object file')",
        "libfoo.so.12: cannot open shared object file",
    ),
    ("raise AttributeError('_ARRAY_API not found')", "_ARRAY_API not found"),
    # TensorFlow's own way: the whole traceback of the cause is the message.
    (
        "import traceback\ntry:\n    raise ImportError('libbar.so: not found')\nexcept ImportError:\n"
        "    raise ImportError(traceback.format_exc() + '\\n\\nFailed to load the native runtime.\\nSee ...')",
        "libbar.so: not found",
    ),
]


@pytest.mark.parametrize(("source", "reason"), BROKEN)
def test_a_broken_installation_is_one_line_that_says_why(imported: Import, source: str, reason: str) -> None:
    done = imported(source)
    assert (done.returncode, done.stdout) == (1, "")
    advice = "reinstall it: pip install --force-reinstall tensorflow"
    assert done.stderr == f"error: TensorFlow cannot be imported: {reason}; {advice}\n"


def test_a_broken_installation_ends_training_before_anything_is_written(trained: dict[str, tuple[Ended, Path]]) -> None:
    done, folder = trained["broken"]
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: TensorFlow cannot be imported: no libfoo; ")
    assert done.stderr.count("\n") == 1
    assert not (folder / "runs").exists()


def test_the_last_words_of_an_abort_come_through_and_the_chatter_does_not(tmp_path: Path, forks: Forks) -> None:
    """The process that filters has the last word."""
    words = f"{CHATTER[0]}\nF0000 no AVX on this machine\n".encode()
    _write_tensorflow(tmp_path, f"import os\nos.write(2, {words!r})\nos.abort()")
    reads, writes = os.pipe()
    process = forks.start([], tmp_path, program=IMPORT, stderr=writes)
    os.close(writes)
    with open(reads, encoding="utf-8") as said:
        assert said.read() == "F0000 no AVX on this machine\n"
    assert process.wait() < 0


def test_a_config_that_is_wrong_does_not_wait_for_tensorflow(trained: dict[str, tuple[Ended, Path]]) -> None:
    done, _ = trained["wrong"]
    assert done.returncode == 2
    assert "my.yaml:2:12: training.epochs" in done.stderr


SETTINGS = """
import json, sys
from mlpcli import backend
keras = backend.keras()
config = keras.config
print(json.dumps({
    "backend": config.backend(), "floatx": config.floatx(), "epsilon": config.epsilon(),
    "format": config.image_data_format(), "dtype": config.dtype_policy().name,
    "sklearn": "sklearn" in sys.modules, "matplotlib": "matplotlib" in sys.modules,
    "limits": [getattr(config, name, lambda: None)() for name in ("max_epochs", "max_steps_per_epoch")],
    "devices": backend.devices(),
}))
import sklearn, matplotlib.figure  # what was left out can be had afterwards
"""


@pytest.mark.tf
def test_settings_from_elsewhere_are_neutralised_and_nothing_is_said(tmp_path: Path) -> None:
    settings = {"floatx": "float16", "epsilon": 0.1, "backend": "torch", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "jax.py").write_text("raise SystemExit('jax is imported, which takes long')", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    variables = {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "jax", "KERAS_MAX_EPOCHS": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS], env={**os.environ, **variables}, capture_output=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert "CPU" in found.pop("devices")
    assert found == {
        "backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7, "format": "channels_last", "dtype": "float32",
        "sklearn": False, "matplotlib": False, "limits": [None, None],
    }  # fmt: skip


@pytest.mark.tf
def test_the_seed_decides_every_draw() -> None:
    from mlpcli import backend

    draws = []
    for seed in (777, 777, 778):
        backend.seed_everything(seed, deterministic=True)
        draws.append(float(backend.keras().random.uniform(()).numpy()))
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.tf
def test_what_tensorflow_has_prepared_is_kept_for_the_next_seed_unless_all_is_to_start_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mlpcli import backend

    backend.tensorflow()
    from tensorflow.python import pywrap_tfe

    dropped: list[Any] = []
    monkeypatch.setattr(pywrap_tfe, "TFE_ContextClearCaches", dropped.append)
    backend.seed_everything(777, deterministic=True)
    backend.forget_models()
    assert not dropped
    backend.seed_everything(777, deterministic=True, anew=True)
    assert dropped
    monkeypatch.delattr(pywrap_tfe, "TFE_ContextClearCaches")  # as in another TensorFlow
    with backend._kernels_kept():
        assert not hasattr(pywrap_tfe, "TFE_ContextClearCaches")


@pytest.mark.tf
def test_two_threads_that_keep_it_leave_tensorflow_as_it_was() -> None:
    from mlpcli import backend

    backend.tensorflow()
    from tensorflow.python import pywrap_tfe

    def keep() -> None:
        with backend._kernels_kept():
            pass

    real, other = pywrap_tfe.TFE_ContextClearCaches, threading.Thread(target=keep)
    with backend._kernels_kept():
        other.start()
        other.join(0.2)  # it waits
        assert other.is_alive()
    other.join()
    assert pywrap_tfe.TFE_ContextClearCaches is real


@pytest.mark.tf
def test_a_download_that_fails_is_a_data_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli import backend
    from mlpcli.errors import DataError

    def fail() -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr(backend.keras().datasets.mnist, "load_data", fail)
    with pytest.raises(DataError, match="mnist: cannot be downloaded: Name or service not known"):
        backend.keras_datasets("mnist")


@pytest.mark.tf
def test_what_a_download_prints_is_no_result(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlpcli import backend

    monkeypatch.setattr(backend.keras().datasets.mnist, "load_data", lambda: print("50%") or 7)
    assert backend.keras_datasets("mnist") == 7
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "50%\n")


LITTLE_MEMORY = [
    "raise ImportError('libtensorflow_cc.so.2: failed to map segment from shared object')",
    "raise ImportError('libfoo.so: cannot apply additional memory protection after relocation')",
    "raise MemoryError",
    'raise RuntimeError("can\'t start new thread")',
    "try:\n    raise MemoryError\nexcept MemoryError as error:\n    raise ImportError('failed') from error",
]


@pytest.mark.parametrize("source", LITTLE_MEMORY)
def test_where_memory_ran_out_nobody_is_sent_to_reinstall(imported: Import, source: str) -> None:
    done = imported(source)
    assert done.returncode == 1
    assert done.stderr.startswith("error: TensorFlow cannot be imported: ")
    assert done.stderr.endswith(
        "; there is not enough memory for it: close other programs, or allow more (ulimit -v)\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="needs limits")
def test_under_a_limit_of_memory_an_error_without_a_reason_may_be_for_want_of_memory(imported: Import) -> None:
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**40, resource.RLIM_INFINITY))\n"
    done = imported(f"{limit}raise SystemError('error return without exception set')")
    assert done.returncode == 1
    assert done.stderr == (
        "error: TensorFlow cannot be imported: error return without exception set; it may need more memory than is"
        " allowed here: allow more (ulimit -v), or reinstall it: pip install --force-reinstall tensorflow\n"
    )


@pytest.mark.parametrize("name", ["interrupted", "with an error", "lost"])
def test_ctrl_c_during_the_import_is_no_broken_installation(trained: dict[str, tuple[Ended, Path]], name: str) -> None:
    done, _ = trained[name]
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1] == "interrupted"
    assert "Traceback" not in done.stderr and "reinstall" not in done.stderr


class ResourceExhaustedError(Exception):
    """Called as TensorFlow's."""


OOM = "{{function_node __wrapped__Mul}} OOM when allocating tensor with shape[5,2] and type float on /job:localhost"


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (
            ResourceExhaustedError(f"{OOM}/replica:0\nmore"),
            ": OOM when allocating tensor with shape[5,2] and type float;",
        ),
        (ResourceExhaustedError("RESOURCE_EXHAUSTED: 5 bytes\nmore"), ": RESOURCE_EXHAUSTED: 5 bytes;"),
        (MemoryError("Unable to allocate 3 GiB"), ": Unable to allocate 3 GiB;"),
        (MemoryError(), "memory; use a smaller training.batch_size"),
    ],
)
def test_memory_that_ran_out_is_one_line(raised: Exception, said: str) -> None:
    with pytest.raises(TrainingError) as caught, backend.out_of_memory(TrainingError):
        raise raised
    assert str(caught.value).startswith("there is not enough memory")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(KeyError), backend.out_of_memory():
        raise KeyError
