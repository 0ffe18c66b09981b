"""Raw tables and photos, end to end: mlpcli from the file alone, scikit-learn behind its standard preprocessing.

.venv-bench/bin/python -m benchmarks.raw_data FOLDER     FOLDER holds tabular/ and cifar10-jpg.tar.gz

Both are scored on the same test rows. mlpcli keeps some of the other rows for early stopping; scikit-learn learns from
all of them, or, with early_stopping=True, keeps a tenth by itself. The recipes were chosen by validation scores, over
seeds that are not used here.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import mlpcli
from benchmarks.engine import RESULTS, versions

SEEDS = {"titanic": range(20, 30), "penguins": range(20, 30), "photos": range(20, 22)}
CONFIGS = Path(__file__).resolve().parent.parent / "configs"
RECIPES = {"titanic": "tables/titanic", "penguins": "tables/penguins", "photos": "cifar10/photo_folder_tuned"}
PEERS = ("MLPClassifier", "MLPClassifier, early stopping")


def main(folder: Path) -> None:
    """Every set with every seed; the results are written after each set."""
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        photos = _unpacked(folder / "cifar10-jpg.tar.gz", Path(place))
        sources: dict[str, tuple[Path, Callable[..., Any]]] = {
            "titanic": (folder / "tabular" / "titanic.csv", _table_rows),
            "penguins": (folder / "tabular" / "penguins.csv", _table_rows),
            "photos": (photos, _photo_rows),
        }
        for name, (path, read) in sources.items():
            for seed in SEEDS[name]:
                results += list(_round(name, path, read, seed, Path(place)))
                print(json.dumps(results[-1 - len(PEERS) :]), file=sys.stderr, flush=True)
            content = {"versions": versions(), "rows": results}
            (RESULTS / "raw_data.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _unpacked(archive: Path, place: Path) -> Path:
    with tarfile.open(archive) as packed:
        packed.extractall(place / "photos", filter="data")
    return next(path.parent for path in sorted((place / "photos").rglob("train")) if path.is_dir())


def _round(name: str, path: Path, read: Callable[..., Any], seed: int, place: Path) -> Iterator[dict[str, Any]]:
    """One seed: mlpcli first, which draws the test rows, then scikit-learn on the same."""
    config, run = CONFIGS / f"{RECIPES[name]}.yaml", place / f"{name}-{seed}"
    changes = [f"data.source={json.dumps(str(path))}", f"seed={seed}", "output.plots=[]"]
    started = time.perf_counter()
    done = mlpcli.train(config, changes, run_dir=run)
    yield _row(name, seed, "mlpcli", done.evaluation["accuracy"], time.perf_counter() - started)
    x_train, y_train, x_test, y_test, prepare = read(path, np.load(run / "split.npz"))
    for peer in PEERS:
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline

        network = MLPClassifier(max_iter=1000, early_stopping="early" in peer, random_state=seed)
        started = time.perf_counter()
        model = make_pipeline(prepare, network).fit(x_train, y_train)
        accuracy = float(np.mean(model.predict(x_test) == y_test))
        yield _row(name, seed, peer, accuracy, time.perf_counter() - started)


def _row(name: str, seed: int, peer: str, accuracy: float, seconds: float) -> dict[str, Any]:
    return {"set": name, "seed": seed, "peer": peer, "accuracy": accuracy, "seconds": seconds}


def _table_rows(path: Path, split: Any) -> tuple[Any, ...]:
    """Medians, standard scores and one-hot columns, as scikit-learn's own guide puts them together."""
    import pandas as pd
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    target, excluded = {"titanic.csv": ("survived", ["alive"]), "penguins.csv": ("species", [])}[path.name]
    table = pd.read_csv(path).drop(columns=excluded)
    x, y = table.drop(columns=target), table[target].to_numpy()
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    is_number = make_column_selector(dtype_include="number")
    prepare = make_column_transformer((numbers, is_number), (texts, make_column_selector(dtype_exclude="number")))
    rows = np.concatenate([split["train"], split["validation"]])
    return x.iloc[rows], y[rows], x.iloc[split["test"]], y[split["test"]], prepare


def _photo_rows(path: Path, split: Any) -> tuple[Any, ...]:
    """Pixels as standard scores; the folder brings its own test pictures, so the split does not matter."""
    from PIL import Image
    from sklearn.preprocessing import StandardScaler

    parts = []
    for part in ("train", "test"):
        files = sorted(file for file in (path / part).rglob("*") if file.is_file())
        pixels = np.stack([np.asarray(Image.open(file).convert("RGB"), np.float32).ravel() for file in files])
        parts += [pixels / 255, np.array([file.parent.name for file in files])]
    return (*parts, StandardScaler())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
