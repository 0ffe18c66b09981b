"""The families of recipes as docs/recipes.md shows them: which stand together, and what they teach.

Sentences take their figures from the results (see `text.filled`), and `claims` are what the sentences say without a
figure: the page is not written where one of them does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass

Claims = tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """Recipes that belong together; `metric` is drawn, or loss and score where it is None."""

    key: str
    title: str
    recipes: tuple[str, ...]
    lesson: str
    claims: Claims = ()
    metric: str | None = None


_FASHION = tuple(
    f"fashion_mnist/{name}"
    for name in (
        "softmax_regression", "sigmoid", "relu", "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam",
    )
)  # fmt: skip

FAMILIES = (
    Family(
        "fashion-mnist",
        "Fashion-MNIST: one dense layer, then a hidden one, then another optimizer",
        (*_FASHION, "fashion_mnist"),
        "LESSON",
    ),
    Family(
        "mnist-64-32-64",
        "MNIST, three hidden layers of 64, 32 and 64 units",
        ("mnist/sigmoid_sgd", "mnist/relu_he_normal", "mnist/relu_glorot_uniform", "mnist/batchnorm_blocks",
         "mnist/batchnorm_before_activation", "mnist/early_stopping", "mnist/l2_batchnorm_dropout_h5", "mnist"),
        "LESSON",
        metric="accuracy",
    ),
    Family(
        "mnist-starts",
        "MNIST 64-32-64: how the weights start",
        ("mnist/relu_he_normal", "mnist/relu_glorot_uniform", "mnist/random_normal", "mnist/random_normal_wide",
         "mnist/random_normal_narrow", "mnist/zeros"),
        "LESSON",
    ),
    Family(
        "mnist-100-50",
        "MNIST 100-50: sigmoid, RMSprop, BatchNorm and Dropout",
        ("mnist/sigmoid_100_50_dropout", "mnist/sigmoid_100_50_more_dropout"),
        "LESSON",
    ),
    Family(
        "mnist-256",
        "MNIST 256-256-256: what Dropout keeps",
        ("mnist/wide_256_keep_80", "mnist/wide_256_keep_100"),
        "LESSON",
    ),
    Family(
        "mnist-convolutional",
        "MNIST with convolutions, four optimizers",
        ("mnist/convolutional_adam", "mnist/convolutional_rmsprop", "mnist/convolutional_adagrad",
         "mnist/convolutional_sgd"),
        "LESSON",
        metric="loss",
    ),
    Family(
        "photos",
        "Photos of 32x32x3",
        ("cifar10/dense_512", "cifar10/photo_folder", "cifar10/photo_folder_tuned"),
        "LESSON",
    ),
    Family(
        "tables",
        "Tables and small sets",
        ("digits", "tables/iris", "tables/wine", "tables/breast_cancer", "tables/penguins", "tables/titanic",
         "tables/animals", "tables/moons", "tables/spirals", "tables/blobs"),
        "LESSON",
        metric="loss",
    ),
    Family(
        "regression",
        "Regression",
        ("tables/height_weight", "tables/diabetes"),
        "LESSON",
        metric="mean_absolute_error",
    ),
)  # fmt: skip
