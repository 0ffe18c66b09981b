"""eject: what a script has in it, and what is refused. test_ejected_scripts.py runs the scripts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.cli.main import main
from mlpcli.data.load_data import load_data
from mlpcli.errors import ConfigError, DataError, UserError
from mlpcli.workflows.eject import eject
from mlpcli.workflows.prepare import read_config
from tests.eject_parts import TABLE, write_configs

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture
def configs(tmp_path: Path, stand_in_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with configs of its own; recipes find stand-ins for their data."""
    monkeypatch.setenv("MLPCLI_DATA", str(stand_in_data))
    monkeypatch.setenv("KERAS_HOME", str(stand_in_data / "no keras"))
    write_configs(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def path_of(name: str) -> Path:
    return Path(f"{name}.yaml") if Path(f"{name}.yaml").is_file() else CONFIGS / f"{name}.yaml"


@pytest.mark.usefixtures("configs")
def test_what_the_config_does_not_use_does_not_appear() -> None:
    text = eject(path_of("digits"), overrides=["training.early_stopping=false", "output.keep=last"]).text
    assert "callbacks" not in text
    assert "GAPS" not in text
    assert "savefig" not in eject(path_of("digits"), overrides=["output.plots=[]"]).text


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("odd", ["data.test=0.2"]),
        ("members of a number", ["data.test=0.2"]),
        ("members of a number", ["data.test=0.2", "data.exclude=[sold]"]),
        ("members of a number", ["data.test=0.2", "data.dates=days"]),
    ],
    ids=["every kind", "dates with gaps", "dates", "days"],
)
@pytest.mark.usefixtures("configs")
def test_the_data_part_gives_the_rows_of_the_split(name: str, changes: list[str]) -> None:
    text = eject(path_of(name), overrides=changes).text
    found: dict[str, object] = {}
    data = text[text.index("SEED") : text.index("# The network learns")]
    exec("import csv\nimport numpy as np\n" + data.partition("y_train = y_train.astype")[0], found)
    config = read_config(path_of(name), changes).config
    splits = load_data(config.data, config.seed).splits
    assert splits.test is not None
    np.testing.assert_array_equal(found["x_test"], splits.test.arrays()[0])


@pytest.mark.usefixtures("configs")
def test_the_command_to_type_next_is_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["eject", str(CONFIGS / "digits.yaml"), "-o", "내 코드.py"])
    assert "next      python '내 코드.py'\n" in capsys.readouterr().out


@pytest.mark.usefixtures("configs")
def test_an_existing_file_stays_unless_forced() -> None:
    Path("a.py").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="already exists"):
        eject("odd.yaml", "a.py")
    assert Path("a.py").read_text(encoding="utf-8") == "mine"
    assert eject("odd.yaml", "a.py", force=True).text == Path("a.py").read_text(encoding="utf-8")
    assert 'open("odd.csv"' in Path("a.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("output.input=scaled", "output.input"),
        ("training.early_stopping={ties: last}", "training.early_stopping.ties"),
        ("data.test=odd.csv", "data.test"),
        ("data.streaming=always", "data.streaming"),
    ],
)
@pytest.mark.usefixtures("configs")
def test_what_a_short_script_cannot_do_is_refused_by_its_key(override: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")):
        eject("odd.yaml", "a.py", ["training.metrics=[mae]", override])
    assert not Path("a.py").exists()


@pytest.mark.usefixtures("configs")
def test_a_table_that_the_script_would_read_in_another_way_is_refused() -> None:
    Path("odd.csv").write_text(TABLE.replace(",a,", ', "a" ,'), encoding="utf-8")
    with pytest.raises(DataError, match="script"):
        eject("robust.yaml")


def test_the_page_shows_the_script_of_the_digits() -> None:
    page = (CONFIGS.parent / "docs" / "eject.md").read_text(encoding="utf-8")
    assert page.partition("```python\n")[2].removesuffix("```\n") == eject(CONFIGS / "digits.yaml").text
