"""`mlpcli list`: the reference of names and keys, on the terminal."""

from __future__ import annotations

import json

import pytest

from mlpcli.cli.list import KINDS, _written
from mlpcli.cli.main import main
from mlpcli.config.reference import FAMILIES, SECTIONS, WORDS, names_of
from mlpcli.config.schema import Config
from mlpcli.config.yaml_reader import parse_yaml


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["list", *arguments])
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


def test_without_a_kind_all_kinds_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, "--json")
    assert (code, err) == (0, "")
    counts = json.loads(out)
    assert list(counts) == list(KINDS) and set(KINDS) == {*FAMILIES, *WORDS, "keys"}
    assert (counts["constraints"], counts["datasets"], counts["keys"]) == (4, 13, 13)


@pytest.mark.parametrize("kind", [*FAMILIES, *WORDS])
def test_a_kind_lists_its_names_in_lines_and_as_json(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = _run(capsys, kind)[1].splitlines()
    assert [line.split()[0] for line in lines] == json.loads(_run(capsys, kind, "--json")[1]) == names_of(kind)


def test_arguments_have_their_defaults_and_required_ones_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "layers", "dense", "--json")
    found = json.loads(out)
    assert code == 0
    assert next(iter(found["arguments"].items())) == ("units", "required")
    assert (found["arguments"]["use_bias"], found["arguments"]["kernel_initializer"]) == ("true", "glorot_uniform")
    assert found["config"] == ["layers: [dense: ...]", "layers: [dense: {units: ...}]"]


def test_an_alias_and_a_kind_in_the_singular_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "loss", "mse")
    assert code == 0
    assert out.startswith("mean_squared_error, also mse\n")
    assert out.endswith("in a config, training.loss:\n  loss: mean_squared_error\n")


@pytest.mark.parametrize("kind", [kind for kind in FAMILIES if kind != "constraints"])
def test_what_is_shown_can_be_written(kind: str) -> None:
    """Every form without a blank to fill in is taken by the schema, at the key that the list names."""
    places = {
        "layers": "model", "initializers": "model", "regularizers": "model", "optimizers": "training",
        "schedules": "training", "losses": "training", "metrics": "training",
        "trackers": "output",
    }  # fmt: skip
    tried = 0
    for cls in FAMILIES[kind]:
        for form in _written(kind, cls.tag, cls):
            if "..." not in form:
                document = parse_yaml(f"name: x\ndata: {{source: iris}}\n{places[kind]}: {{{form}}}\n", "x.yaml")
                Config.model_validate(document.value)
                tried += 1
    assert tried or kind == "schedules"


def test_keys_have_their_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "keys", "output", "--json")
    assert code == 0
    assert json.loads(out)[0] == {"key": "model", "default": "model.keras", "meaning": "or model.h5"}
    sections = json.loads(_run(capsys, "keys", "--json")[1])
    assert [row["section"] for row in sections] == list(SECTIONS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["foo"], 'there is no list of "foo"; available: layers, activations'),
        (["optimizers", "adm"], 'no "adm" among the optimizers; did you mean "adam"?'),
        (["datasets", "mnits"], 'no "mnits" among the datasets; did you mean "mnist"?'),
        (["keys", "train"], 'no section "train"; did you mean "training"?'),
    ],
)
def test_what_there_is_not_is_said(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
