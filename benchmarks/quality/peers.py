"""The other methods, with their defaults and the preprocessing that a careful user gives them. Needs pandas."""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.quality.scores import class_scores, number_scores
from benchmarks.quality.tables import SPLIT_SEEDS, Table, part_path

if TYPE_CHECKING:
    from pandas import DataFrame

PREDICTED_ROWS = 10_000
GAP = "missing"


@dataclass(frozen=True)
class Peer:
    """A method: the package whose version counts, and what makes an estimator from (is it classes, seed)."""

    package: str
    make: Callable[[bool, int], Any]


def fit_peer(peer: Peer, table: Table, split: int, folder: Path) -> dict[str, Any]:
    """Fit on the training rows and score the test rows."""
    x, y = _rows(part_path(folder, table.name, split, "train"), table)
    categories = {name: x[name].unique() for name in x.select_dtypes(exclude="number")}
    x_test, y_test = _rows(part_path(folder, table.name, split, "test"), table)
    x, x_test = (_typed(frame, categories) for frame in (x, x_test))
    classes = table.task == "classification"
    model = peer.make(classes, SPLIT_SEEDS[split])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's MLP stops at 200 epochs by default, and says so
        started, cpu = time.perf_counter(), time.process_time()
        model.fit(x, y)
        seconds = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
        scores = _scores(model, x_test, y_test, classes)
        more = {"bytes": len(pickle.dumps(model)), **_prediction_seconds(model, x_test, classes, split)}
    return {**scores, **seconds, **more}


def _scores(model: Any, x: DataFrame, y: Any, classes: bool) -> dict[str, float]:
    if not classes:
        return number_scores(np.asarray(model.predict(x), float).ravel(), y)
    places = {name: place for place, name in enumerate(model.classes_)}
    return class_scores(np.asarray(model.predict_proba(x), float), np.array([places.get(name, -1) for name in y]))


def _prediction_seconds(model: Any, x: DataFrame, classes: bool, split: int) -> dict[str, float]:
    if split:
        return {}
    many = x.iloc[np.resize(np.arange(len(x)), PREDICTED_ROWS)]
    started = time.process_time()
    (model.predict_proba if classes else model.predict)(many)
    return {"predict": time.process_time() - started}


def _rows(path: Path, table: Table) -> tuple[DataFrame, Any]:
    """Inputs (dates as year, month, weekday and day of the year), and class names or numbers."""
    import pandas as pd

    frame = pd.read_csv(path, keep_default_na=True)
    y = frame.pop(table.target)
    for name in frame.select_dtypes(exclude="number").columns:
        if frame[name].astype(str).str.fullmatch(r"\d{4}-\d\d-\d\d").all():
            dates = pd.to_datetime(frame.pop(name)).dt
            frame[f"{name} year"], frame[f"{name} month"] = dates.year, dates.month
            frame[f"{name} weekday"], frame[f"{name} day"] = dates.weekday, dates.dayofyear
        else:
            frame[name] = frame[name].astype(object).where(frame[name].notna(), GAP).astype(str)
    frame.columns = [f"c{place}" for place in range(frame.shape[1])]  # LightGBM takes no `:` or `,` in a name
    return frame, y.astype(str).to_numpy() if table.task == "classification" else y.to_numpy(float)


def _typed(frame: DataFrame, categories: dict[str, Any]) -> DataFrame:
    """Numbers as float64; texts as categories of the training rows, those that it has not as a gap."""
    import pandas as pd

    numbers = {name: frame[name].astype(float) for name in frame.columns if name not in categories}
    texts = {name: pd.Categorical(frame[name], categories=known) for name, known in categories.items()}
    return frame.assign(**numbers, **texts)


def _standardized(model: Any, classes: bool) -> Any:
    """Medians, standard scores, one-hot columns, and standard scores of a number that is predicted."""
    from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    texts = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50)
    is_number = make_column_selector(dtype_include="number")
    prepare = make_column_transformer((numbers, is_number), (texts, make_column_selector(dtype_exclude="number")))
    made = make_pipeline(prepare, model)
    return made if classes else TransformedTargetRegressor(made, transformer=StandardScaler())


def _linear(classes: bool, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    return _standardized(LogisticRegression(max_iter=1000) if classes else Ridge(), classes)


def _mlp(classes: bool, seed: int, **options: Any) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    return _standardized((MLPClassifier if classes else MLPRegressor)(random_state=seed, **options), classes)


def _stopped_mlp(classes: bool, seed: int) -> Any:
    return _mlp(classes, seed, early_stopping=True, max_iter=1000)


def _histograms(classes: bool, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return kind(random_state=seed)


def _lightgbm(classes: bool, seed: int) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    return (LGBMClassifier if classes else LGBMRegressor)(random_state=seed, n_jobs=1, verbose=-1)


def _xgboost(classes: bool, seed: int) -> Any:
    """It wants classes as numbers, and categories with the option that is on from version 3 on."""
    from xgboost import XGBClassifier, XGBRegressor

    options = {"random_state": seed, "n_jobs": 1, "enable_categorical": True}
    return _Numbered(XGBClassifier(**options)) if classes else XGBRegressor(**options)


class _Numbered:
    """A classifier that is given class numbers in the place of names."""

    def __init__(self, model: Any) -> None:
        self.model, self.classes_ = model, np.zeros(0)

    def fit(self, x: Any, y: Any) -> None:
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self.model.fit(x, numbers)

    def predict_proba(self, x: Any) -> Any:
        return self.model.predict_proba(x)


def _pytabkit(name: str) -> Callable[[bool, int], Any]:
    """One network each, on a thread of the CPU; medians for gaps, which these do not take."""

    def make(classes: bool, seed: int) -> Any:
        import pytabkit.models.training.lightning_modules  # noqa: F401  before the clock runs
        from pytabkit.models.sklearn import sklearn_interfaces
        from sklearn.compose import make_column_selector, make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        kind = getattr(sklearn_interfaces, f"{name}_{'Classifier' if classes else 'Regressor'}")
        network = kind(device="cpu", random_state=seed, n_cv=1, n_threads=1, verbosity=0)
        gaps = SimpleImputer(strategy="median").set_output(transform="pandas")
        prepare = make_column_transformer((gaps, make_column_selector(dtype_include="number")), remainder="passthrough")
        return make_pipeline(prepare.set_output(transform="pandas"), network)

    return make


PEERS = {
    "linear": Peer("scikit-learn", _linear),
    "scikit-learn MLP": Peer("scikit-learn", _mlp),
    "scikit-learn MLP, early stopping": Peer("scikit-learn", _stopped_mlp),
    "HistGradientBoosting": Peer("scikit-learn", _histograms),
    "LightGBM": Peer("lightgbm", _lightgbm),
    "XGBoost": Peer("xgboost-cpu", _xgboost),
    "RealMLP-TD-S": Peer("pytabkit", _pytabkit("RealMLP_TD_S")),
    "RealMLP-TD": Peer("pytabkit", _pytabkit("RealMLP_TD")),
    "TabM-D": Peer("pytabkit", _pytabkit("TabM_D")),
}


def version(peer: Peer) -> str:
    """The package and its version."""
    return f"{peer.package} {version_of(peer.package)}"
