"""Which recipe a name means, and that no name leads out of their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli import recipes as shipped
from mlpcli.errors import MlpcliError, UserError
from mlpcli.recipes import find_recipe, recipe_hint, shipped_recipes

NAMES = ["digits", "fashion_mnist/relu", "fashion_mnist/sgd", "mnist/relu", "mnist/한_층", "mnist/zeros"]
FAMILY = ["many/" + letter for letter in "abcdefghij"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose configs/ holds NAMES, with secrets beside it."""
    package = tmp_path / "site" / "mlpcli"
    for name in NAMES:
        path = package / "configs" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\ndata: {{source: digits}}\n", encoding="utf-8")
    (package / "configs" / "notes.txt").write_text("no recipe", encoding="utf-8")
    (package / "secret.yaml").write_text("secret: 1", encoding="utf-8")
    monkeypatch.setattr(shipped, "_PACKAGE", package)
    return package / "configs"


def test_the_list_has_what_stands_alone_first_then_folders(folder: Path) -> None:
    (folder / "zebra.yaml").write_text("# z\n", encoding="utf-8")
    assert [recipe.name for recipe in shipped_recipes()] == [
        "digits", "zebra", "fashion_mnist/relu", "fashion_mnist/sgd", "mnist/relu", "mnist/zeros", "mnist/한_층",
    ]  # fmt: skip
    assert shipped_recipes()[0].card.title == "digits"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        *((name, name) for name in NAMES),
        ("configs/digits.yaml", "digits"),
        ("./configs/mnist/zeros.yml", "mnist/zeros"),
        ("Fashion-MNIST/relu", "fashion_mnist/relu"),
        ("fashion_mnist\\sgd.yaml", "fashion_mnist/sgd"),
        ("zeros", "mnist/zeros"),
        ("한-층", "mnist/한_층"),
        ("sgd.yaml", "fashion_mnist/sgd"),
    ],
)
def test_a_name_in_any_of_its_forms(name: str, found: str) -> None:
    assert find_recipe(name).name == found


def test_the_exact_name_wins_over_one_that_is_alike(folder: Path) -> None:
    for name in ("a-b", "a_b", "mnist/a-b"):
        (folder / f"{name}.yaml").write_text("# x\n", encoding="utf-8")
    assert find_recipe("a-b").name == "a-b"
    assert find_recipe("a_b").name == "a_b"
    with pytest.raises(UserError, match=r'^several recipes are called "A-b": a-b, a_b; give one of these names$'):
        find_recipe("A-b")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("relu", 'several recipes are called "relu": fashion_mnist/relu, mnist/relu; give one of these names'),
        ("mnist", '"mnist" is a folder of recipes: mnist/relu, mnist/zeros, mnist/한_층; give one of these names'),
        ("digit", 'unknown recipe "digit"; mlpcli recipes lists them; did you mean "digits"?'),
        ("mnist/zeroes", 'unknown recipe "mnist/zeroes"; mlpcli recipes lists them; did you mean "mnist/zeros"?'),
        ("zero", 'unknown recipe "zero"; mlpcli recipes lists them; did you mean "zeros"?'),
        ("", 'unknown recipe ""; mlpcli recipes lists them'),
        ("q\x1b[2J", 'unknown recipe "q?[2J"; mlpcli recipes lists them'),
    ],
)
def test_what_is_said_of_other_names(name: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        find_recipe(name)
    assert str(refused.value) == message


@pytest.mark.parametrize("name", ["../secret", "mnist/../../secret", "..", ".", "/", "/etc/passwd", "notes.txt", "*"])
def test_no_name_leads_out_of_the_folder(name: str, folder: Path) -> None:
    for outside in (name, str(folder / name), str(folder / "digits.yaml")):
        with pytest.raises(UserError, match="unknown recipe"):
            find_recipe(outside)


def test_a_long_list_is_cut(folder: Path) -> None:
    for name in FAMILY:
        (folder / f"{name}.yaml").parent.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text("# x\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"many/h and 2 more; give one"):
        find_recipe("many")


def one(name: str) -> str:
    return f"; there is a recipe of that name: mlpcli train {name} runs it, mlpcli recipes copy {name} makes it yours"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("zeros.yaml", one("mnist/zeros")),
        ("fashion_mnist/relu", one("fashion_mnist/relu")),
        ("mine/digits.yaml", one("digits")),
        ("relu.yaml", "; there are recipes of that name: fashion_mnist/relu, mnist/relu (mlpcli recipes copy NAME)"),
        ("mnist/zero", '; did you mean the recipe "mnist/zeros"?'),
        ("zeross", '; did you mean the recipe "zeros"?'),
        ("my.yaml", ""),
    ],
)
def test_the_hint_where_a_config_is_not_there(path: str, hint: str) -> None:
    assert recipe_hint(Path(path)) == hint


def test_an_installation_without_recipes_says_so_and_takes_no_stranger_s_configs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other" / "configs").mkdir(parents=True)
    (tmp_path / "other" / "configs" / "digits.yaml").write_text("# of another program\n", encoding="utf-8")
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "other" / "mlpcli")
    with pytest.raises(MlpcliError, match="the recipes are missing from this installation"):
        find_recipe("digits")
    assert recipe_hint(Path("digits.yaml")) == ""
    (tmp_path / "other" / "pyproject.toml").write_text("", encoding="utf-8")  # a checkout
    assert find_recipe("digits").name == "digits"
