"""Configs with what no recipe has, for the tests of `mlpcli eject`, and their tables."""

from __future__ import annotations

from pathlib import Path

TABLE = "age,kind,new,shop,price\n" + "".join(
    f"{row % 7 or ''},{row % 3},{'yes' if row % 2 else 'no'},{'rare' if row == 5 else 'abc'[row % 3]},{row * 0.5}\n"
    for row in range(60)
)
DATED = "sold,weekly,price\n" + "".join(
    f"{'' if row % 9 == 4 else f'20{20 + row % 5}-{row % 12 + 1:02}-{row % 28 + 1:02} {row % 24:02}:30'},"
    f"{1965 + row % 7}-02-{row % 4 + 1:02},{row * 0.5}\n"
    for row in range(60)
)
"""Moments with gaps, and days before 1970 without."""
CONFIGS = {
    "odd": """
data: {source: odd.csv, target: price, numeric_encoding: {piecewise_linear: {bins: 4}}, test: 0.2, scaling: minmax,
  target_scaling: standardize, types: {kind: category}}
model:
  layers:
    - dense: {units: 8, kernel_initializer: {random_normal: {stddev: 0.1}}, kernel_regularizer: {l1: 0.01}}
    - prelu
    - dropout: 0.2
training:
  optimizer: {name: adam, clipnorm: 1.0}
  learning_rate_schedule: {cosine_decay: {decay_steps: auto}}
  min_epochs: 2
  metrics: [mae]
""",
    "robust": """
data: {source: odd.csv, target: shop, exclude: [price], scaling: robust, class_weight: balanced, stratify: false}
training:
  learning_rate_schedule: reduce_on_plateau
  early_stopping: {monitor: val_auc, patience: 1}
  metrics: [accuracy, auc]
""",
    "members": """
data: {source: odd.csv, target: shop, exclude: [price], class_weight: balanced, stratify: false}
model: {hidden_units: [8], dropout: 0.2, members: 3, kernel_initializer: {random_normal: {stddev: 0.1}}}
output: {plots: []}
""",
    "members of a number": """
data: {source: dated.csv, target: price, target_scaling: standardize, dates: parts,
  numeric_encoding: {piecewise_linear: {bins: 4}}}
model: {hidden_units: [8], input_scale: 3, members: 2}
training: {optimizer: {name: adamw, weight_decay: 0.02}, metrics: [mae]}
output: {plots: []}
""",
}


def write_configs(folder: Path) -> dict[str, Path]:
    """Write the tables, and each config as NAME.yaml; returns their paths by name."""
    for name, text in (("odd", TABLE), ("dated", DATED)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    paths = {name: folder / f"{name}.yaml" for name in CONFIGS}
    for name, path in paths.items():
        path.write_text(CONFIGS[name], encoding="utf-8")
    return paths
