"""The only import of TensorFlow and Keras: quiet, without what they pull in needlessly, and with fixed settings."""

from __future__ import annotations

import functools
import gc
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from mlpcli.errors import DataError, MlpcliError
from mlpcli.machine import address_space_limit
from mlpcli.process import collector_paused, leave_out_what_stays

_IGNORED_VARIABLES = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")
"""Settings that make a run shorter than its config says, without a word."""
_NOT_NEEDED = ("sklearn", "matplotlib", "pandas", "scipy", "IPython", "jax")
"""Optional imports of Keras and TensorFlow, for wrappers, galleries, sparse rows, conversions; slow, not used here."""

_ONE_IMPORT = threading.RLock()
"""Two threads would put each other's filter in the place of standard error."""
ONE_MODEL = threading.RLock()
"""Held while a model is built: each layer draws its seed from Python's one random generator, so that a model for
predictions, built between the seed and the weights of a training in another thread, would change these."""


@functools.cache
def keras() -> Any:
    """The Keras module, on TensorFlow, with the settings that every config assumes.

    Raises:
        MlpcliError: TensorFlow cannot be imported; the reason is kept.
        KeyboardInterrupt: Ctrl-C during the import, whatever its parts made of it.
    """
    _set_environment()
    try:
        with (
            _ONE_IMPORT,
            collector_paused(),
            filtered_stderr(),
            _left_out(_NOT_NEEDED),
            _programs_told(),
            _ctrl_c_kept(),
        ):
            import keras
            import tensorflow

            tensorflow.config.list_physical_devices()  # the driver's chatter comes with the first look
    except Exception as error:  # a broken installation fails with whatever its parts happen to raise
        raise MlpcliError(f"TensorFlow cannot be imported: {_reason(error)}; {_advice(error)}") from error
    _fix_settings(keras)
    _log_errors_only()
    return keras


def tensorflow() -> Any:
    """The TensorFlow module; imported by way of `keras()`."""
    keras()
    return sys.modules["tensorflow"]


def seed_everything(seed: int, deterministic: bool, anew: bool = False) -> None:
    """Start all random generators at `seed` and forget what earlier models left behind.

    On CPU the results are equal from run to run by the seed alone; on a GPU TensorFlow must be told to forgo the
    kernels that add up in any order.

    Args:
        anew: whether TensorFlow's old random operations start anew as well, which somebody's callbacks may use.
    """
    with nullcontext() if anew else _kernels_kept():
        keras().utils.clear_session(free_memory=False)
        keras().utils.set_random_seed(seed)
    if deterministic and tensorflow().config.list_physical_devices("GPU"):
        tensorflow().config.experimental.enable_op_determinism()


def forget_models() -> None:
    """Let go of earlier models, and of the data that they were scored on, which hang on the state of Keras."""
    if keras.cache_info().currsize:  # nothing is imported only to be cleared
        with _kernels_kept():
            keras().utils.clear_session(free_memory=False)
    gc.collect()  # models and graph functions hold each other
    leave_out_what_stays()


@contextmanager
def _kernels_kept() -> Iterator[None]:
    """A context in which TensorFlow does not drop what it has prepared for operations and graphs.

    It does so for a new seed and for a new session, since its old random operations have a state. Keras's have none,
    and to prepare the graphs of a small network again takes longer than to train it. Those of a graph go with the
    graph (TensorFlow's EagerContext::RemoveFunction).
    """
    tensorflow()
    from tensorflow.python import pywrap_tfe

    name = "TFE_ContextClearCaches"
    with _ONE_IMPORT:  # another thread would take the stand-in for the real one
        real = getattr(pywrap_tfe, name, None)
        if real is None:  # another TensorFlow, which prepares them again
            yield
            return
        setattr(pywrap_tfe, name, lambda context: None)
        try:
            yield
        finally:
            setattr(pywrap_tfe, name, real)


@contextmanager
def gradients_forgotten() -> Iterator[None]:
    """Take out, at the end, what TensorFlow registered for the gradients of the graphs that were traced within.

    Keras's optimizers sum their gradients by a function with a gradient of its own, which TensorFlow registers in each
    trace and for ever. By it the graph, and by the graph the data, would outlive the training. Whoever asks for a
    gradient through such a graph after the end gets an error; a training that is over does not.
    """
    tensorflow()
    from tensorflow.python.framework import ops

    registry: dict[str, Any] = getattr(ops.gradient_registry, "_registry", {})
    before = set(registry)
    try:
        yield
    finally:
        for name in set(registry) - before:
            if name.startswith("CustomGradient"):  # others may come with modules that are imported late
                del registry[name]


def keras_datasets(name: str) -> Any:
    """One of Keras's downloaded data sets, as ((x_train, y_train), (x_test, y_test)).

    Raises:
        DataError: the download failed; the cause is kept.
    """
    try:
        with _standard_output_to_standard_error():
            return getattr(keras().datasets, name).load_data()
    except Exception as error:
        raise DataError(f"{name}: cannot be downloaded: {error}") from error


@contextmanager
def out_of_memory(kind: type[MlpcliError] = MlpcliError) -> Iterator[None]:
    """A context in which the errors of Keras, TensorFlow and NumPy for want of memory become a `kind` of one line."""
    try:
        yield
    except MlpcliError:
        raise
    except Exception as error:  # TensorFlow need not be imported here to know its error by name
        if not isinstance(error, MemoryError) and type(error).__name__ != "ResourceExhaustedError":
            raise
        reason = next(iter(re.findall("OOM when allocating .*? type \\w+", str(error))), str(error).partition("\n")[0])
        said = f": {reason[:200]}" if reason else ""
        raise kind(
            f"there is not enough memory{said}; use a smaller training.batch_size or fewer units, close other programs,"
            " or allow more (ulimit -v)"
        ) from error


def devices() -> list[str]:
    """What TensorFlow computes on, such as ["CPU"] or ["CPU", "GPU"]."""
    return sorted({device.device_type for device in tensorflow().config.list_physical_devices()})


def _set_environment() -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"  # stronger than the backend in ~/.keras/keras.json
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in _IGNORED_VARIABLES:
        os.environ.pop(name, None)


PROGRAMS = "ram://mlpcli-programs"
"""The folder, in the memory of this process, where TensorFlow puts what XLA compiled for the processor, and looks for
it; see `mlpcli.keras_engine.programs`."""
_XLA_FLAGS = "TF_XLA_FLAGS"


@contextmanager
def _programs_told() -> Iterator[None]:
    """Tell TensorFlow of that folder. It reads its flags once, at the first look at the devices.

    Whoever names a folder in TF_XLA_FLAGS keeps it; so does a file of flags, to which nothing can be added. Afterwards
    the variable is as it was: processes that are started from here have no use for it.
    """
    before = os.environ.get(_XLA_FLAGS)
    if not _can_keep_programs() or (before and ("persistent_cache" in before or not before.lstrip().startswith("-"))):
        yield
        return
    ours = f"--tf_xla_persistent_cache_directory={PROGRAMS} --tf_xla_persistent_cache_device_types=CPU"
    os.environ[_XLA_FLAGS] = f"{before or ''} {ours}".strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ[_XLA_FLAGS]
        else:
            os.environ[_XLA_FLAGS] = before


def _can_keep_programs() -> bool:
    """Whether this is a TensorFlow with which it was tried: where one cannot write a program, it ends the training."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = version("tensorflow").split(".")[:2]
    except PackageNotFoundError:  # it is called otherwise, or was put there by hand
        return False
    return (int(major), int(minor)) >= (2, 21)


def _reason(error: BaseException) -> str:
    """One line. TensorFlow's own error holds a whole traceback where a library is missing; its cause says which."""
    while "\n" in str(error).strip() and error.__context__ is not None:
        error = error.__context__
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


_MEMORY = re.compile(
    "failed to map segment|cannot allocate memory|additional memory protection|bad_alloc|unable to allocate"
    "|out of memory|can't start new thread",
    re.IGNORECASE,
)
"""What the loader, C++, NumPy and Python say where memory or address space ran out."""


def _advice(error: BaseException) -> str:
    """What to do about a failed import."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or _MEMORY.search(str(cause)):
            return "there is not enough memory for it: close other programs, or allow more (ulimit -v)"
        cause = cause.__cause__ or cause.__context__
    reinstall = "reinstall it: pip install --force-reinstall tensorflow"
    if address_space_limit() is not None:  # then many parts fail with words of their own
        return f"it may need more memory than is allowed here: allow more (ulimit -v), or {reinstall}"
    return reinstall


@contextmanager
def _ctrl_c_kept() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end if it came within: modules turn it into errors of their own, or lose it."""
    if threading.current_thread() is not threading.main_thread():  # Python lets no other thread set handlers
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # the caller has its own way
        yield
        return
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception:
        if came:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def _fix_settings(keras: Any) -> None:
    """Undo what ~/.keras/keras.json and the environment may say: it changes results, and no config shows it.

    Raises:
        MlpcliError: Keras was imported before, in a notebook for example, and computes with something else.
    """
    if keras.config.backend() != "tensorflow":
        raise MlpcliError(
            f"Keras runs on {keras.config.backend()} already; restart Python and import mlpcli before Keras"
        )
    for name in ("set_max_epochs", "set_max_steps_per_epoch"):  # newer versions of Keras have them
        getattr(keras.config, name, lambda value: None)(None)
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy("float32")


def _log_errors_only() -> None:
    """Keras's warnings by way of absl are advice to those who write code, such as not to save an .h5."""
    from absl import logging as absl_logging

    absl_logging.set_verbosity(absl_logging.ERROR)
    # model.fit makes a function for each model, rightly; TensorFlow counts them all by the place in Keras's code
    # where they are made, and from the fifth model on calls it retracing, which no user can do anything about.
    logging.getLogger("tensorflow").addFilter(_no_retracing)


def _no_retracing(record: logging.LogRecord) -> bool:
    """False for the one warning that is not to be shown."""
    return "triggered tf.function retracing" not in record.getMessage()


@contextmanager
def _left_out(names: tuple[str, ...]) -> Iterator[None]:
    """Make optional imports fail while the block runs; what was imported before stays."""
    blocked = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type] # None is Python's mark for "cannot be imported"
    try:
        yield
    finally:
        for name in blocked:
            if sys.modules.get(name) is None:
                sys.modules.pop(name, None)


@contextmanager
def _standard_output_to_standard_error() -> Iterator[None]:
    """Keras prints its download's progress to standard output, which is for results."""
    import contextlib

    with contextlib.redirect_stdout(sys.stderr):
        yield


_FILTER = Path(__file__).with_name("noise_filter.py")


@contextmanager
def filtered_stderr() -> Iterator[None]:
    """Within it, file descriptor 2 runs through the filter; real errors are shown as they come."""
    try:
        original = os.dup(2)
    except OSError:  # standard error is closed: there is nobody to be kept from noise
        yield
        return
    command = [sys.executable, "-I", "-S", str(_FILTER)]
    # A session of its own: Ctrl-C in the terminal is for the trainer, and the filter ends when its input does.
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    assert child.stdin is not None
    try:
        os.dup2(child.stdin.fileno(), 2)
        child.stdin.close()
        yield
    finally:
        if sys.stderr is not None:
            with suppress(OSError):
                sys.stderr.flush()
        os.dup2(original, 2)
        os.close(original)
        child.wait()
