"""The generated sets in an ejected script: the same rows as `mlpcli.data.generated` makes."""

from __future__ import annotations

from mlpcli.config.sections import GenerateConfig
from mlpcli.data.generated import RECIPES


def generated_text(name: str, settings: GenerateConfig) -> str:
    """Lines of NumPy that make x (rows, columns) and y (rows,)."""
    noise = RECIPES[name].noise if settings.noise is None else settings.noise
    text, sizes = _RULES[name], f"ROWS, NOISE = {settings.rows}, {noise}"
    if name == "animals" and noise == 0:
        text, sizes = text.partition("wrong = ")[0], f"ROWS = {settings.rows}"
    return f"# {_WHAT[name]}\n{sizes}\nrandom = np.random.default_rng({settings.seed})\n{text}"


_WHAT = {
    "moons": "Points on two half circles, half of the rows on each.",
    "spirals": "Points on three spiral arms, a third of the rows on each.",
    "blobs": "Points around three centres, a third of the rows around each.",
    "animals": "Hair and wings (0 or 1) of animals: 0 is a bird, 1 a mammal, 2 another one.",
    "height_weight": "Heights of adults in cm, and their weights in kg.",
}
_SCATTERED = 'x = np.round(points + NOISE * random.standard_normal(points.shape), 4).astype("float32")\n'
_RULES = {
    "moons": """y = random.permutation(np.arange(ROWS) % 2)  # 1 is the upper half circle
angle = random.uniform(0, np.pi, ROWS)
sign = np.where(y, 1, -1)
points = np.stack([sign * np.cos(angle) + (1 - y), sign * np.sin(angle) + 0.5 * (1 - y)], axis=1)
"""
    + _SCATTERED,
    "spirals": """y = random.permutation(np.arange(ROWS) % 3)  # which arm
radius = random.uniform(0.1, 1, ROWS)
angle = 2 * np.pi * (y / 3 + 0.75 * radius)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
"""
    + _SCATTERED,
    "blobs": """y = random.permutation(np.arange(ROWS) % 3)  # which centre
angle = np.pi / 2 + 2 * np.pi * y / 3
points = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
"""
    + _SCATTERED,
    "animals": """kind = random.permutation(np.arange(ROWS) % 4)
hair, wings = kind // 2, kind % 2
x = np.stack([hair, wings], axis=1).astype("float32")
y = np.array([[2, 0], [1, 2]])[hair, wings]
wrong = random.integers(0, 3, ROWS)
y = np.where(random.random(ROWS) < NOISE, wrong, y)
""",
    "height_weight": """height = np.clip(random.normal(168, 9, ROWS), 140, 205).round(1)
weight = (0.9 * height - 88 + NOISE * random.standard_normal(ROWS)).round(1)
x, y = height[:, None].astype("float32"), weight.astype("float32")
""",
}
