"""The built-in data sets, as a table: everything that can be said of them without loading anything."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.config.data_words import Task
from mlpcli.data.dataset import Framing, Kind


@dataclass(frozen=True)
class BuiltIn:
    """One built-in set.

    files: the names that a data.path folder must hold; none, where the set is bundled with scikit-learn or generated.
    generated: made by mlpcli, as data.generate says; train_rows is then the number that is made by default.
    """

    name: str
    line: str
    kind: Kind
    input_shape: tuple[int, ...]
    task: Task
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] | None
    pixel_max: float | None
    train_rows: int
    test_rows: int | None = None
    files: tuple[str, ...] = ()
    generated: bool = False

    @property
    def bundled(self) -> bool:
        """Whether it comes with scikit-learn."""
        return not self.files and not self.generated

    @property
    def at_hand(self) -> bool:
        """Whether neither a network nor a folder is needed: it is bundled, or generated."""
        return not self.files


DIGIT_NAMES = tuple("0123456789")
IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
CIFAR_FILES = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
IRIS_COLUMNS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
WINE_COLUMNS = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
)
CELL_MEASURES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
BREAST_CANCER_COLUMNS = (
    *(f"mean {measure}" for measure in CELL_MEASURES),
    *(f"{measure} error" for measure in CELL_MEASURES),
    *(f"worst {measure}" for measure in CELL_MEASURES),
)
DIABETES_COLUMNS = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
POINT_COLUMNS = ("x1", "x2")
ANIMAL_NAMES = ("bird", "mammal", "other")
"""By the alphabet, as the classes of a CSV are: a model of either knows the classes by the same numbers."""
GENERATED_ROWS = 600
"""As data.generate.rows has it by default."""


def _table(
    name: str, line: str, task: Task, classes: tuple[str, ...] | None, columns: tuple[str, ...], rows: int
) -> BuiltIn:
    return BuiltIn(name, line, "table", (len(columns),), task, classes, columns, None, rows)


def _images(
    name: str, line: str, shape: tuple[int, ...], classes: tuple[str, ...], rows: int, files: tuple[str, ...]
) -> BuiltIn:
    return BuiltIn(name, line, "image", shape, "classification", classes, None, 255.0, rows, 10_000, files)


def _generated(name: str, line: str, classes: tuple[str, ...] | None, columns: tuple[str, ...]) -> BuiltIn:
    task: Task = "regression" if classes is None else "binary" if len(classes) == 2 else "classification"
    return BuiltIn(name, line, "table", (len(columns),), task, classes, columns, None, GENERATED_ROWS, generated=True)


_SETS = (
    BuiltIn(
        "digits",
        "handwritten digits, 8x8 pixels of 0 to 16",
        "image",
        (8, 8),
        "classification",
        DIGIT_NAMES,
        None,
        16.0,
        1797,
    ),
    _table("iris", "three species of iris", "classification", ("setosa", "versicolor", "virginica"), IRIS_COLUMNS, 150),
    _table(
        "wine",
        "three kinds of wine",
        "classification",
        tuple(f"class_{number}" for number in range(3)),
        WINE_COLUMNS,
        178,
    ),
    _table("breast_cancer", "malignant or benign", "binary", ("malignant", "benign"), BREAST_CANCER_COLUMNS, 569),
    _table("diabetes", "progression of diabetes after a year, a number", "regression", None, DIABETES_COLUMNS, 442),
    _images("mnist", "handwritten digits, 28x28 pixels", (28, 28), DIGIT_NAMES, 60_000, IDX_FILES),
    _images("fashion_mnist", "ten kinds of clothing, 28x28 pixels", (28, 28), FASHION_NAMES, 60_000, IDX_FILES),
    _images("cifar10", "ten kinds of photo, 32x32 pixels in colour", (32, 32, 3), CIFAR10_NAMES, 50_000, CIFAR_FILES),
    _generated("height_weight", "the weight of adults (kg) from their height (cm)", None, ("height",)),
    _generated("animals", "bird, mammal or other from hair and wings", ANIMAL_NAMES, ("hair", "wings")),
    _generated("moons", "two half circles that reach into each other", ("lower", "upper"), POINT_COLUMNS),
    _generated("spirals", "three arms that wind around each other", ("arm 1", "arm 2", "arm 3"), POINT_COLUMNS),
    _generated("blobs", "three round clouds of points", ("cloud 1", "cloud 2", "cloud 3"), POINT_COLUMNS),
)
FRAMINGS = {"mnist": Framing(20 / 28, "mass", (14.5 / 28, 14.5 / 28)), "fashion_mnist": Framing(1.0)}
"""How they show one thing each: digits by their mass, in a box of 20 of 28 pixels; clothes that fill the picture."""
CATALOG: dict[str, BuiltIn] = {built_in.name: built_in for built_in in _SETS}
