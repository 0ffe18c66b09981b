"""`mlpcli package`: a folder with a model and all that serves it, for Docker or a virtual environment."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mlpcli import __version__
from mlpcli.errors import UserError
from mlpcli.files import TEMPORARY_PREFIX, cannot_write, check_folder, write_text
from mlpcli.recipes import recipes_folder

if TYPE_CHECKING:
    from mlpcli.modelfile.saved_model import SavedModel

DOCKERFILE, REQUIREMENTS, README = "Dockerfile", "requirements.txt", "README.md"
WHEEL = f"mlpcli-{__version__}-py3-none-any.whl"
SERVING = ("starlette", "uvicorn", "python-multipart")
"""The extra `serve`, which an editable installation may not know yet."""
BY_KERAS = ("tensorflow", "keras")
"""Left out where NumPy alone predicts: they are most of what would be installed."""
PORT = 8000


@dataclass(frozen=True, repr=False)
class PackageResult:
    """The folder, its files, how many packages are installed beside mlpcli, and whether TensorFlow is one of them."""

    name: str
    folder: Path
    files: list[str]
    packages: int
    tensorflow: bool

    @property
    def image(self) -> str:
        """A name for the image that Docker accepts."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-") or "model"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.folder}: {', '.join(self.files)}>"


def package(model_or_run: str | Path, to: str | Path, force: bool = False) -> PackageResult:
    """Write a folder with a model, mlpcli, a Dockerfile, and exact versions of all packages that serving it takes.

    TensorFlow is among these only where NumPy cannot do the work.

    Args:
        model_or_run: a model file, or a run directory.
        to: the folder, which must be new or empty.
        force: replace the folder of an earlier `package`.

    Raises:
        UserError: the folder holds something; or a package that serving takes is not installed.
        ModelFileError, RunDirectoryError: the model cannot be used.
        OutputError: a file cannot be written.
    """
    from mlpcli.exporters.checked import moved_into
    from mlpcli.modelfile.saved_model import open_model

    folder = Path(to).expanduser()
    check_folder(folder.parent)
    _check_free(folder, force)
    saved = open_model(model_or_run)
    tensorflow = _needs_keras(saved)
    pins = installed_versions(tensorflow)
    result = PackageResult(saved.card.name, folder, [], len(pins), tensorflow)
    try:
        with TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=folder.parent) as temporary:
            made = Path(temporary) / folder.name
            made.mkdir()
            _fill(made, saved, pins, result)
            made.chmod(0o755)
            moved_into(made, folder.parent)
    except OSError as error:
        raise cannot_write(folder, error) from error
    result.files.extend(sorted(path.name for path in folder.iterdir()))
    return result


def _check_free(folder: Path, force: bool) -> None:
    """Refuse a folder that is not ours to write.

    Raises:
        UserError: naming it and what to do.
    """
    from mlpcli.workflows.combine import check_outside_runs

    check_outside_runs(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder}: is a file; choose a new folder with --to")
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    ours = {name for name in found if name in _NAMES or re.fullmatch(r"mlpcli-[\w.]+-py3-none-any\.whl", name)}
    if found - ours:
        raise UserError(f"{folder}: holds {min(found - ours)}, which is not of mlpcli package; choose a new folder")
    if found and not force:
        raise UserError(f"{folder}: already exists; choose another folder with --to, or replace it with --force")


_NAMES = (DOCKERFILE, REQUIREMENTS, README, "model.keras", "model.h5")


def _needs_keras(saved: SavedModel) -> bool:
    """Whether the server may turn to Keras: where NumPy lacks a layer, or is slow at convolutions of many rows."""
    from mlpcli.scoring.predictor import CONVOLUTIONS, load_predictor

    if any(layer.keras_class in CONVOLUTIONS for layer in saved.layers):
        return True
    try:
        load_predictor(saved, "numpy")
    except UserError:
        return True
    return False


def installed_versions(tensorflow: bool) -> dict[str, str]:
    """Every package that mlpcli needs to serve, and those that they need, with the versions installed here.

    Raises:
        UserError: one is not installed.
    """
    from packaging.requirements import Requirement

    try:
        own = [Requirement(text) for text in distribution("mlpcli").requires or []]
    except PackageNotFoundError:
        raise UserError("package: mlpcli itself is not installed; pip install . in its folder") from None
    wanted = [one for one in own if one.marker is None or one.marker.evaluate({"extra": ""})]
    wanted = [one for one in wanted if tensorflow or one.name not in BY_KERAS]
    wanted += map(Requirement, SERVING)
    found: dict[str, str] = {}
    seen = set[str]()
    while wanted:
        one = wanted.pop()
        key = f"{_plain(one.name)}{sorted(one.extras)}"
        if key in seen:
            continue
        seen.add(key)
        try:
            there = distribution(one.name)
        except PackageNotFoundError:
            extra = "pip install 'mlpcli[serve]'" if one.name in SERVING else f"pip install {one.name}"
            raise UserError(f"package: serving needs {one.name}, which is not installed here; {extra}") from None
        found[_plain(one.name)] = there.version
        for text in there.requires or []:
            further = Requirement(text)
            if any(further.marker is None or further.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                wanted.append(further)
    return dict(sorted(found.items()))


def _plain(name: str) -> str:
    """The same for names that package indexes take for the same."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _fill(folder: Path, saved: SavedModel, pins: dict[str, str], result: PackageResult) -> None:
    model = f"model.{saved.kind}"
    shutil.copyfile(saved.path, folder / model)
    write_wheel(folder / WHEEL)
    lines = [*(f"{name}=={version}" for name, version in pins.items()), f"./{WHEEL}"]
    write_text(folder / REQUIREMENTS, "".join(f"{line}\n" for line in lines))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    words = {"name": saved.card.name, "image": result.image, "model": model, "python": python, "wheel": WHEEL}
    write_text(folder / DOCKERFILE, _DOCKERFILE.format(**words, port=PORT))
    write_text(folder / README, _README.format(**words, port=PORT, tensorflow=_TENSORFLOW[result.tensorflow]))


_DOCKERFILE = """\
# docker build -t {image} . && docker run --rm -p {port}:{port} {image}
FROM python:{python}-slim
WORKDIR /app
COPY requirements.txt {wheel} ./
RUN pip install --no-cache-dir --no-deps -r requirements.txt
COPY {model} ./
RUN useradd --create-home server
USER server
EXPOSE {port}
CMD ["mlpcli", "serve", "{model}", "--host", "0.0.0.0", "--port", "{port}"]
"""
_README = """\
# {name}

A trained model and what serves it, written by `mlpcli package`.

With Docker, in this folder:

    docker build -t {image} .
    docker run --rm -p {port}:{port} {image}

Without Docker, with Python {python}:

    python -m venv server
    server/bin/pip install --no-deps -r requirements.txt
    server/bin/mlpcli serve {model} --port {port}

Then http://localhost:{port} is a page to try the model on, and http://localhost:{port}/docs describes the API. Docker
publishes the port on all addresses of the machine; `-p 127.0.0.1:{port}:{port}` keeps it to the machine itself.

`requirements.txt` lists every package with its exact version, so that nothing else is needed (`--no-deps`), and
`{wheel}` is mlpcli itself. {tensorflow}
"""
_TENSORFLOW = {
    True: "The model runs on Keras, so TensorFlow is installed.",
    False: "The model runs on NumPy: TensorFlow is not installed.",
}


def write_wheel(path: Path) -> None:
    """Write the running mlpcli as a wheel: it may be a checkout that no index has.

    It names no packages that it needs: requirements.txt lists those of this model.
    """
    information = f"mlpcli-{__version__}.dist-info"
    written = [*_package_files()]
    written.append(
        (f"{information}/METADATA", f"Metadata-Version: 2.1\nName: mlpcli\nVersion: {__version__}\n".encode())
    )
    written.append((f"{information}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
    written.append((f"{information}/entry_points.txt", b"[console_scripts]\nmlpcli = mlpcli.__main__:main\n"))
    record = f"{information}/RECORD"
    lines = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in written]
    written.append((record, "".join([*lines, f"{record},,\n"]).encode()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in written:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def _package_files() -> Iterator[tuple[str, bytes]]:
    """The files of mlpcli and of its recipes, by their names in the wheel."""
    package, recipes = Path(__file__).resolve().parents[1], recipes_folder()
    for root, place in ((package, "mlpcli"), (recipes, "mlpcli/configs")):
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            twice = root == package and recipes in path.parents
            if path.is_file() and "__pycache__" not in inside.parts and not twice:
                yield f"{place}/{inside.as_posix()}", path.read_bytes()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
