"""`mlpcli combine`: what the file answers, what it says of itself, and which runs are refused. No TensorFlow."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.errors import ModelFileError, RunDirectoryError, UserError
from mlpcli.modelfile.saved_model import open_model
from tests.forks import Forks
from tests.model_file_parts import read_metadata, with_metadata

ROOT = Path(__file__).resolve().parents[2]


def _mean(members: list[Path], rows: Path) -> np.ndarray:
    """By hand, in the order of keras.layers.Average: one after the other, then divided."""
    first, *others = (mlpcli.predict(member, rows).outputs for member in members)
    for outputs in others:
        first = first + outputs
    return first / len(members)


@pytest.mark.parametrize("rows", ["rows.csv", "new.csv"])
def test_it_answers_the_mean_of_its_members_to_the_bit(best: Path, seeds: list[Path], people: Path, rows: str) -> None:
    found = mlpcli.predict(best, people / rows)
    assert np.array_equal(found.outputs, _mean(seeds, people / rows))
    assert found.predictions[0]["label"] in ("아니요", "예")


def test_predict_needs_no_tensorflow(people: Path, tmp_path: Path, forks: Forks) -> None:
    code = (
        "import sys, mlpcli; rows, *files = sys.argv[1:]; found = [mlpcli.predict(file, rows) for file in files];"
        "print(*(len(each.predictions) for each in found), *({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    files = [mlpcli.combine(people / "people", tmp_path / f"best.{kind}").model for kind in ("keras", "h5")]
    done = forks.run([people / "new.csv", *files], tmp_path, program=code)
    assert (done.stdout, done.returncode) == ("3 3\n", 0), done.stderr


def test_what_it_says_of_itself(best: Path, seeds: list[Path]) -> None:
    said = mlpcli.summary(best)
    names = [layer.name for layer in said.layers]
    assert said.name == "사람들 x 3"
    assert [name for name in names if "dense" in name] == [
        f"member_{number}_{name}" for number in (1, 2, 3) for name in ("dense", "dense_1")
    ]
    assert len({*names}) == len(names)
    assert dict(said.facts)["average of"] == "3: people/seed-777, people/seed-778, people/seed-779"
    made_of = (read_metadata(best) or {})["made_of"]
    assert [run["seed"] for run in made_of] == [777, 778, 779]
    assert [run["weights"] for run in made_of] == [
        (read_metadata(run / "model.keras") or {})["weights"] for run in seeds
    ]


def test_a_network_s_own_columns_do_not_learn_and_penalties_are_gone(best: Path) -> None:
    towers = open_model(best).towers
    assert [tower.layers[0].trainable for tower in towers] == [False] * 3
    penalties = [getattr(layer.component, "kernel_regularizer", None) for tower in towers for layer in tower.layers]
    assert penalties == [None] * len(penalties)


def test_two_files_and_a_name_of_their_own(seeds: list[Path], people: Path, tmp_path: Path) -> None:
    result = mlpcli.combine([seeds[0] / "model.keras", seeds[2]], tmp_path / "새 폴더" / "둘.keras")
    assert (result.name, result.runs) == ("사람들 x 2", [seeds[0] / "model.keras", seeds[2] / "model.keras"])
    outputs = mlpcli.predict(result.model, people / "new.csv").outputs
    assert np.array_equal(outputs, _mean([seeds[0], seeds[2]], people / "new.csv"))


def test_the_command(people: Path, mlpcli_here: Callable[..., Any], tmp_path: Path) -> None:
    done = mlpcli_here("combine", people / "people", "-o", "my.keras", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["name"], len(found["runs"])) == (0, "사람들 x 3", 3)
    assert Path(found["model"]) == tmp_path / "my.keras"
    again = mlpcli_here("combine", people / "people", "-o", "my.keras")
    assert again.returncode == 2
    assert again.stderr == "error: my.keras: exists already, and nothing is overwritten; choose another name\n"


def test_seeds_that_did_not_finish_are_left_out(people: Path, tmp_path: Path) -> None:
    shutil.copytree(people / "people", tmp_path / "some")
    state = json.loads((tmp_path / "some" / "seeds.json").read_text(encoding="utf-8"))
    state["runs"][1]["outcome"] = "interrupted"
    (tmp_path / "some" / "seeds.json").write_text(json.dumps(state), encoding="utf-8")
    result = mlpcli.combine(tmp_path / "some", tmp_path / "two.keras")
    assert [path.parent.name for path in result.runs] == ["seed-777", "seed-779"]
    assert result.notes == [f"note: {tmp_path / 'some'}: seed-778 did not finish, and is left out"]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("best.onnx", "give a name that ends with .keras or .h5"),
        (".", "is a folder; give the name of a file"),
        ("people/best.keras", "which belongs to its run; choose a place outside of it"),
        ("people/seed-777/best.keras", "which belongs to its run; choose a place outside of it"),
    ],
)
def test_refused_outputs(people: Path, output: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        mlpcli.combine(people / "people", people / output)


def test_one_run_the_same_twice_and_far_too_many(seeds: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "best.keras"
    with pytest.raises(UserError, match=r"seed-777 is one run; give two or more, or a folder of several seeds"):
        mlpcli.combine([seeds[0]], output)
    with pytest.raises(UserError, match="seed-777: is given twice"):
        mlpcli.combine([seeds[0], seeds[1], seeds[0]], output)
    shutil.copytree(seeds[0], tmp_path / "copy")
    with pytest.raises(UserError, match=r"copy: has the same weights as .*seed-777"):
        mlpcli.combine([seeds[0], tmp_path / "copy"], output)
    with pytest.raises(UserError, match="1,000 runs are given, but at most 100 can be combined"):
        mlpcli.combine([seeds[0]] * 1000, output)
    with pytest.raises(ModelFileError, match=r"seed-77: does not exist; .*; did you mean"):
        mlpcli.combine([seeds[0], seeds[0].with_name("seed-77")], output)
    assert not output.exists()


def test_a_combined_file_is_no_member(best: Path, seeds: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is itself made of 3 runs; give the runs instead"):
        mlpcli.combine([seeds[0], best], tmp_path / "more.keras")


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "target": (lambda found: found["config"]["data"].update(target="y"), "its target is y, but that of .* is 답"),
    "classes": (
        lambda found: (
            found["plan"].update(class_names=["a", "b"]),
            found["data"]["preprocessing"]["target"].update(class_names=["a", "b"]),
        ),
        "its list of classes is a, b, but that of .* is 아니요, 예",
    ),
    "threshold": (lambda found: found["plan"].update(threshold=0.7), "its threshold is 0.7, but that of .* is 0.5"),
    "test": (lambda found: found["config"]["data"].update(test=0.1), "its data.test is 0.1, but that of .* is 0.5"),
    "data": (lambda found: found["config"]["data"].update(source="other.csv"), "its data is other.csv, but that of"),
    "missing": (
        lambda found: found["data"]["preprocessing"].update(missing="drop"),
        "the treatment of missing values differs from that of .*seed-777; only runs with the same data",
    ),
    "unfinished": (lambda found: found.update(unfinished=3), "its training has not ended; wait until it has, or"),
}


@pytest.mark.parametrize("what", list(CHANGES))
def test_a_run_that_does_not_go_with_the_first(seeds: list[Path], tmp_path: Path, what: str) -> None:
    change, message = CHANGES[what]
    other = with_metadata(seeds[1] / "model.keras", tmp_path / "other.keras", change)
    with pytest.raises(UserError, match=f"other.keras: {message}"):
        mlpcli.combine([seeds[0], other], tmp_path / "best.keras")


def test_damaged_and_foreign_files(seeds: list[Path], tmp_path: Path) -> None:
    torn = tmp_path / "torn.keras"
    torn.write_bytes((seeds[0] / "model.keras").read_bytes()[:3000])
    with pytest.raises(ModelFileError, match=r"torn.keras: is damaged"):
        mlpcli.combine([torn, seeds[1]], tmp_path / "best.keras")
    with pytest.raises(RunDirectoryError, match="so it is not a run directory"):
        mlpcli.combine([tmp_path, seeds[1]], tmp_path / "best.keras")


def _rewritten(best: Path, copy: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a combined .keras whose description is changed."""
    with zipfile.ZipFile(best) as archive, zipfile.ZipFile(copy, "w") as out:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                described = json.loads(content)
                change(described)
                content = json.dumps(described).encode()
            out.writestr(name, content)
    return copy


def _tower(found: dict[str, Any], number: int) -> dict[str, Any]:
    tower: dict[str, Any] = found["config"]["layers"][number]
    return tower


SPOILED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a tower that takes another's output": (
        lambda found: _tower(found, 2)["inbound_nodes"][0]["args"][0]["config"].update(
            keras_history=["member_1", 0, 0]
        ),
        "has an Average layer, but not right behind Sequential models",
    ),
    "a tower that is not averaged": (
        lambda found: found["config"]["layers"][-1]["inbound_nodes"][0]["args"][0].pop(),
        "has an Average layer, but not right behind Sequential models",
    ),
    "a layer of a stranger's": (
        lambda found: _tower(found, 1)["config"]["layers"][1].update(class_name="Lambda"),
        "layer 0 is keras.layers.Lambda, which mlpcli does not open",
    ),
    "an average that is none": (
        lambda found: found["config"]["layers"][-1].update(module="os", registered_name="os>Average"),
        "it names os.os>Average, which mlpcli does not open",
    ),
    "an object beside the average": (
        lambda found: found["config"]["layers"][-1]["config"].update(dtype={"class_name": "Evil", "config": {}}),
        "it names keras.Evil, which mlpcli does not open",
    ),
    "other outputs": (
        lambda found: _tower(found, 3)["config"]["layers"][-1]["config"].update(units=2),
        r"member_3 turns \(\d,\) into \(2,\), but member_1 \(\d,\) into \(1,\); the file is damaged",
    ),
    "a tower less": (
        lambda found: (
            found["config"]["layers"].pop(1),
            found["config"]["layers"][-1]["inbound_nodes"][0]["args"][0].pop(0),
        ),
        "the weights are not those of this model|is damaged",
    ),
    "two hundred towers": (
        lambda found: found["config"].update(layers=found["config"]["layers"] * 40),
        "averages 198 networks, and mlpcli opens files with up to 100",
    ),
}


@pytest.mark.parametrize("what", list(SPOILED))
def test_a_spoiled_combined_file_is_refused(seeds: list[Path], tmp_path: Path, what: str) -> None:
    change, message = SPOILED[what]
    good = mlpcli.combine(seeds, tmp_path / "good.keras").model
    with pytest.raises(ModelFileError, match=message):
        open_model(_rewritten(good, tmp_path / "bad.keras", change))


def test_metadata_that_names_other_runs_than_there_are_networks(seeds: list[Path], tmp_path: Path) -> None:
    good = mlpcli.combine(seeds, tmp_path / "good.keras").model
    bad = with_metadata(good, tmp_path / "bad.keras", lambda found: found["made_of"].pop())
    with pytest.raises(ModelFileError, match="made_of: names 2, but the model has 3 networks"):
        open_model(bad)
