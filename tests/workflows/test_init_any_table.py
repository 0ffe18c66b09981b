"""A table of any columns is refused by `init`, or gets a config that is valid: training has nothing left to refuse."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.errors import DataError, SettingError
from mlpcli.workflows.init import init
from mlpcli.workflows.validate import validate

COLUMNS: dict[str, Callable[[random.Random, int], str]] = {
    "digits": lambda draw, row: str(draw.randrange(10)),
    "decimals": lambda draw, row: f"{draw.gauss(0, 1):.3f}",
    "gaps": lambda draw, row: "" if draw.random() < 0.3 else f"{draw.gauss(0, 1):.3f}",
    "one value": lambda draw, row: "7",
    "no value": lambda draw, row: "",
    "identifiers": lambda draw, row: f"id{row}",
    "huge numbers": lambda draw, row: str(10**12 + row),
    "words": lambda draw, row: draw.choice(["red", "green", "blue"]),
    "one odd word": lambda draw, row: "x" if row else "y",
    "capitals": lambda draw, row: draw.choice(["Yes", "yes", "No"]),
    "codes": lambda draw, row: f"{draw.randint(1, 5):03}",
    "dates": lambda draw, row: f"2024-0{draw.randint(1, 9)}-1{draw.randrange(10)}",
    "days or months": lambda draw, row: f"0{draw.randint(1, 9)}/0{draw.randint(1, 9)}/2024",
    "booleans": lambda draw, row: draw.choice(["true", "false"]),
    "words for gaps": lambda draw, row: draw.choice(["NA", "None", "x", "y"]),
    "free text": lambda draw, row: " ".join(draw.choices(["house", "of", "the", "sun"], k=12)) + str(row),
    "a mixture": lambda draw, row: draw.choice(["1", "2.5", "abc", "7 kg"]),
    "money": lambda draw, row: f'"${draw.randint(1, 9999):,}"',
}


@pytest.mark.parametrize("seed", range(12))
def test_a_table_of_any_columns_is_refused_by_init_or_valid(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 2 rows on, and whatever the target: what cannot be learnt is refused before a config is written."""
    monkeypatch.chdir(tmp_path)
    draw = random.Random(seed)
    for table in range(4):
        kinds = draw.choices(list(COLUMNS), k=draw.randint(2, 5))
        rows = draw.choice([2, 3, 4, 5, 6, 8, 10, 12, 20, 40])
        names = [f"{kind} {at}" for at, kind in enumerate(kinds)]
        lines = [",".join(COLUMNS[kind](draw, row) for kind in kinds) for row in range(rows)]
        Path(f"{table}.csv").write_text("\n".join([",".join(names), *lines]) + "\n", encoding="utf-8")
        try:
            config = init(f"{table}.csv", target=draw.choice([None, *names])).config
        except (DataError, SettingError):
            assert not Path(f"{table}.yaml").exists()
            continue
        assert config is not None
        assert validate(config).facts.train_rows >= 2
