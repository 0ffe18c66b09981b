"""Fixtures for all tests: the real data and stand-ins for it, small configs, the command line."""

from __future__ import annotations

import gc
import gzip
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from tests.memory import quick_folder

# One thread for each process of the tests, read when NumPy, Arrow (OMP) and TensorFlow are imported: more only wait for
# each other on small arrays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

# mlpcli forces each of its files to the disk, for which two workers would wait half of their time.
os.environ.setdefault("TMPDIR", quick_folder())
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", os.environ["TMPDIR"])  # pytest has asked tempfile already

# Processes that tests start would compile all of mlpcli, each for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import numpy as np
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings
from PIL import Image

from mlpcli.data import built_in
from mlpcli.data.catalog import CIFAR10_NAMES
from mlpcli.runs.plane import Answers, HiddenLayer, Plane, Points
from tests.forks import Forks

# No clock, so that a busy machine fails nothing.
settings.register_profile("mlpcli", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mlpcli")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts a job in the background has it ignore Ctrl-C, which is inherited; the tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
DATA_VARIABLE = "MLPCLI_TEST_DATA"

IMPORTED_BY_COLLECTING = pytest.StashKey["list[str]"]()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Importing the tests makes no garbage, and looking for it takes a sixth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts programs from outside is of the outer ring.

    Tests of many seconds come first, or one worker would still be at them when the other has ended. Their folders come
    with them: what a folder's tests import and prepare is then made by one worker.
    """
    for item in items:
        if item.get_closest_marker("outside"):
            item.add_marker("tf")
    long = {item.path for item in items if item.get_closest_marker("long")}
    folders = {path.parent for path in long}
    items.sort(key=lambda item: (item.path not in long, item.path.parent not in folders))


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.set_threshold(20_000)  # 700 has it look through what is young a hundred times for each training
    session.config.stash[IMPORTED_BY_COLLECTING] = sorted({"tensorflow", "keras"} & set(sys.modules))
    _forget_what_stays()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A worker reports each test once: of making ready and clearing up, only what failed or took long.

    The process that collects the reports of ten thousand short tests takes time from the two that run them.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed or report.duration > 0.5:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _forget_what_stays() -> None:
    """Take what is alive out of garbage collection: every training asks for a collection of all that is left.

    Through TensorFlow, ten thousand tests and what they leave behind, each of these would take a fifth of a second, and
    all together half of the time of the tests.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """After each file of tests, and after a test that imported a library."""
    global _modules
    yield
    if nextitem is None or nextitem.path != item.path or len(sys.modules) > _modules + 100:
        _forget_what_stays()
        _modules = len(sys.modules)


_modules = 0


@pytest.fixture
def imported_by_collecting(pytestconfig: pytest.Config) -> list[str]:
    """Those of TensorFlow and Keras that were imported before the first test ran."""
    return pytestconfig.stash[IMPORTED_BY_COLLECTING]


RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only light tests are wanted, files that are of the outer ring as a whole are not even imported."""
    if config.option.markexpr != "not tf" or collection_path.suffix != ".py":
        return None
    return is_marked(collection_path, "tf", "outside") or None


def is_marked(path: Path, *markers: str) -> bool:
    """Whether the file of tests has one of the markers as a whole."""
    text = path.read_text(encoding="utf-8")
    return any(f"\npytestmark = pytest.mark.{marker}\n" in text for marker in markers)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets (mnist/, fashion-mnist/, tabular/ ...); skips where there is none."""
    places = [Path(os.environ[DATA_VARIABLE])] if DATA_VARIABLE in os.environ else []
    for place in (*places, ROOT.parent / "shared" / "data"):
        if (place / "mnist").is_dir():
            return place
    pytest.skip(f"real data sets not found; set {DATA_VARIABLE} to a folder that holds mnist/ and fashion-mnist/")


_TESTS = count()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test keeps decoded pictures and tables in its own folder, never in the user's, whose data it does not find.

    The folder is only named: most tests need none, and to make one takes as long as such a test.
    """
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path_factory.getbasetemp() / "caches" / str(next(_TESTS))))
    monkeypatch.delenv("MLPCLI_DATA", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _bundled_numbers_once() -> Iterator[None]:
    """The sets that scikit-learn brings are texts: to read the digits takes as long as ten short tests."""

    @cache
    def read(*arguments: Any, **settings: Any) -> np.ndarray:
        values = numbers(*arguments, **settings)
        values.flags.writeable = False
        return values

    numbers = built_in._numbers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(built_in, "_numbers", read)
        yield


@pytest.fixture
def hears_hangup() -> Iterator[None]:
    """This process and those that it starts hear SIGHUP, even where the tests run under nohup."""
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("the system has no SIGHUP")
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(scope="session")
def hangul_font() -> None:
    """Makes a font with Hangul known to matplotlib in this process, whatever fonts the machine has."""
    spec = find_spec("koreanize_matplotlib")
    if spec is not None and spec.origin is not None:
        from matplotlib.font_manager import fontManager

        from mlpcli.plotting import style

        fontManager.addfont(str(Path(spec.origin).parent / "fonts" / "NanumGothic.ttf"))
        style._fallbacks.cache_clear()  # another test may have asked before


@pytest.fixture(scope="session")
def stand_in_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as MLPCLI_DATA names one, with small made-up sets in the formats and shapes of the real ones."""
    folder = tmp_path_factory.mktemp("stand-in")
    draw = np.random.default_rng(0)
    for name in ("mnist", "fashion-mnist"):
        for half, rows in (("train", 300), ("t10k", 100)):
            images, labels = _pictures(draw, rows, (28, 28))
            _write(folder / name / f"{half}-images-idx3-ubyte.gz", gzip.compress(_idx(images), 0))
            _write(folder / name / f"{half}-labels-idx1-ubyte.gz", gzip.compress(_idx(labels), 0))
    for batch in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        images, labels = _pictures(draw, 60, (3, 32, 32))
        _write(folder / "cifar10" / f"{batch}.bin", np.column_stack([labels, images.reshape(60, -1)]).tobytes())
    for half, rows in (("train", 60), ("test", 20)):
        images, labels = _pictures(draw, rows, (32, 32, 3))
        for row, (image, label) in enumerate(zip(images, labels, strict=True)):
            file = folder / "cifar10-jpg" / half / CIFAR10_NAMES[label] / f"{row:04}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file)
    _write(folder / "tabular" / "titanic.csv", _titanic(draw).encode())
    _write(folder / "tabular" / "penguins.csv", _penguins(draw).encode())
    return folder


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _pictures(draw: np.random.Generator, rows: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (rows, *shape) that are brighter for higher labels, and the labels (rows,), 0 to 9 in turn."""
    labels = (np.arange(rows) % 10).astype(np.uint8)
    noise = draw.integers(0, 100, (rows, *shape), np.uint8)
    return noise + 15 * labels.reshape(-1, *[1] * len(shape)), labels


def _idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def _titanic(draw: np.random.Generator, rows: int = 80) -> str:
    """The columns of the passengers, with ages, decks and two ports that nobody wrote down."""
    lines = ["survived,pclass,sex,age,sibsp,parch,fare,embarked,class,who,adult_male,deck,embark_town,alive,alone"]
    for row in range(rows):
        rank, port, woman = draw.integers(3), draw.integers(3), bool(draw.integers(2))
        saved = draw.random() < (0.8 if woman else 0.2)
        age = "" if row % 5 == 0 else f"{draw.uniform(1, 70):.1f}"
        siblings, parents = draw.integers(3, size=2)
        deck = "ABCDE"[draw.integers(5)] if row % 4 == 0 else ""
        places = ("", "") if row in (7, 30) else (("S", "Southampton"), ("C", "Cherbourg"), ("Q", "Queenstown"))[port]
        values = (
            int(saved), rank + 1, "female" if woman else "male", age, siblings, parents,
            f"{draw.uniform(5, 90):.4f}", places[0], ("First", "Second", "Third")[rank], "woman" if woman else "man",
            not woman, deck, places[1], "yes" if saved else "no", siblings + parents == 0,
        )  # fmt: skip
        lines.append(",".join(map(str, values)))
    return "\n".join(lines) + "\n"


def _penguins(draw: np.random.Generator, rows: int = 80) -> str:
    """The columns of the birds; two were not measured, and of some the sex is not known."""
    lines = ["species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex"]
    for row in range(rows):
        kind = row % 3
        species, island = (("Adelie", "Torgersen"), ("Chinstrap", "Dream"), ("Gentoo", "Biscoe"))[kind]
        bill, depth = draw.normal((39, 49, 47)[kind], 2), draw.normal((18, 18, 15)[kind], 1)
        flipper, mass = draw.normal((190, 196, 217)[kind], 5), draw.normal((3700, 3730, 5070)[kind], 300)
        measures = (
            ["", "", "", ""] if row in (3, 40) else [f"{bill:.1f}", f"{depth:.1f}", f"{flipper:.0f}", f"{mass:.0f}"]
        )
        sex = "" if row % 20 == 3 else ("MALE", "FEMALE")[draw.integers(2)]
        lines.append(",".join([species, island, *measures, sex]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[..., Path]:
    """Writes a text (or bytes) to a config file in the test's folder."""

    def write(content: str | bytes, name: str = "my.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def pipe() -> Iterator[Callable[[Path], None]]:
    """`pipe(path)` makes a named pipe. Who waits for it is let go after 20 seconds, and the test fails."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("the system has no such pipes")
    timers: list[threading.Timer] = []
    waited: list[Path] = []

    def let_go(path: Path) -> None:
        with suppress(OSError):  # nobody waits
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            waited.append(path)

    def make(path: Path) -> None:
        os.mkfifo(path)
        timers.append(threading.Timer(20, let_go, [path]))
        timers[-1].start()

    yield make
    for timer in timers:
        timer.cancel()
        timer.join()
    assert waited == []


@pytest.fixture
def mlpcli(tmp_path: Path) -> RunCommand:
    """Runs `mlpcli ARGS..` as a user would, in the test's folder; keyword arguments are environment variables."""

    def run(*arguments: str | Path, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlpcli", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        return subprocess.run(
            command, cwd=cwd or tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300
        )

    return run


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Runs commands of the NumPy engine in processes that have imported everything, in a fifth of the time."""
    if not hasattr(os, "fork"):
        pytest.skip("needs forks")
    forks = Forks("numpy")
    yield forks
    forks.close()


@pytest.fixture
def mlpcli_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """The same in the process of the tests, which takes hundredths of a second; a traceback fails the test."""
    from mlpcli.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MPLBACKEND", raising=False)  # which main would take away from the other tests

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def small_plane() -> Callable[..., Plane]:
    """Makes what plane.npz of a run with two inputs holds: two classes, the border at x = 0; changes by name."""

    def make(**changes: object) -> Plane:
        x, y = np.linspace(-2, 2, 5, dtype=np.float32), np.linspace(0, 30, 4, dtype=np.float32)
        second = np.tile(1 / (1 + np.exp(-2 * x)), (4, 1)).astype(np.float32)
        xy = np.array([[-1.0, 10.0], [1.0, 20.0], [1.5, 5.0]], np.float32)
        train = Points("train", 300, xy, np.array([0, 1, 1], np.int16), np.array([0, 1, 1], np.int16))
        test = Points("test", 3, xy[::-1].copy(), np.array([1, 0, 0], np.int16), np.array([1, 1, 0], np.int16))
        tiles = np.zeros((2, 6, 6), np.int8)
        tiles[0] = np.arange(-127, 127, 43)
        hidden = (HiddenLayer("tanh", 12, tiles, np.array([0.5, 0.0])),)
        plane = Plane(
            ("width", "height"), ("cm", ""), ("apple", "pear"), "fruit", "", 0.5, True, x, y,
            Answers(second[:, :, np.newaxis], (second > 0.5).astype(np.int16)), (train, test), hidden, 3,
        )  # fmt: skip
        return replace(plane, **changes)  # type: ignore[arg-type]

    return make
