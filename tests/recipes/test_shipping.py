"""The recipes of this tree: inside the wheel and the sdist, and free of paths that lead elsewhere."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlpcli.data.catalog import CATALOG
from mlpcli.recipes import AT_HAND, DOWNLOADED, Recipe, copied_text, data_needed, find_recipe, shipped_recipes

ROOT = Path(__file__).resolve().parents[2]
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


def _project() -> dict[str, Any]:
    toml: Any = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
    project: dict[str, Any] = toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project


def test_wheel_and_sdist_hold_the_configs() -> None:
    targets = _project()["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["force-include"] == {"configs": "mlpcli/configs"}
    assert "/configs" in targets["sdist"]["include"]


def test_a_wheel_that_is_built_holds_every_recipe(tmp_path: Path) -> None:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed here: pip brings it for a build only")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(tmp_path)], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stderr
    held = set(zipfile.ZipFile(tmp_path / done.stdout.split()[-1]).namelist())
    assert {f"mlpcli/configs/{recipe.name}.yaml" for recipe in shipped_recipes()} <= held


def test_every_config_of_the_tree_is_a_recipe_that_its_own_name_finds() -> None:
    files = {path.relative_to(ROOT / "configs").as_posix() for path in (ROOT / "configs").rglob("*") if path.is_file()}
    recipes = shipped_recipes()
    assert {f"{recipe.name}.yaml" for recipe in recipes} == files
    assert all(find_recipe(recipe.name) == recipe for recipe in recipes)


@pytest.mark.parametrize("recipe", shipped_recipes(), ids=lambda recipe: recipe.name)
def test_a_copy_means_the_same_in_any_folder(recipe: Recipe) -> None:
    """Sources are names, or paths that MLPCLI_DATA's folder completes; none leads up, and none is absolute."""
    data = yaml.safe_load(recipe.text)["data"]
    for key in ("source", "path", "validation", "test"):
        value = data.get(key)
        if isinstance(value, str):
            assert not value.startswith(("/", "~", "\\")) and ":" not in value, key
            assert ".." not in value.replace("\\", "/").split("/"), key
    copied = copied_text(recipe, "x.yaml")
    assert yaml.safe_load(copied) == yaml.safe_load(recipe.text)
    assert (data_needed(recipe) == "") == (data["source"] in AT_HAND)


def test_what_is_at_hand_and_what_is_downloaded_is_as_the_catalog_says() -> None:
    assert {name for name, built_in in CATALOG.items() if built_in.at_hand} == set(AT_HAND)
    assert set(CATALOG) - set(AT_HAND) == set(DOWNLOADED)


HEAD = "# Title\r\n#\r\n# score     0.9\r\n# command   mlpcli train a/b -s seed=1\r\n"
BODY = "data: {source: digits}\r\n# command   mlpcli train a/b\r\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mlpcli train a/b -s seed=1", "mlpcli train b.yaml -s seed=1"),
        ("mlpcli train a/bc", "mlpcli train b.yaml"),
    ],
)
def test_only_the_command_of_the_card_is_changed_to_the_byte(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "b.yaml"
    head = HEAD.replace("mlpcli train a/b -s seed=1", before)
    path.write_bytes((head + BODY).encode())
    assert copied_text(Recipe("a/b", path), "b.yaml") == head.replace(before, after) + BODY


def test_a_card_without_a_command_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    path.write_bytes(b"# Title\n" + BODY.encode())
    assert copied_text(Recipe("b", path), "c.yaml").encode() == path.read_bytes()
