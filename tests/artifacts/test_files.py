"""Files appear in one piece or not at all."""

from __future__ import annotations

import errno
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from mlpcli.data.dataset import Part, Splits
from mlpcli.errors import OutputError
from mlpcli.files import read_json, replace_file, write_json, write_text
from mlpcli.runs import directory as environment
from mlpcli.runs.directory import describe_environment, write_split


def test_text_in_any_script(tmp_path: Path) -> None:
    write_text(tmp_path / "설정.yaml", "이름: 풀\n")
    assert (tmp_path / "설정.yaml").read_bytes() == "이름: 풀\n".encode()


def test_json_is_strict_and_readable(tmp_path: Path) -> None:
    value = {"name": "풀", "loss": math.nan, "scores": [1.5, -math.inf, (2, None)], "none": None}
    write_json(tmp_path / "metrics.json", value)
    text = (tmp_path / "metrics.json").read_text("utf-8")
    assert "풀" in text and text.endswith("}\n")
    found = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert found == {"name": "풀", "loss": None, "scores": [1.5, None, [2, None]], "none": None}
    assert read_json(tmp_path / "metrics.json") == found


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")

    def write(temporary: Path) -> None:
        assert temporary.suffix == ".keras" and temporary.parent == tmp_path
        temporary.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError) as caught:
        replace_file(path, write)
    assert str(caught.value).startswith(f"{path}: cannot be written: No space left on device; free some space")
    assert caught.value.exit_code == 1
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("model.keras", b"old")]


def test_any_failure_takes_its_temporary_file_away(tmp_path: Path) -> None:
    def write(temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(tmp_path / "a.txt", write)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_the_last_steps_may_fail_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OutputError, match=r"a.txt: cannot be written: Input/output error"):
        write_text(tmp_path / "a.txt", "text")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_synced_before_it_takes_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: steps.append("sync"))
    real = os.replace

    def rename(*paths: Path) -> None:
        steps.append("rename")
        real(*paths)

    monkeypatch.setattr(os, "replace", rename)
    write_text(tmp_path / "a.txt", "text")
    assert steps == ["sync", "rename", "sync"]


@pytest.mark.parametrize("folder", ["nowhere", "file"])
def test_no_folder_to_write_in(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"a.txt: cannot be written: (No such file|Not a directory)"):
        write_text(tmp_path / folder / "a.txt", "text")


def test_split_holds_the_indices_of_each_part(tmp_path: Path) -> None:
    x, y = np.zeros((5, 1)), np.zeros(5)
    train, test = (Part(x, y, np.array(rows)) for rows in ([0, 2, 4], [1, 3]))
    write_split(tmp_path / "split.npz", Splits(train, None, test))
    with np.load(tmp_path / "split.npz") as found:
        assert {name: found[name].tolist() for name in found} == {"train": [0, 2, 4], "test": [1, 3]}


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.setattr(environment, "PACKAGES", ("numpy", "no-such-package"))
    found = describe_environment(["mlpcli", "train", "a.yaml"], ["CPU"], "sha256:1")
    assert found["command"] == ["mlpcli", "train", "a.yaml"]
    assert found["versions"]["numpy"] == np.__version__
    assert set(found["versions"]) == {"mlpcli", "python", "numpy"}
    assert found["machine"]["devices"] == ["CPU"]
    assert found["machine"]["cpu"]
    assert found["variables"]["OMP_NUM_THREADS"] == "2"
    assert "XLA_FLAGS" not in found["variables"]
    assert found["data_fingerprint"] == "sha256:1"
    json.dumps(found, allow_nan=False)
