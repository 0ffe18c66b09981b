"""The exercises of five Keras tutorials: the one command for each, and the figures that the tutorials give."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.recipes.studies import EXERCISES


@dataclass(frozen=True)
class Told:
    """A figure that a tutorial gives, by its name, and the word that it has here (see `figures.figure`)."""

    name: str
    theirs: float
    word: str


@dataclass(frozen=True)
class Exercise:
    """A network to be trained: a recipe; `variant` changes it (one of `studies.EXERCISES`).

    told: empty where no figure of a tutorial is known; our test score stands there alone.
    """

    title: str
    recipe: str
    told: tuple[Told, ...] = ()
    variant: str | None = None

    @property
    def command(self) -> str:
        """What is typed, anywhere."""
        overrides = EXERCISES.overrides(self.variant) if self.variant else ()
        return " ".join(["mlpcli train", self.recipe, *(f"-s {override}" for override in overrides)])

    @property
    def group(self) -> str:
        """Where its results are stored."""
        return EXERCISES.group(self.variant) if self.variant else self.recipe


@dataclass(frozen=True)
class Sum:
    """A layer by hand: Python that prints `answer`, which a pencil finds, too."""

    title: str
    code: str
    answer: str

    @property
    def command(self) -> str:
        """What is typed, anywhere."""
        return f'python -c "from mlpcli.layers import *; {self.code}"'


def _losses(first: float, last: float) -> tuple[Told, ...]:
    """The training loss of two epochs, which the tutorial prints as a mean cost."""
    told = Told("training loss of epoch 1", first, "first loss")
    return told, Told("training loss of the last epoch", last, "last loss")


TRAINED: dict[str, tuple[Exercise, ...]] = {
    "Fashion-MNIST: from softmax regression to Adam": (
        Exercise("softmax regression, no hidden layer", "fashion_mnist/softmax_regression"),
        Exercise("a hidden layer of 100 sigmoid units", "fashion_mnist/sigmoid"),
        Exercise("a hidden layer of 100 relu units", "fashion_mnist/relu"),
        Exercise("plain SGD", "fashion_mnist/sgd"),
        Exercise("momentum 0.9", "fashion_mnist/momentum"),
        Exercise("Nesterov momentum", "fashion_mnist/nesterov"),
        Exercise("Adagrad", "fashion_mnist/adagrad"),
        Exercise("RMSprop", "fashion_mnist/rmsprop"),
        Exercise("Adam", "fashion_mnist/adam"),
    ),
    "Photos of 32x32x3": (
        Exercise("512 relu units on CIFAR-10", "cifar10/dense_512"),
        Exercise("the same on a folder of photos by class", "cifar10/photo_folder"),
        Exercise("BatchNorm, Dropout and early stopping on it", "cifar10/photo_folder_tuned"),
    ),
    "MNIST 64-32-64: initializers, BatchNormalization, Dropout, early stopping, L2": (
        Exercise(
            "64-32-64 sigmoid, SGD, 200 epochs",
            "mnist/sigmoid_sgd",
            (Told("test accuracy", 0.9706, "test"), Told("test loss", 0.1008, "test loss")),
        ),
        Exercise(
            "64-32-64 relu, he_normal, 100 epochs",
            "mnist/relu_he_normal",
            (Told("first epoch with a training accuracy of 1.0000", 68, "perfect epoch"),),
            variant="he_normal, 100 epochs",
        ),
        Exercise("he_normal, 30 epochs", "mnist/relu_he_normal"),
        Exercise("glorot_uniform, 30 epochs", "mnist/relu_glorot_uniform"),
        Exercise("random_normal with a spread of 0.05", "mnist/random_normal"),
        Exercise(
            "Dense-BatchNorm-Dense, 100 epochs",
            "mnist/tutorial_batchnorm",
            (Told("training accuracy", 1.0, "train"), Told("validation accuracy", 0.9665, "validation")),
        ),
        Exercise(
            "100-50 sigmoid with Dropout on the input",
            "mnist/tutorial_dropout",
            (Told("training accuracy", 0.9924, "train"), Told("validation accuracy", 0.9780, "validation")),
        ),
        Exercise("100-50 sigmoid with Dropout between the layers, too", "mnist/tutorial_more_dropout"),
        Exercise("early stopping on val_loss", "mnist/tutorial_early_stopping"),
        Exercise(
            "L2, Dropout and early stopping, loaded from .h5",
            "mnist/tutorial_l2_dropout_h5",
            (Told("test accuracy", 0.9765, "test"),),
        ),
    ),
    "Generated tables, and convolutions": (
        Exercise("a straight line: weight from height", "tables/height_weight"),
        Exercise("mammal, bird or other, from hair and wings", "tables/animals"),
        Exercise("two half circles", "tables/moons"),
        Exercise("three arms of a spiral", "tables/spirals"),
        Exercise("three round clouds", "tables/blobs"),
        Exercise("MNIST 256-256-256 without Dropout", "mnist/wide_256_keep_100"),
        Exercise("MNIST 256-256-256, Dropout keeps 80 %", "mnist/wide_256_keep_80"),
        Exercise(
            "MNIST, convolutions, Adam",
            "mnist/convolutional_adam",
            (
                Told("training loss of epoch 1", 0.472, "first loss"),
                Told("training loss of the last epoch", 0.022, "last loss"),
            ),
        ),
        Exercise(
            "MNIST, convolutions, RMSprop",
            "mnist/convolutional_rmsprop",
            (
                Told("training loss of epoch 1", 1.177, "first loss"),
                Told("training loss of the last epoch", 0.028, "last loss"),
            ),
        ),
        Exercise("MNIST, convolutions, Adagrad", "mnist/convolutional_adagrad"),
        Exercise("MNIST, convolutions, SGD", "mnist/convolutional_sgd"),
    ),
}
"""By the title of each tutorial."""

BY_HAND = (
    Sum(
        "a dense layer, forward",
        "print(Affine([[1, 3, 5], [2, 4, 6]], [1, 1, 1]).forward([[2, 3]]))",
        "[[ 9. 19. 29.]]",
    ),
    Sum(
        "and backward",
        "a = Affine([[1, 3, 5], [2, 4, 6]], [1, 1, 1]); a.forward([[2, 3]]); print(a.backward([[2, 2, 1]]), *a.dW)",
        "[[13. 18.]] [4. 4. 2.] [6. 6. 3.]",
    ),
    Sum("ReLU", "print(*Relu().forward([[1, -0.5], [-2, 3]]))", "[1. 0.] [0. 3.]"),
    Sum("sigmoid of 0", "print(Sigmoid().forward([0]))", "[0.5]"),
    Sum(
        "softmax with its loss, class 1",
        "print(round(SoftmaxWithLoss().forward([1, 0], 1), 4))",
        "1.3133",
    ),
)
"""The fifth tutorial's layers. The loss is log(1 + e), the last step of docs/by-hand.md."""
