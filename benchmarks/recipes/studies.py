"""The studies: one recipe, trained again with one thing changed at a time. What their pages compare."""

from __future__ import annotations

from dataclasses import dataclass

Overrides = tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """A recipe, what is the same in all variants, and for each variant what is changed.

    seeds: how many each variant is trained with.
    """

    name: str
    recipe: str
    common: Overrides
    variants: dict[str, Overrides]
    seeds: int = 3

    def overrides(self, variant: str) -> Overrides:
        """All that is changed in the recipe."""
        return (*self.common, *self.variants[variant])

    def group(self, variant: str) -> str:
        """Where the results of a variant are stored."""
        return f"{self.name}/{variant}"


LEARNING_RATES: dict[str, tuple[str, tuple[float, ...]]] = {
    "SGD": ("{name: sgd, learning_rate: RATE}", (0.03, 0.1, 0.3)),
    "momentum": ("{name: sgd, momentum: 0.9, learning_rate: RATE}", (0.003, 0.01, 0.03)),
    "Nesterov": ("{name: sgd, momentum: 0.9, nesterov: true, learning_rate: RATE}", (0.003, 0.01, 0.03)),
    "Adagrad": ("{name: adagrad, learning_rate: RATE}", (0.01, 0.03, 0.1, 0.3)),
    "RMSprop": ("{name: rmsprop, learning_rate: RATE}", (0.0003, 0.001, 0.003)),
    "Adam": ("{name: adam, learning_rate: RATE}", (0.0003, 0.001, 0.003)),
}
"""About three times apart, with the best of them inside wherever that was found."""

OPTIMIZERS = Study(
    "optimizers",
    "mnist/relu_he_normal",
    ("training.epochs=20", "training.batch_size=100"),
    {
        f"{name} {rate:g}": (f"training.optimizer={text.replace('RATE', f'{rate:g}')}",)
        for name, (text, rates) in LEARNING_RATES.items()
        for rate in rates
    },
    seeds=1,
)

INITIALIZERS: dict[str, str] = {
    "he_normal": "he_normal",
    "glorot_uniform": "glorot_uniform",
    "stddev 0.05": "{random_normal: {stddev: 0.05}}",
    "stddev 0.00001": "{random_normal: {stddev: 0.00001}}",
    "stddev 100": "{random_normal: {stddev: 100.0}}",
    "zeros": "zeros",
}
STARTS = {
    activation: Study(
        f"initializers {activation}",
        "mnist/relu_he_normal",
        ("training.epochs=15", "training.batch_size=100", f"model.activation={activation}"),
        {name: (f"model.kernel_initializer={value}",) for name, value in INITIALIZERS.items()},
        seeds=1,
    )
    for activation in ("relu", "tanh", "sigmoid")
}

_STOPPING = ("training.early_stopping={monitor: val_loss, patience: 10}", "output.keep=best")

REGULARIZATION = Study(
    "regularization",
    "fashion_mnist/adam",
    (
        "model={hidden_units: [256, 256], activation: relu, kernel_initializer: he_normal}",
        "data.limit=6000",
        "training.epochs=60",
    ),
    {
        "nothing": (),
        "BatchNorm": ("model.batch_normalization=true",),
        "Dropout 0.4": ("model.dropout=0.4",),
        "L2 0.001": ("model.kernel_regularizer={l2: 0.001}",),
        "early stopping": _STOPPING,
        "all four": (
            "model.batch_normalization=true",
            "model.dropout=0.4",
            "model.kernel_regularizer={l2: 0.001}",
            *_STOPPING,
        ),
    },
)

EXERCISES = Study(
    "exercises",
    "mnist/relu_he_normal",
    (),
    {"he_normal, 100 epochs": ("training.epochs=100", "data.validation=test")},
)
"""What tutorials train otherwise than the recipes; see exercises.py."""

_WIDE = "model={hidden_units: [128, 128], activation: relu, kernel_initializer: he_normal, dropout: 0.15"
_STRONG = (
    "training.optimizer={name: adamw, learning_rate: 0.001, weight_decay: 0.02}",
    "training.batch_size=auto",
    "training.epochs=200",
    "training.early_stopping={monitor: val_loss, patience: 20}",
)
PIXELS = {
    recipe: Study(
        f"pixels {recipe}",
        recipe,
        (),
        {
            "recipe": (),
            "recipe, input scale": ("model.input_scale=6",),
            "strong without an input scale": (f"{_WIDE}}}", *_STRONG),
            "strong": (f"{_WIDE}, input_scale: 6}}", *_STRONG),
            **({"best": (f"{_WIDE}, input_scale: 6, members: 8}}", *_STRONG)} if recipe == "digits" else {}),
        },
        seeds=seeds,
    )
    for recipe, seeds in (("digits", 3), ("mnist", 1), ("fashion_mnist", 1))
}
"""Whether what helps tables helps pixels; see docs/quality.md. Eight members of 784 pixels take an hour."""

STUDIES = (OPTIMIZERS, *STARTS.values(), REGULARIZATION, EXERCISES, *PIXELS.values())
