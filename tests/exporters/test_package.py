"""`mlpcli package`: what is in the folder, and that its own steps install and run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from mlpcli import __version__
from mlpcli.cli.main import COMMANDS
from mlpcli.errors import UserError
from mlpcli.workflows import package as workflow
from mlpcli.workflows.package import package
from tests.export_parts import chain, untrained

ROOT = Path(__file__).resolve().parents[2]
WHEEL = f"mlpcli-{__version__}-py3-none-any.whl"
CONFIG = """
name: Iris small
data: {source: iris}
model: {hidden_units: [4]}
output: {plots: []}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("iris")
    (folder / "iris.yaml").write_text(CONFIG, encoding="utf-8")
    return untrained(folder / "iris.yaml", folder / "iris.keras").path


@pytest.fixture(scope="module")
def packaged(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packaged") / "server"
    package(model, folder)
    return folder


def pins(folder: Path) -> dict[str, str]:
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == f"./{WHEEL}"
    return dict(line.split("==") for line in lines[:-1])


def test_the_folder_is_complete(model: Path, packaged: Path) -> None:
    assert sorted(path.name for path in packaged.iterdir()) == [
        "Dockerfile", "README.md", WHEEL, "model.keras", "requirements.txt",
    ]  # fmt: skip
    assert (packaged / "model.keras").read_bytes() == model.read_bytes()
    dockerfile = (packaged / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert f"FROM python:{sys.version_info.major}.{sys.version_info.minor}-slim" in dockerfile
    assert dockerfile[-1] == 'CMD ["mlpcli", "serve", "model.keras", "--host", "0.0.0.0", "--port", "8000"]'


def test_versions_are_those_installed_here(packaged: Path) -> None:
    found = pins(packaged)
    assert found == {name: version(name) for name in found}
    assert {"numpy", "h5py", "pydantic-core", "starlette", "uvicorn", "h11"} <= set(found)
    assert not {"tensorflow", "keras", "mlpcli"} & set(found)


def test_tensorflow_comes_where_numpy_is_not_enough(tmp_path: Path) -> None:
    saved = chain(tmp_path / "model.keras", (4, 4, 1), [("Conv2D", {"filters": 1, "kernel_size": 2}), ("Flatten", {})])
    assert package(saved.path, tmp_path / "server").tensorflow
    assert {"tensorflow", "keras", "protobuf"} <= set(pins(tmp_path / "server"))


def test_what_serve_needs_is_the_extra() -> None:
    extra = re.search(r"^serve = \[(.*)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert extra is not None
    assert re.findall(r'"([\w-]+)', extra[1]) == list(workflow.SERVING)


def test_a_missing_package_is_named(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "SERVING", ("no-such-server",))
    with pytest.raises(UserError, match="needs no-such-server, which is not installed"):
        package(model, tmp_path / "server")


def test_only_an_earlier_package_is_replaced(model: Path, tmp_path: Path, mlpcli_here: Callable[..., Any]) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    done = mlpcli_here("package", model, "--to", folder)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith(f"next      docker build -t iris-small {folder} && ")
    done = mlpcli_here("package", model, "--to", folder)
    assert done.returncode == 2
    assert "already exists" in done.stderr
    (folder / "Dockerfile").write_text("changed", encoding="utf-8")
    package(model, folder, force=True)
    assert (folder / "Dockerfile").read_text(encoding="utf-8") != "changed"
    (folder / "mine.txt").touch()
    with pytest.raises(UserError, match="holds mine"):
        package(model, folder, force=True)
    assert (folder / "mine.txt").exists()


def test_the_wheel_holds_mlpcli_and_its_recipes(packaged: Path) -> None:
    with zipfile.ZipFile(packaged / WHEEL) as wheel:
        names = set(wheel.namelist())
        own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mlpcli").rglob("*") if path.is_file()}
        assert {name for name in own if "__pycache__" not in name} <= names
        assert "mlpcli/configs/tables/iris.yaml" in names


def test_its_steps_install_and_run_it(packaged: Path, tmp_path: Path) -> None:
    """In a new environment, which finds the packages of this one: that they can be downloaded is not asked."""
    environment = tmp_path / "server"
    venv.create(environment, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    here = Path(pytest.__file__).parents[1]
    install = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "install"]
    quiet = ["--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*install, *quiet, f"./{WHEEL}"], cwd=packaged, check=True)
    (site / "others.pth").write_text(f"{here}\n", encoding="utf-8")
    subprocess.run([*install, *quiet, "-r", "requirements.txt"], cwd=packaged, check=True)  # all is there already
    rows = tmp_path / "rows.csv"
    names = '"sepal length (cm)","sepal width (cm)","petal length (cm)","petal width (cm)"'
    rows.write_text(f"{names}\n5.1,3.5,1.4,0.2\n", encoding="utf-8")
    command = [str(environment / "bin" / "mlpcli"), "predict", "model.keras", str(rows), "--json"]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=packaged, env=variables, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["predictions"][0]["label"] in ("setosa", "versicolor", "virginica")
    if "serve" in COMMANDS:
        subprocess.run([*command[:1], "serve", "--help"], env=variables, check=True, stdout=subprocess.DEVNULL)


def has_docker() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_docker(), reason="no Docker daemon runs here")
def test_docker_builds_it(packaged: Path) -> None:
    subprocess.run(["docker", "build", "-t", "mlpcli-test", "."], cwd=packaged, check=True)
    command = ["docker", "run", "--rm", "mlpcli-test", "mlpcli", "summary", "model.keras"]
    assert "dense" in subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
