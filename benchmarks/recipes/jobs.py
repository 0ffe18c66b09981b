"""What is measured: each recipe with its seeds, and the studies behind the pages, as single trainings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.recipes.results import entries_of
from benchmarks.recipes.studies import STUDIES
from mlpcli.runs.read_run import FAST_LOADER

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIGS = ROOT / "configs"
FIRST_SEED, SEEDS = 777, 3
"""The convolutional networks, which take minutes, are trained with the first seed alone."""


@dataclass(frozen=True)
class Job:
    """One training: a recipe, what is changed in it, and a seed; `group` is the file its result is stored in."""

    group: str
    recipe: str
    overrides: tuple[str, ...]
    seed: int

    @property
    def config(self) -> Path:
        """The recipe's file."""
        return CONFIGS / f"{self.recipe}.yaml"

    @property
    def key(self) -> str:
        """A digest of what is trained: the recipe without its comments and its name, what is changed, the seed."""
        content = content_of(self.recipe)
        content.pop("name", None)
        return hashlib.sha256(json.dumps([content, self.overrides, self.seed]).encode()).hexdigest()[:16]


def recipe_names() -> list[str]:
    """Every config below configs/, by its path without the extension; those of the top level first."""
    names = [path.relative_to(CONFIGS).with_suffix("").as_posix() for path in CONFIGS.rglob("*.yaml")]
    return sorted(names, key=lambda name: ("/" in name, name))


def recipe_jobs() -> Iterator[Job]:
    """All first seeds, then all second ones: a measurement that is cut off has something of each."""
    for turn in range(SEEDS):
        for name in recipe_names():
            if turn == 0 or not has_convolutions(name):
                yield Job(name, name, (), FIRST_SEED + turn)


def study_jobs() -> Iterator[Job]:
    """The trainings of every study, the first seed first."""
    for turn in range(SEEDS):
        for study in STUDIES:
            if turn < study.seeds:
                for variant in study.variants:
                    yield Job(study.group(variant), study.recipe, study.overrides(variant), FIRST_SEED + turn)


def refuse_stale() -> None:
    """Refuse to write from results of what has changed since.

    Raises:
        SystemExit: a stored result is of another network, training or data than its recipe says now.
    """
    keys = {(job.group, job.seed): job.key for job in (*recipe_jobs(), *study_jobs())}
    for group in {group for group, _ in keys}:
        for entry in entries_of(group):
            if keys.get((group, entry["seed"])) != entry["key"]:
                raise SystemExit(f"{group}, seed {entry['seed']}: has changed since it was measured; run make recipes")


def has_convolutions(name: str) -> bool:
    """Whether the recipe's network has a convolution."""
    return any("conv2d" in layer for layer in content_of(name)["model"].get("layers", []))


def content_of(name: str) -> dict[str, Any]:
    """What the recipe's file says, as YAML reads it."""
    return dict(yaml.load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"), FAST_LOADER))
