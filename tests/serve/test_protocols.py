"""The protocols of TensorFlow Serving, KServe, Triton and MLflow; Triton's and MLflow's own clients ask, too."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from mlpcli.workflows.predict import predict
from tests.serve.serving import PASSENGER

OLD = {**PASSENGER, "age": 60}
LOGITS = (-1.0, 2.0)


def probabilities(*logits: float) -> list[float]:
    return [pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6) for logit in logits]


def post(client: httpx.Client, path: str, body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_v1_instances(client: httpx.Client) -> None:
    path = "/v1/models/passengers:predict"
    expected = [[value] for value in probabilities(*LOGITS)]
    assert post(client, path, {"instances": [PASSENGER, OLD]}) == {"predictions": expected}
    assert post(client, path, {"instances": [list(PASSENGER.values()), list(OLD.values())]}) == {
        "predictions": expected
    }
    columns = {name: [PASSENGER[name], OLD[name]] for name in PASSENGER}
    assert post(client, path, {"inputs": columns, "signature_name": "serving_default"}) == {"outputs": expected}


def test_v1_pixels_and_pictures(client: httpx.Client, model_files: dict[str, Path], tmp_path: Path) -> None:
    import base64

    from PIL import Image

    x = np.random.default_rng(3).integers(0, 255, (8, 8), np.uint8)
    Image.fromarray(x).save(tmp_path / "a.png")
    expected = predict(model_files["숫자"], tmp_path / "a.png", invert=False).outputs
    sent = {"instances": [{"b64": base64.b64encode((tmp_path / "a.png").read_bytes()).decode()}]}
    found = post(client, "/v1/models/숫자:predict", sent)["predictions"]
    np.testing.assert_array_equal(np.float32(found), expected)
    rows = (x * np.float32(16 / 255)).tolist()
    found = post(client, "/v1/models/숫자:predict", {"instances": [rows]})["predictions"]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_v1_says_what_is_ready(client: httpx.Client) -> None:
    assert client.get("/v1/models").json() == {"models": ["passengers", "숫자", "sums"]}
    found = client.get("/v1/models/sums").json()
    assert (found["ready"], found["model_version_status"][0]["state"]) == (True, "AVAILABLE")


def test_v2_of_a_table_in_json(client: httpx.Client) -> None:
    tensors = [
        {"name": "age", "shape": [2], "datatype": "FP64", "data": [30, 60]},
        {"name": "port", "shape": [2, 1], "datatype": "BYTES", "data": [["S"], ["S"]]},
        {"name": "alone", "shape": [2], "datatype": "BOOL", "data": [True, True]},
        {"name": "fare", "shape": [2], "datatype": "BYTES", "data": ["$10", "$10"]},
    ]
    sent = {"id": "7", "inputs": tensors, "outputs": [{"name": "label"}, {"name": "output"}]}
    found = post(client, "/v2/models/passengers/versions/1/infer", sent)
    assert (found["model_name"], found["model_version"], found["id"]) == ("passengers", "1", "7")
    assert found["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["no", "yes"]},
        {"name": "output", "datatype": "FP32", "shape": [2, 1], "data": probabilities(*LOGITS)},
    ]


def test_tritons_client_asks_what_there_is(server: str) -> None:
    triton = pytest.importorskip("tritonclient.http")
    with triton.InferenceServerClient(server.removeprefix("http://")) as asked:
        assert asked.is_server_live() and asked.is_server_ready() and asked.is_model_ready("sums")
        assert asked.get_server_metadata()["name"] == "mlpcli"
        metadata = asked.get_model_metadata("숫자")
        assert metadata["inputs"] == [{"name": "input", "datatype": "FP32", "shape": [-1, 8, 8]}]
        assert [output["name"] for output in metadata["outputs"]] == ["output", "label", "probability"]


@pytest.mark.parametrize("binary", [True, False])
def test_tritons_client_gets_what_predict_gives(server: str, model_files: dict[str, Path], binary: bool) -> None:
    triton = pytest.importorskip("tritonclient.http")
    x = np.random.default_rng(4).uniform(0, 16, (5, 2, 3)).astype(np.float32)
    tensor = triton.InferInput("input", list(x.shape), "FP32")
    tensor.set_data_from_numpy(x, binary_data=binary)
    wanted = [triton.InferRequestedOutput("output", binary_data=binary)]
    with triton.InferenceServerClient(server.removeprefix("http://")) as asked:
        for outputs in (wanted, None):
            found = asked.infer("sums", [tensor], outputs=outputs).as_numpy("output")
            np.testing.assert_array_equal(found, predict(model_files["sums"], x).outputs)


def test_tritons_client_sends_texts(server: str) -> None:
    triton = pytest.importorskip("tritonclient.http")
    columns = {
        "age": np.array([30, np.nan]), "port": np.array(["S", "부산"], object),
        "alone": np.array([True, False]), "fare": np.array([10, 10], np.int32),
    }  # fmt: skip
    kinds = {"age": "FP64", "port": "BYTES", "alone": "BOOL", "fare": "INT32"}
    tensors = []
    for name, values in columns.items():
        tensors.append(triton.InferInput(name, [2], kinds[name]))
        tensors[-1].set_data_from_numpy(values)
    with triton.InferenceServerClient(server.removeprefix("http://")) as asked:
        found = asked.infer("passengers", tensors)
    # 30 for the gap and 1 because it is one; an unseen port is worth 0
    assert found.as_numpy("output")[:, 0].tolist() == probabilities(-1.0, 1.0)
    assert found.as_numpy("label").tolist() == [b"no", b"yes"]
    assert found.as_numpy("probability").dtype == np.float32


SPLIT = {"columns": list(PASSENGER), "data": [list(PASSENGER.values()), list(OLD.values())]}


@pytest.mark.parametrize(
    "sent",
    [
        {"dataframe_split": SPLIT},
        {"dataframe_records": [PASSENGER, OLD], "params": {}},
        {"instances": [PASSENGER, OLD]},
        {"inputs": {name: [PASSENGER[name], OLD[name]] for name in PASSENGER}},
    ],
    ids=lambda sent: next(iter(sent)),
)
def test_invocations(client: httpx.Client, sent: dict[str, Any]) -> None:
    low, high = probabilities(1.0, 2.0)  # of "no", and of "yes"
    expected = [{"label": "no", "probability": low}, {"label": "yes", "probability": high}]
    assert post(client, "/invocations", sent) == {"predictions": expected}


def test_mlflows_client_sends_a_data_frame_with_a_gap(server: str) -> None:
    pandas = pytest.importorskip("pandas")
    client = pytest.importorskip("mlflow.pyfunc.scoring_server.client")
    frame = pandas.DataFrame([PASSENGER, {**PASSENGER, "age": None, "port": "부산", "alone": False}])
    asked = client.ScoringServerClient("127.0.0.1", server.rpartition(":")[2])
    asked.wait_server_ready(timeout=300)
    found = asked.invoke(frame).get_predictions()  # it writes the gap as NaN, which JSON does not have
    assert found["label"].tolist() == ["no", "yes"]
    assert found["probability"].tolist() == [*probabilities(1.0), *probabilities(1.0)]  # 30 for the gap; see above


def test_an_infinite_number_is_refused(client: httpx.Client) -> None:
    found = client.post("/invocations", content='{"instances": [[Infinity]]}')
    assert (found.status_code, found.json()["error"][:35]) == (400, "the body is not JSON: Infinity is n")


def test_invocations_of_a_csv(client: httpx.Client) -> None:
    csv = "age,port,alone,fare\n30,S,true,10\n"
    found = client.post("/invocations", content=csv, headers={"Content-Type": "text/csv"}).json()
    assert [record["label"] for record in found["predictions"]] == ["no"]
    assert client.get("/ping").status_code == 200


def test_counts_are_read_by_prometheus(client: httpx.Client) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    def counted() -> dict[tuple[str, str], float]:
        families = text_string_to_metric_families(client.get("/metrics").text)
        samples = (sample for family in families for sample in family.samples)
        return {(sample.name, ",".join(sample.labels.values())): sample.value for sample in samples}

    before = counted()
    post(client, "/predict", {"rows": [PASSENGER, OLD]})
    client.post("/predict?model=none", json={"rows": []})
    after = counted()

    def more(name: str, labels: str) -> float:
        return after[name, labels] - before.get((name, labels), 0)

    assert more("mlpcli_rows_total", "passengers") == 2
    assert more("mlpcli_requests_total", "/predict,200") == 1
    assert more("mlpcli_requests_total", "/predict,404") == 1
    assert after["mlpcli_requests_in_progress", ""] == 1
    assert after["mlpcli_request_seconds_bucket", "+Inf"] == after["mlpcli_request_seconds_count", ""]
