"""Every kind of message about a value: what is allowed, what was found, the nearest word, line and column."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Refusals = Callable[..., list[str]]
DIGITS = "data: {source: digits}\n"


def test_the_sample_of_the_documentation(refusals: Refusals) -> None:
    text = "\n" * 9 + "data: {source: digits}\nmodel:\n  hidden_units: [1,\n                 0]\n"
    assert refusals(text) == ["my.yaml:13:18: model.hidden_units[1]: must be greater than 0 (got 0)"]
    assert refusals(text[1:]) == ["my.yaml:12:18: model.hidden_units[1]: must be greater than 0 (got 0)"]


TRAINING = [
    # wrong forms
    ("epochs: yes", 'epochs: must be a whole number (got the text "yes")'),
    ("epochs: 1.5", "epochs: must be a whole number (got 1.5)"),
    ("epochs: true", "epochs: must be a whole number (got true)"),
    ("epochs:", "epochs: must be a whole number (got null)"),
    ("epochs: [1]", "epochs: must be a whole number (got a list)"),
    ("epochs: {a: 1}", "epochs: must be a whole number (got a mapping)"),
    ("deterministic: 1", "deterministic: must be true or false (got 1)"),
    ("early_stopping: yes", 'early_stopping: must be true, false, or a mapping of settings (got the text "yes")'),
    ("early_stopping: null", "early_stopping: must be true, false, or a mapping of settings (got null)"),
    ("stop_when_equal: 3", "stop_when_equal: must be true, false, or a mapping of settings (got 3)"),
    ("metrics: {mse: {}}", "metrics: must be a list (got a mapping)"),
    ("metrics: 5", "metrics: must be a list (got 5); write [5]"),
    # ranges
    ("epochs: 0", "epochs: must be greater than 0 (got 0)"),
    ("epochs: 2000000", "epochs: must be at most 1000000 (got 2000000)"),
    ("epochs: 1" + "0" * 40, "epochs: must be at most 1000000 (got a huge number)"),
    ("early_stopping: {patience: -1}", "early_stopping.patience: must be at least 0 (got -1)"),
    ("optimizer: {name: sgd, momentum: 1.0}", "optimizer.momentum: must be less than 1 (got 1.0)"),
    ("optimizer: {name: sgd, learning_rate: .nan}", "optimizer.learning_rate: must be finite (got nan)"),
    ("optimizer: {name: sgd, learning_rate: 1e400}", "optimizer.learning_rate: must be finite (got inf)"),
    # choices
    (
        "engine: residnt",
        'engine: must be auto, resident, keras or numpy (got the text "residnt"); did you mean "resident"?',
    ),
    ("engine: 5", "engine: must be auto, resident, keras or numpy (got 5)"),
    ("engine: zzz", 'engine: must be auto, resident, keras or numpy (got the text "zzz")'),
    # unknown keys
    ("optimiser: sgd", 'optimiser: unknown key; did you mean "optimizer"?'),
    ("early_stopping: {patienc: 1}", 'early_stopping.patienc: unknown key; did you mean "patience"?'),
    ("stop_when_equal: {tol: 1}", 'stop_when_equal.tol: unknown key; did you mean "tolerance"?'),
    ("optimizer: {name: sgd, momentom: 0}", 'optimizer.momentom: unknown key; did you mean "momentum"?'),
    ("optimizer: {sgd: {nesterof: true}}", 'optimizer.sgd.nesterof: unknown key; did you mean "nesterov"?'),
    ("optimizer: {learning_rat: 1}", 'optimizer.learning_rat: unknown key; did you mean "learning_rate"?'),
    ("loss: {huber: {dela: 3}}", 'loss.huber.dela: unknown key; did you mean "delta"?'),
    ("loss: {name: huber, dela: 3}", 'loss.dela: unknown key; did you mean "delta"?'),
    ("loss: {huber_loss: {dela: 3}}", 'loss.huber_loss.dela: unknown key; did you mean "delta"?'),
    ("metrics: [{f1_score: {averag: micro}}]", 'metrics[0].f1_score.averag: unknown key; did you mean "average"?'),
    ("metrics: [{mse: {nam: x}}]", 'metrics[0].mse.nam: unknown key; did you mean "name"?'),
    ("learning_rate: 0.1", "learning_rate: unknown key; it belongs in `training.optimizer`"),
    ("patience: 3", "patience: unknown key; it belongs in `training.early_stopping`"),
    ("dropout: 0.1", "dropout: unknown key; it belongs in `model`"),
    # names
    ("optimizer: sdg", 'optimizer: unknown name "sdg"; did you mean "sgd"?'),
    ("optimizer: SGD", 'optimizer: unknown name "SGD"; did you mean "sgd"?'),
    ("loss: MSE", 'loss: unknown name "MSE"; did you mean "mse"?'),
    ("loss: {mean_squared_eror: }", 'loss: unknown name "mean_squared_eror"; did you mean "mean_squared_error"?'),
    ("loss: autto", 'loss: unknown name "autto"; did you mean "auto"?'),
    ("metrics: [accuracy, acurracy]", 'metrics[1]: unknown name "acurracy"; did you mean "accuracy"?'),
    ("learning_rate_schedule: cosine", 'learning_rate_schedule: unknown name "cosine"; did you mean "cosine_decay"?'),
    ("optimizer: xyzzy",
     'optimizer: unknown name "xyzzy"; available: sgd, rmsprop, adam, adamw, nadam, adamax, adagrad, '
     "adadelta, adafactor, ftrl, lion, lamb"),
    ("loss: qqqq", 'loss: unknown name "qqqq"; available: sparse_categorical_crossentropy, categorical_crossentropy, '
     "binary_crossentropy, bce, mean_squared_error, mse, mean_absolute_error, mae, huber, huber_loss, hinge, "
     "kl_divergence, ..."),
    ("optimizer: 5", "optimizer: must be a name, or a mapping with a name and its arguments (got 5)"),
    ("optimizer: [sgd]", "optimizer: must be a name, or a mapping with a name and its arguments (got a list)"),
    ("loss:", "loss: must be a name, or a mapping with a name and its arguments (got null)"),
    ("loss: {huber: 1.0, weight: 3}",
     'loss: the arguments of "huber" belong under it: `huber: {argument: value, ...}`'),
    ("metrics: [{name: auc, curve: PR}]",
     'metrics[0]: the arguments of "auc" belong under it: `auc: {argument: value, ...}`'),
    # Keras's Python, and what has another place
    ("optimizer: SGD(lr=0.1)",
     'optimizer: unknown name "SGD(lr=0.1)"; write `optimizer: {sgd: {learning_rate: 0.1}}`'),
    ("optimizer: keras.optimizers.SGD(0.1, momentum=0.9)",
     'optimizer: unknown name "keras.optimizers.SGD(0.1, momentum=0.9)"; write `optimizer: {sgd: {learning'),
    ("optimizer: tf.keras.optimizers.Adam()",
     'optimizer: unknown name "tf.keras.optimizers.Adam()"; write `optimizer: adam`'),
    ("loss: SparseCategoricalCrossentropy(from_logits=True)",
     'loss: unknown name "SparseCategoricalCrossentropy(from_lo..."; write `loss: sparse_categorical_crossentropy`'),
    ("metrics: ['acc', Recall(thresholds=0.5)]",
     'metrics[1]: unknown name "Recall(thresholds=0.5)"; write `- recall: {thresholds: 0.5}`'),
    ("optimizer: SDG(lr=0.1)", 'optimizer: unknown name "SDG(lr=0.1)"; available: sgd, '),
    ("optimizer: {name: sgd, lr: 0.1}", 'optimizer.lr: unknown key; did you mean "learning_rate"?'),
    ("optimizer: {name: sgd, decay: 0.1}",
     "optimizer.decay: unknown key; write `training.learning_rate_schedule: {inverse_time_decay: {decay_steps: 1, "),
    ("callbacks: [EarlyStopping]",
     "callbacks: unknown key; each callback has a key of its own: `training.early_stopping: {monitor: val_loss, "),
    ("validation_split: 0.2", "validation_split: unknown key; write `data.validation: 0.2`"),
    ("loss: {binary_crossentropy: {from_logits: true}}",
     "loss.binary_crossentropy.from_logits: unknown key; leave it out: a last dense layer without activation is taken"),
    # components
    ("metrics: [{accuracy: 3}]", "metrics[0].accuracy: takes its arguments as a mapping, or none"),
    ("metrics: [{mse: {name: a b}}]", 'metrics[0].mse.name: may hold only letters, digits and _ (got "a b")'),
    ("metrics: [acc, acc]", 'metrics: two columns of the history would be called "acc"; rename one of the metrics'),
    ("metrics: [{mse: {name: loss}}]", 'metrics: two columns of the history would be called "loss"'),
    ("metrics: [{mse: {name: epoch}}]", 'metrics: two columns of the history would be called "epoch"'),
    ("metrics: [{mse: {name: val_loss}}]", 'metrics: two columns of the history would be called "val_loss"'),
    ("optimizer: {name: sgd, clipnorm: 1, clipvalue: 1}",
     "optimizer: clipnorm and clipvalue cannot be set together; choose one"),
    ("optimizer: {name: sgd, gradient_accumulation_steps: 1}",
     "optimizer.gradient_accumulation_steps: must be at least 2 (got 1)"),
    ("learning_rate_schedule: cosine_decay", "learning_rate_schedule.decay_steps: is required"),
    ("learning_rate_schedule: {cosine_decay: {}}", "learning_rate_schedule.cosine_decay.decay_steps: is required"),
    ("learning_rate_schedule: {cosine_decay: {decay_step: 3}}",
     'learning_rate_schedule.cosine_decay.decay_step: unknown key; did you mean "decay_steps"?'),
    ("learning_rate_schedule: {piecewise_constant_decay: {boundaries: [1], values: [1]}}",
     "learning_rate_schedule.piecewise_constant_decay: needs one more value than boundaries "
     "(got 1 values for 1 boundaries)"),
    ("learning_rate_schedule: {piecewise_constant_decay: {boundaries: [5, 3], values: [1, 2, 3]}}",
     "learning_rate_schedule.piecewise_constant_decay: boundaries must be strictly increasing"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), TRAINING)
def test_training(line: str, message: str, refusals: Refusals) -> None:
    (problem,) = refusals(f"{DIGITS}training:\n  {line}\n")
    place, _, rest = problem.partition(": ")
    assert place.startswith("my.yaml:3:")
    assert rest.startswith(f"training.{message}")


MODEL = [
    ("hidden_units: 64", "hidden_units: must be a list (got 64); write [64]"),
    ('hidden_units: ["64"]', 'hidden_units[0]: must be a whole number (got the text "64")'),
    ("hidden_units: [true]", "hidden_units[0]: must be a whole number (got true)"),
    ("hidden_units: [2.5]", "hidden_units[0]: must be a whole number (got 2.5)"),
    ("hidden_units: [-3]", "hidden_units[0]: must be greater than 0 (got -3)"),
    ("hidden_units: [1000000000000]", "hidden_units[0]: must be at most 1000000 (got 1000000000000)"),
    ("hidden_units: [" + "3," * 1001 + "]", "hidden_units: may have at most 1000 entries (got 1001)"),
    ("layers: [" + "flatten," * 10001 + "]", "layers: may have at most 1000 entries (got 10001)"),
    ("layers: []", "layers: must not be empty"),
    ("layers: dense", 'layers: must be a list (got the text "dense"); write [dense]'),
    ("dropout: off", 'dropout: must be a number (got the text "off")'),
    ("dropout: 1.0", "dropout: must be less than 1 (got 1.0)"),
    ("dropout: -0.1", "dropout: must be at least 0 (got -0.1)"),
    ("activation: no", 'activation: unknown activation "no"; available: relu, tanh, sigmoid, softmax, linear, gelu, '
     "elu, selu, silu, leaky_relu, softplus, mish, ..."),
    ("activation: ReLU", 'activation: unknown activation "ReLU"; did you mean "relu"?'),
    ("activation: null", "activation: must be a text (got null)"),
    ("activation: 5", 'activation: must be a text (got 5); write "5"'),
    ("activation: " + "x" * 500, 'activation: unknown activation "' + "x" * 37 + '..."'),
    ("kernel_initializer: he_norml", 'kernel_initializer: unknown name "he_norml"; did you mean "he_normal"?'),
    ("kernel_initializer: {random_normal: {stdev: 1}}",
     'kernel_initializer.random_normal.stdev: unknown key; did you mean "stddev"?'),
    ("kernel_initializer: {random_normal: 3}",
     "kernel_initializer.random_normal: takes its arguments as a mapping, or none"),
    ("kernel_initializer: {name: random_normal, stddev: -1}", "kernel_initializer.stddev: must be at least 0 (got -1)"),
    ("kernel_regularizer: {l2: -1}", "kernel_regularizer.l2: must be at least 0 (got -1)"),
    ("kernel_regularizer: {l1: 0.1, l2: -1}", "kernel_regularizer.l2: must be at least 0 (got -1)"),
    ("kernel_regularizer: 0.01",
     "kernel_regularizer: must be a name, or a mapping with a name and its arguments (got 0.01)"),
    ("kernel_regularizer: l3",
     'kernel_regularizer: unknown name "l3"; available: l1, l2, l1_l2, orthogonal_regularizer'),
    ("unis: 3", "unis: unknown key; available: activation, batch_normalization, dropout, hidden_units, "),
    ("learning_rate: 3", "learning_rate: unknown key; it belongs in `training.optimizer`"),
    ("output: auot", 'output: must be auto, or dense arguments such as {activation: softmax} (got the text "auot")'),
    ("output: null", "output: must be auto, or dense arguments such as {activation: softmax} (got null)"),
    ("output: {unit: 3}", 'output.unit: unknown key; did you mean "units"?'),
    ("output: {activation: rlu}", 'output.activation: unknown activation "rlu"; did you mean "relu"?'),
    ("layers: [dens]", 'layers[0]: unknown name "dens"; did you mean "dense"?'),
    ("layers: [lstm]", 'layers[0]: unknown name "lstm"; available: dense, activation, dropout, gaussian_dropout, '),
    ("layers: [5]", "layers[0]: must be a name, or a mapping with a name and its arguments (got 5)"),
    ("layers: [{}]", "layers[0]: must be a name, or a mapping with a name and its arguments"),
    ("layers: [dense]", "layers[0].units: is required"),
    ("layers: [{dense: 0}]", "layers[0].dense: must be greater than 0 (got 0)"),
    ("layers: [{dense: {unit: 3}}]", 'layers[0].dense.unit: unknown key; did you mean "units"?'),
    ("layers: [{dense: , units: 3}]", 'layers[0]: the arguments of "dense" belong under it: `dense: {argument'),
    ("layers: [{dense: 3, activation: relu}]",
     'layers[0]: the arguments of "dense" belong under it: `dense: {argument'),
    ("layers: [{name: dense, units: 3}]", 'layers[0]: the arguments of "dense" belong under it: `dense: {argument'),
    ("layers: [{flatten: 3}]", "layers[0].flatten: takes its arguments as a mapping, or none"),
    ("layers: [{activation: rleu}]", 'layers[0].activation: unknown activation "rleu"; did you mean "relu"?'),
    ("layers: [{dense: {units: 3, name: a/b}}]", 'layers[0].dense.name: may not hold `/` or line breaks (got "a/b")'),
    ("layers: [{dense: {units: 3, name: ''}}]", "layers[0].dense.name: must not be empty"),
    ("layers: [{dense: {units: 3, kernel_initializer: {random_normal: {stdev: 1}}}}]",
     'layers[0].dense.kernel_initializer.random_normal.stdev: unknown key; did you mean "stddev"?'),
    ("layers: [{dense: {units: 3, kernel_constraint: {max_norm: {max_valu: 1}}}}]",
     'layers[0].dense.kernel_constraint.max_norm.max_valu: unknown key; did you mean "max_value"?'),
    ("layers: [{conv2d: {filters: 3, kernel_size: abc}}]",
     'layers[0].conv2d.kernel_size: must be a whole number or a list (got the text "abc")'),
    ("layers: [{conv2d: {filters: 3, kernel_size: 0}}]",
     "layers[0].conv2d.kernel_size: must be greater than 0 (got 0)"),
    ("layers: [{conv2d: {filters: 3, kernel_size: [3]}}]",
     "layers[0].conv2d.kernel_size: needs at least 2 entries (got 1)"),
    ("layers: [{conv2d: {filters: 3, kernel_size: [1, 2, 3]}}]",
     "layers[0].conv2d.kernel_size: may have at most 2 entries (got 3)"),
    ("layers: [{conv2d: {filters: 3, kernel_size: [3, 0]}}]",
     "layers[0].conv2d.kernel_size[1]: must be greater than 0 (got 0)"),
    ("kernel_regularizer: l2(0.01)",
     'kernel_regularizer: unknown name "l2(0.01)"; write `kernel_regularizer: {l2: 0.01}`'),
    ("kernel_initializer: RandomNormal(mean=0., stddev=0.05)",
     'kernel_initializer: unknown name "RandomNormal(mean=0., stddev=0.05)"; write `kernel_initializer: '
     "{random_normal: {mean: 0.0, stddev: 0.05}}`"),
    ("layers: [Dropout(0.2)]", 'layers[0]: unknown name "Dropout(0.2)"; write `- dropout: 0.2`'),
    ("layers: ['Dense(8, kernel_regularizer=l2(0.1))']",
     'layers[0]: unknown name "Dense(8, kernel_regularizer=l2(0.1))"; write `- dense: {units: 8, kernel_regularizer: '
     "{l2: 0.1}}`"),
    ("layers: ['Dense(__import__(\"os\").getcwd())']", 'layers[0]: unknown name "Dense('),
    ("layers: [flatten, {dense: {units: 3, input_shape: [784]}}]",
     "layers[1].dense.input_shape: unknown key; only the first of `layers` may have it, as a list such as [784]"),
    ("layers: [{dense: {units: 3, input_shape: abc}}]",
     "layers[0].dense.input_shape: unknown key; only the first of `layers` may have it, as a list such as [784]"),
    ("layers: [{max_pooling2d: 0}]", "layers[0].max_pooling2d: must be greater than 0 (got 0)"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), MODEL)
def test_model(line: str, message: str, refusals: Refusals) -> None:
    (problem,) = refusals(f"{DIGITS}model:\n  {line}\n")
    place, _, rest = problem.partition(": ")
    assert place.startswith("my.yaml:3:")
    assert rest.startswith(f"model.{message}")


REST = [
    ("data: digits", "1:1: data: must be a mapping (got the text \"digits\")"),
    ("data:", "1:1: data: must be a mapping (got null)"),
    ("model: {}", "1:1: data: is required"),
    ("data: {sorce: digits}", '1:8: data.sorce: unknown key; did you mean "source"?'),
    ("dat: {source: digits}", '1:1: dat: unknown key; did you mean "data"?'),
    ("data: {task: auto}", "1:1: data.source: is required"),
    ("data: {source: 5}", '1:8: data.source: must be a text (got 5); write "5"'),
    ("data: {source: ''}", "1:8: data.source: must not be empty"),
    ("data: {source: digits, path: ''}", "1:24: data.path: must not be empty"),
    ("data: {source: digits, task: binray}", "1:24: data.task: must be auto, classification, binary or regression "
     '(got the text "binray"); did you mean "binary"?'),
    ("data: {source: digits, limit: 0}", "1:24: data.limit: must be greater than 0 (got 0)"),
    *((f"data: {{source: digits, {key}: {value}}}",
       f"1:24: data.{key}: must be a fraction between 0 and 1, a path, or null (got {got})")
      for key in ("validation", "test")
      for value, got in (("0", "0"), ("1", "1"), ("1.0", "1.0"), ("-0.1", "-0.1"), (".nan", "nan"), ("true", "true"),
                         ("[1]", "a list"), ("{a: 1}", "a mapping"), ("''", 'the text ""'))),
    *((f"data: {{source: digits, class_weight: {value}}}",
       f'1:24: data.class_weight: must be null, "balanced", or a mapping of class name to weight (got {got})')
      for value, got in (("balnced", 'the text "balnced"'), ("3", "3"), ("[1]", "a list"), ("true", "true"))),
    ("data: {source: digits, class_weight: {0: -1}}", "1:39: data.class_weight.0: must be at least 0 (got -1)"),
    ("data: {source: digits, class_weight: {0: x}}", '1:39: data.class_weight.0: must be a number (got the text "x")'),
    ("data: {source: digits, features: []}", "1:24: data.features: must not be empty"),
    ("data: {source: digits, features: a}", '1:24: data.features: must be a list (got the text "a"); write [a]'),
    ("data: {source: digits, features: [1]}", '1:35: data.features[0]: must be a text (got 1); write "1"'),
    ("data: {source: digits, epochs: 1}", "1:24: data.epochs: unknown key; it belongs in `training`"),
    ("epochs: 5\ndata: {source: digits}", "1:1: epochs: unknown key; it belongs in `training`"),
    ("bogus: 5\ndata: {source: digits}",
     "1:1: bogus: unknown key; available: data, model, name, output, seed, sweep, training, version"),
    ("seed: -1\ndata: {source: digits}", "1:1: seed: must be at least 0 (got -1)"),
    ("seed: 2147483648\ndata: {source: digits}", "1:1: seed: must be at most 2147483647 (got 2147483648)"),
    ("version: 99\ndata: {source: digits}",
     "1:1: version: is format 99, but this mlpcli reads format 1; install a newer mlpcli"),
    ("output: {model: m.h5}\ndata: {source: digits}",
     '1:10: output.model: must be model.keras or model.h5 (got the text "m.h5"); did you mean "model.h5"?'),
    ("output: {plots: [png, pgn]}\ndata: {source: digits}",
     '1:23: output.plots[1]: must be png, svg or pdf (got the text "pgn"); did you mean "png"?'),
    ("output: {plots: png}\ndata: {source: digits}",
     '1:10: output.plots: must be a list (got the text "png"); write [png]'),
    ("output: {plot: []}\ndata: {source: digits}", '1:10: output.plot: unknown key; did you mean "plots"?'),
    ("output:\ndata: {source: digits}", "1:1: output: must be a mapping (got null)"),
    ("name: ../x\ndata: {source: digits}", "1:1: name: the character '/' is not allowed; use letters, digits, '.', "
     "'_', '-' (got the text \"../x\")"),
    ("name: ''\ndata: {source: digits}", "1:1: name: must not be empty (got the text \"\")"),
    ("name: 5\ndata: {source: digits}", '1:1: name: must be a text (got 5); write "5"'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REST)
def test_data_output_and_the_top(text: str, message: str, refusals: Refusals) -> None:
    assert refusals(text) == [f"my.yaml:{message}"]


@pytest.mark.parametrize(
    "name", ["/x", "a/b", ".", "-rf", '"a\\nb"', '"\\u202eabc"', "CON", "con.txt", "x" * 300, "가" * 100, "😀"]
)  # fmt: skip
def test_a_name_that_makes_no_folder_is_refused_in_one_short_line(name: str, refusals: Refusals) -> None:
    (problem,) = refusals(f"name: {name}\n{DIGITS}")
    assert problem.startswith("my.yaml:1:1: name: ")
    assert len(problem) < 170
    assert problem.isprintable()


def test_a_call_that_yaml_ends_at_a_comma_is_told_as_far_as_it_goes(refusals: Refusals) -> None:
    layer = "dense: {units: 64, kernel_initializer: RandomNormal(mean=0., stddev=0.05)}"
    assert [problem.partition("dense.")[2] for problem in refusals(f"{DIGITS}model:\n  layers:\n    - {layer}\n")] == [
        'kernel_initializer: unknown name "RandomNormal(mean=0."; write `kernel_initializer: {random_normal: {mean: 0'
        ".0, ...}}`",
        "stddev=0.05): unknown key; it is the rest of a Python call, which YAML cut at the comma; write the call in"
        " YAML",
    ]


def test_all_problems_are_reported_at_once_in_the_order_of_the_file(refusals: Refusals) -> None:
    text = """\
data: {source: digits, limit: 0}
model: {hidden_units: [0, -1], activation: rleu}
training:
  epochs: 0
  early_stopping: {monitor: val_los}
  learning_rate_schedule: {cosine_decay: {decay_steps: 1, warmup_steps: 1}}
  batch_size: 012
seed: 1
seed: 2
bogus: 1
"""
    assert [problem.split(": ")[1] for problem in refusals(text)] == [
        "data.limit",
        "model.hidden_units[0]",
        "model.hidden_units[1]",
        "model.activation",
        "training.epochs",
        "training.early_stopping.monitor",
        "training.learning_rate_schedule.cosine_decay.warmup_steps",
        "training.batch_size",
        "seed",
        "bogus",
    ]


def test_one_mistake_is_one_problem(refusals: Refusals) -> None:
    """A misspelt key is not missing as well, and a number that was refused is not wrong as well."""
    assert len(refusals("data: {sorce: digits}")) == 1
    assert len(refusals(DIGITS + "training: {epochs: 012}")) == 1
    assert len(refusals(DIGITS + "model: {layers: [{dense: {unit: 3}}]}")) == 1
    assert len(refusals("data: {sorce: digits, xyz: 3}")) == 2


def test_a_key_that_stands_beside_its_misspelling_is_checked_too(refusals: Refusals) -> None:
    text = (
        DIGITS + "model:\n  layers:\n  - dense: {unit: 3, units: 0}\n  kernel_initializer: {random_normal: {name: 1}}\n"
    )
    assert refusals(text) == [
        'my.yaml:4:13: model.layers[0].dense.unit: unknown key; did you mean "units"?',
        "my.yaml:4:22: model.layers[0].dense.units: must be greater than 0 (got 0)",
        "my.yaml:5:40: model.kernel_initializer.random_normal.name: unknown key; available: mean, stddev",
    ]
