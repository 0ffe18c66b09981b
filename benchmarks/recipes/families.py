"""The families of recipes as docs/recipes.md shows them: which stand together. What each teaches is in lessons/."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Recipes that belong together; `metric` is drawn, or loss and score where it is None, of all but `not_drawn`."""

    key: str
    title: str
    recipes: tuple[str, ...]
    metric: str | None = None
    not_drawn: tuple[str, ...] = ()
    """What runs so much longer, or so much alike, that it would hide the others."""
    first_epochs: int | None = None
    """How many epochs are drawn; all where it is None."""


FAMILIES = (
    Family(
        "fashion-mnist",
        "Fashion-MNIST: one dense layer, then a hidden one, then another optimizer",
        (
            "fashion_mnist/softmax_regression",
            "fashion_mnist/sigmoid",
            "fashion_mnist/relu",
            "fashion_mnist/sgd",
            "fashion_mnist/momentum",
            "fashion_mnist/nesterov",
            "fashion_mnist/adagrad",
            "fashion_mnist/rmsprop",
            "fashion_mnist/adam",
            "fashion_mnist",
        ),
        not_drawn=("fashion_mnist/nesterov", "fashion_mnist/rmsprop", "fashion_mnist"),
    ),
    Family(
        "mnist-64-32-64",
        "MNIST, three hidden layers of 64, 32 and 64 units",
        (
            "mnist/sigmoid_sgd",
            "mnist/relu_he_normal",
            "mnist/relu_glorot_uniform",
            "mnist/batchnorm_blocks",
            "mnist/batchnorm_before_activation",
            "mnist/early_stopping",
            "mnist/l2_batchnorm_dropout_h5",
            "mnist",
        ),
        not_drawn=("mnist",),
        first_epochs=40,
    ),
    Family(
        "mnist-tutorials",
        "MNIST, networks as tutorials print them",
        (
            "mnist/tutorial_batchnorm",
            "mnist/tutorial_early_stopping",
            "mnist/tutorial_l2_dropout_h5",
            "mnist/tutorial_dropout",
            "mnist/tutorial_more_dropout",
        ),
        "loss",
        not_drawn=("mnist/tutorial_early_stopping",),
        first_epochs=40,
    ),
    Family(
        "mnist-starts",
        "MNIST 64-32-64: how the weights start",
        (
            "mnist/relu_he_normal",
            "mnist/relu_glorot_uniform",
            "mnist/random_normal",
            "mnist/random_normal_wide",
            "mnist/random_normal_narrow",
            "mnist/zeros",
        ),
    ),
    Family(
        "mnist-100-50",
        "MNIST 100-50: sigmoid, RMSprop, BatchNorm and Dropout",
        (
            "mnist/sigmoid_100_50_dropout",
            "mnist/sigmoid_100_50_more_dropout",
        ),
    ),
    Family(
        "mnist-256",
        "MNIST, wide layers: what Dropout keeps",
        (
            "mnist/wide_256_keep_80",
            "mnist/wide_256_keep_100",
            "mnist/best_mlp",
        ),
    ),
    Family(
        "mnist-convolutional",
        "MNIST with convolutions, four optimizers",
        (
            "mnist/convolutional_adam",
            "mnist/convolutional_rmsprop",
            "mnist/convolutional_adagrad",
            "mnist/convolutional_sgd",
        ),
        "loss",
    ),
    Family(
        "photos",
        "Photos of 32x32x3",
        (
            "cifar10/dense_512",
            "cifar10/photo_folder",
            "cifar10/photo_folder_tuned",
        ),
    ),
    Family(
        "tables",
        "Tables and small sets",
        (
            "digits",
            "tables/iris",
            "tables/wine",
            "tables/breast_cancer",
            "tables/penguins",
            "tables/titanic",
            "tables/animals",
            "tables/moons",
            "tables/spirals",
            "tables/blobs",
        ),
        "loss",
        not_drawn=("tables/penguins", "tables/animals", "tables/blobs"),
    ),
    Family(
        "regression",
        "Regression",
        (
            "tables/height_weight",
            "tables/diabetes",
        ),
        "mean_absolute_error",
    ),
)
