"""POST /predict: the same answers as `mlpcli predict`, for rows, tables and pictures."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from mlpcli.config.sections import DataConfig
from mlpcli.data.sources import load_source
from mlpcli.serve.describe import example_row
from mlpcli.serve.models import Models
from mlpcli.workflows.predict import predict
from mlpcli.workflows.train import train
from tests.serve.serving import PASSENGER

TABLE = """survived,age,port,alone,fare,note
yes,30,S,true,"$1,200.50",=a
no,,C,no,$7,"two
lines"
,44.5,X,0,8,
"""


def probability(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def ask(client: httpx.Client, body: Any, **options: Any) -> Any:
    answer = client.post("/predict", json=body, params=options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_rows_by_name_and_in_order(client: httpx.Client) -> None:
    # 0.1 * 30 - 3 + 1 (from S) - 2 (alone)
    expected = {"row": 0, "input": "rows", "label": "no", "probability": pytest.approx(1 - probability(-1), abs=1e-6)}
    assert ask(client, {"rows": [PASSENGER]}) == {
        "model": "passengers", "version": 1, "task": "binary", "predictions": [expected], "notes": [],
    }  # fmt: skip
    assert ask(client, {"rows": [["30", "S", "yes", "$10"]]})["predictions"] == [expected]


def test_gaps_and_unseen_values_are_told(client: httpx.Client) -> None:
    found = ask(client, {"rows": [{**PASSENGER, "age": None, "port": "Q"}]}, top=2)
    (entry,) = found["predictions"]
    # 30 in place of the gap, and 1 for the gap itself, - 2 (alone)
    assert entry["probability"] == pytest.approx(1 - probability(-1), abs=1e-6)
    assert [one["label"] for one in entry["top"]] == ["no", "yes"]
    assert found["notes"] == [
        'warning: port: 1 of 1 values are in no training row: "Q"; training had C, S',
    ]


def test_a_row_that_cannot_be_read_has_no_answer(client: httpx.Client) -> None:
    rows = [{**PASSENGER, "age": "old"}, PASSENGER]
    first, second = ask(client, {"rows": rows})["predictions"]
    assert first["error"].startswith('row 0 (from 0): age: "old" is not a number')
    assert second["label"] == "no"
    strict = client.post("/predict", json={"rows": rows}, params={"strict": "true"})
    assert (strict.status_code, strict.json()["error"]) == (422, first["error"])


@pytest.mark.parametrize("form", [True, False], ids=["form", "body"])
def test_a_csv_has_the_answers_of_predict(
    client: httpx.Client, model_files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "new.csv" if form else "sent.csv"
    Path(name).write_text(TABLE, encoding="utf-8")
    expected = predict(model_files["passengers"], name, top=2, output="answers.csv")
    sent: dict[str, Any] = {"files": {"file": (f"C:\\here\\{name}", TABLE.encode())}}
    if not form:
        sent = {"content": TABLE.encode(), "headers": {"Content-Type": "text/csv; charset=utf-8"}}
    found = client.post("/predict?top=2", **sent).json()
    assert found["predictions"] == expected.predictions
    assert found["notes"] == expected.notes
    table = client.post("/predict?top=2&format=csv", **sent)
    assert table.content == Path("answers.csv").read_bytes()
    assert table.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_korean_csv_of_excel_is_read(client: httpx.Client) -> None:
    text = "비고;age;port;alone;fare\n서울;30,5;S;아니오;10\n".replace("아니오", "no")
    found = client.post("/predict", content=text.encode("cp949"), headers={"Content-Type": "text/csv"}).json()
    assert found["predictions"][0]["probability"] == pytest.approx(probability(1.05), abs=1e-6)


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, bytes]:
    """Two pictures of the training's form, a photo of a light page, and no picture."""
    draw = np.random.default_rng(1)
    photo = np.full((200, 160), 240, np.uint8)
    photo[60:140, 70:90] = 20
    found = {}
    for name, pixels in {"a.png": draw.integers(0, 255, (8, 8)), "b.jpg": draw.integers(0, 255, (30, 20, 3))}.items():
        found[name] = _encoded(pixels.astype(np.uint8), name)
    return {**found, "photo.png": _encoded(photo, "photo.png"), "x.png": b"GIF89a"}


def _encoded(pixels: np.ndarray, name: str) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG" if name.endswith("png") else "JPEG")
    return content.getvalue()


def test_pictures_have_the_answers_of_predict(
    client: httpx.Client,
    model_files: dict[str, Path],
    pictures: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in pictures.items():
        Path(name).write_bytes(content)
    expected = predict(model_files["숫자"], list(pictures), top=3, save_input="seen")
    files = [("file", (name, content)) for name, content in pictures.items()]
    found = client.post("/predict", params={"model": "숫자", "top": 3, "see": "true"}, files=files).json()
    seen = [entry.pop("seen") for entry in found["predictions"]]
    assert found["predictions"] == expected.predictions
    assert found["notes"] == expected.notes
    assert seen[3] is None
    for name, shown in zip(("a", "b", "photo"), seen, strict=False):
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2]))))
        np.testing.assert_array_equal(pixels, np.asarray(Image.open(f"seen/{name}.png")))


def test_pictures_in_base64_and_as_a_body(client: httpx.Client, pictures: dict[str, bytes]) -> None:
    expected = client.post("/predict?model=숫자", files={"file": ("a.png", pictures["a.png"])}).json()["predictions"][0]
    text = base64.b64encode(pictures["a.png"]).decode()
    sent = {"pictures": [text, f"data:image/png;base64,{text}"]}
    for number, entry in enumerate(ask(client, sent, model="숫자")["predictions"]):
        assert entry == {**expected, "input": f"picture {number}"}
    body = client.post("/predict?model=숫자", content=pictures["a.png"], headers={"Content-Type": "image/png"})
    assert body.json()["predictions"] == [{**expected, "input": "sent picture"}]


def test_pixels_have_the_answers_of_an_array(client: httpx.Client, model_files: dict[str, Path]) -> None:
    x = np.random.default_rng(2).integers(0, 17, (5, 8, 8))
    expected = predict(model_files["숫자"], x, top=2)
    found = ask(client, {"rows": x.tolist()}, model="숫자", top=2)
    assert [{**entry, "input": "the array"} for entry in found["predictions"]] == expected.predictions


def test_numbers_without_names(client: httpx.Client) -> None:
    found = ask(client, {"rows": [[[1, 2, 3], [4, 5, 6.5]], [[0, 0, 0], [0, 0, 0]]]}, model="sums", top=5)
    assert [entry["value"] for entry in found["predictions"]] == [21.5, 0.0]


def test_what_is_served_is_described(client: httpx.Client) -> None:
    passengers, pictures, sums = client.get("/models").json()["models"]
    assert [(column["name"], column["kind"], column["default"]) for column in passengers["columns"]] == [
        ("age", "number", 30), ("port", "category", "C"), ("alone", "boolean", False), ("fare", "number", 10),
    ]  # fmt: skip
    assert passengers["columns"][3]["unit"] == "$"
    assert (pictures["classes"], pictures["picture"]) == (
        ["영", "one", "two"], {"height": 8, "width": 8, "color": "grayscale"},
    )  # fmt: skip
    assert (sums["takes"], sums["input_shape"], sums["classes"]) == ("array", [2, 3], None)


def test_a_built_in_set_begins_at_the_means_of_its_training_rows(tmp_path: Path) -> None:
    config = tmp_path / "iris.yaml"
    config.write_text(
        "data: {source: iris}\nmodel: {hidden_units: [4]}\ntraining: {engine: numpy, epochs: 1}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    run = train(config, runs_dir=tmp_path / "runs").run
    with np.load(run / "split.npz") as split:
        means = load_source(DataConfig(source="iris")).train.x[split["train"]].mean(axis=0)
    example = example_row(next(iter(Models([run]))))
    assert example is not None
    assert list(example.values()) == pytest.approx(means, rel=0.01)
