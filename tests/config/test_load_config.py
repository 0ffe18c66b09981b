"""The file itself: encodings, paths, and files that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.config.load_config import load_config
from mlpcli.config.schema import Config
from mlpcli.errors import ConfigError, SettingError

Read = Callable[..., Config]
Refusals = Callable[..., list[str]]
DIGITS = "data: {source: digits}\n"
ADVICE = "; mlpcli init writes one, mlpcli recipes lists some"
HANGUL = "# 설정\nname: 패션 MNIST 모델\n" + DIGITS


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return str(caught.value).replace(str(path), "PATH")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_its_mark(encoding: str, read: Read) -> None:
    assert read(HANGUL.encode(encoding)).name == "패션 MNIST 모델"


def test_utf_16_of_the_other_byte_order_is_read(read: Read) -> None:
    assert read(b"\xfe\xff" + HANGUL.encode("utf-16-be")).name == "패션 MNIST 모델"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_count_alike(line_end: str, refusals: Refusals) -> None:
    assert refusals(f"{DIGITS}\n\nseed: -1\n".replace("\n", line_end))[0].startswith("my.yaml:4:1: seed:")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: x\n# caf\xe9\n", "my.yaml:2:1: invalid UTF-8 at byte 13; save the file as UTF-8"),
        (HANGUL.encode("utf-16") + b"x", "save the file as UTF-8"),
        (DIGITS.encode("utf-16-le"), "has the character '\\x00', which YAML forbids"),
        (b"a: 1\n" * 2_200_000, "my.yaml:1:1: is larger than 1 MiB; a config is a few kilobytes"),
        (b"\xff" * 2_000_000, "my.yaml:1:1: is larger than 1 MiB; a config is a few kilobytes"),
    ],
    ids=["latin-1", "utf-16 cut", "utf-16 unmarked", "10 MB", "2 MB of bytes"],
)
def test_what_is_no_text_is_refused(content: bytes, message: str, refusals: Refusals) -> None:
    (problem,) = refusals(content)
    assert message in problem


@pytest.mark.parametrize(
    ("content", "found"),
    [("", "nothing"), ("# only\n", "nothing"), ("~", "nothing"), ("- a\n", "a list"), ("hello", "a single value"),
     ("5", "a single value")],
)  # fmt: skip
def test_what_is_no_mapping_is_refused(content: str, found: str, refusals: Refusals) -> None:
    assert refusals(content) == [
        f"my.yaml:1:1: expected a mapping with data, model and training, but found {found}; begin with `data:`"
    ]


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "digits.yaml").write_text(DIGITS)
    assert refusal(tmp_path / "digit.yaml") == 'PATH: does not exist; did you mean "digits.yaml"?'
    assert refusal(tmp_path / "xyz.yaml") == f"PATH: does not exist{ADVICE}"
    assert "nowhere does not exist either" in refusal(tmp_path / "nowhere" / "digits.yaml")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "PATH: is a folder; give the path of a YAML file"
    (tmp_path / "digits").mkdir()
    hint = "; there is a recipe of that name: mlpcli train digits runs it, mlpcli recipes copy digits makes it yours"
    assert refusal(tmp_path / "digits").endswith(hint)


def test_a_path_through_a_file_is_refused(write_config: Callable[..., Path]) -> None:
    assert "cannot be read" in refusal(write_config(DIGITS) / "x.yaml")


def test_an_unreadable_file_is_refused(write_config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated: permissions do not stop a superuser, who runs the tests in containers."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write_config(DIGITS)
    monkeypatch.setattr("builtins.open", refuse)
    assert refusal(path) == "PATH: cannot be read: Permission denied"


@pytest.mark.parametrize("key", ["source", "path", "validation", "test"])
def test_paths_start_at_the_configs_folder(
    key: str, write_config: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"source": "digits", key: "../data/x.npz"}
    path = write_config(f"data: {values}\n", "configs/my.yaml")
    monkeypatch.chdir("/")
    assert getattr(load_config(path).config.data, key) == str(tmp_path / "data" / "x.npz")


def test_an_absolute_path_and_a_home_stay(read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read(f"data: {{source: {tmp_path}/x.npz}}").data.source == str(tmp_path / "x.npz")
    assert read("data: {source: ~/x.npz}").data.source == str(tmp_path / "x.npz")
    assert read("data: {source: ~nobody-of-this-name/x.npz}").data.source.endswith("/~nobody-of-this-name/x.npz")


def test_words_are_no_paths(read: Read) -> None:
    data = read("data: {source: fashion_mnist, validation: test, test: 0.2}").data
    assert (data.source, data.validation, data.test) == ("fashion_mnist", "test", 0.2)


def test_the_name_is_the_files_unless_it_is_given(write_config: Callable[..., Path]) -> None:
    assert load_config(write_config(DIGITS, "두 번째.yaml")).config.name == "두 번째"
    assert load_config(write_config("name: mine\n" + DIGITS)).config.name == "mine"


def test_a_later_error_is_placed_at_its_key(write_config: Callable[..., Path]) -> None:
    path = write_config(DIGITS + "model:\n  layers:\n    - dense: 3\n    - dense: {units: 4}\n")
    loaded = load_config(path, ["training.loss=mse"])
    for key, place in {
        "model.layers[1].dense.units": f"{path}:5:15",
        "model.layers[0].units": f"{path}:4:7",
        "training.loss": "-s training.loss=mse",
        "data.limit": f"{path}:1:1",
    }.items():
        with pytest.raises(ConfigError) as caught, loaded.located():
            raise SettingError(key, "does not fit")
        assert str(caught.value) == f"{place}: {key}: does not fit"


def test_a_table_in_place_of_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("내 표.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(Path("내 표.csv"))
    assert str(caught.value) == (
        "내 표.csv: is a data file, not a config; write one for it with: mlpcli init '내 표.csv'"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such pipes")
def test_a_pipe_is_read_but_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match="expected a mapping with data, model and training, but found nothing"):
        load_config(tmp_path / "pipe.yaml")
    reader, writer = os.pipe()  # as in `mlpcli validate <(make-config)`
    os.write(writer, b"data: {source: iris}\n")
    os.close(writer)
    assert load_config(Path(f"/dev/fd/{reader}")).config.data.source == "iris"
    os.close(reader)


def test_an_override_of_thousands_of_digits_is_cut_in_the_message(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("data: {source: iris}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^-s seed=7{54}…: seed: is a number of 5000 digits; shorten it$"):
        load_config(tmp_path / "my.yaml", [f"seed={'7' * 5000}"])
