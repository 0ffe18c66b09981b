"""What is refused, with a status, and JSON that says what to do; and that the server goes on."""

from __future__ import annotations

import io
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlpcli.serve import answering
from mlpcli.serve.limits import Limits
from tests.serve.serving import PASSENGER, asking, get, post, serving, write_passengers

JSON = {"Content-Type": "application/json"}


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/json"
    (message,) = answer.json().values()
    return answer.status_code, message


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("{", 400, "the body is not JSON: "),
        (b"\xff", 400, "the body is not JSON: "),
        ('{"rows": [NaN]}', 400, "the body is not JSON: NaN is not valid JSON; write null where a value is missing"),
        ("[" * 100_000, 400, "the JSON is nested too deeply"),
        ("[1]", 422, "the body is not a JSON object; send one such as "),
        ('{"row": []}', 422, "the object has the keys row; send "),
        ('{"rows": []}', 422, "rows: give a list of at least one row"),
        (
            '{"rows": [1]}',
            422,
            "row 0 (from 0): give an object of columns, or a list of 4 cells in the order age",
        ),
        (
            '{"rows": [{"ages": 3}]}',
            422,
            "row 0 (from 0): lacks age, port, alone, fare; give every column, null where nothing is known; did",
        ),
        ('{"rows": [[1, [], true, 1]]}', 422, "row 0 (from 0): port: give a text, a number, true, false or null"),
        ('{"rows": [["\\ud800", "S", true, 1]]}', 422, "a text holds half of a surrogate pair"),
        ('{"rows": [[1e999, "S", true, 1]]}', 422, "row 0 (from 0): age: "),
        (f'{{"rows": [[{"9" * 400}, "S", true, 1]]}}', 422, "row 0 (from 0): age: "),
        ('{"rows": [[1, "S", "maybe", 1]]}', 422, "row 0 (from 0): alone: "),
        ('{"rows": [[1, "S", true, "$5"], [1, "S", true, 5]]}', 422, "fare: holds texts and numbers; give all of them"),
        (
            '{"pictures": ["AAAA"]}',
            422,
            "picture 0: is a picture, but this model takes rows with the columns age, po",
        ),
        ('{"pictures": ["*"]}', 422, "picture 0 (from 0): is not base64"),
    ],
)
def test_json_that_does_not_fit(client: httpx.Client, body: str | bytes, status: int, said: str) -> None:
    found, message = refused(client.post("/predict", content=body, headers=JSON))
    assert (found, message[: len(said)]) == (status, said)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "give one of the keys dataframe_split, "),
        ({"dataframe_split": 1}, "dataframe_split: give columns and data, as in "),
        ({"dataframe_split": {"columns": 1, "data": [[1]]}}, "dataframe_split: columns: give a list of names"),
        ({"dataframe_split": {"columns": {"a": 1}, "data": [[1]]}}, "dataframe_split: columns: give a list of names"),
        ({"dataframe_split": {"columns": ["a"], "data": [1]}}, "dataframe_split: give 1 cells in each row of data"),
        ({"dataframe_split": {"data": [1]}}, "row 0 (from 0): give an object of columns, or a list of 4 cells"),
        ({"dataframe_records": {"a": 1}}, "dataframe_records: give a list of at least one row"),
        ({"inputs": {"a": []}}, "inputs: give a list of at least one row"),
        ({"inputs": {"a": [1], "b": [1, 2]}}, "inputs: give a list for each column, all of the same length"),
        ({"instances": [1, {}]}, "row 0 (from 0): give an object of columns, or a list of 4 cells"),
    ],
    ids=str,
)
def test_data_frames_that_do_not_fit(client: httpx.Client, sent: dict[str, Any], said: str) -> None:
    status, message = refused(client.post("/invocations", json=sent))
    assert (status, message[: len(said)]) == (422, said)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("modle=x", 'unknown option "modle"; available: model, top, '),
        ("top=0", 'top: give a whole number of at least 1 (got "0")'),
        ("top=²", 'top: give a whole number of at least 1 (got "²")'),
        ("see=maybe", 'see: give true, false or auto (got "maybe")'),
        ("format=xml", 'format: give json or csv (got "xml")'),
    ],
)
def test_options_that_do_not_fit(client: httpx.Client, query: str, said: str) -> None:
    status, message = refused(client.post(f"/predict?{query}", json={"rows": [PASSENGER]}))
    assert (status, message[: len(said)]) == (422, said)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/etc/passwd", 404, "there is no such path; see /docs"),
        ("GET", "/..%2f..%2fetc%2fpasswd", 404, "there is no such path; see /docs"),
        ("GET", "/v1/models/..%2f..%2fetc", 404, "there is no such path; see /docs"),
        (
            "GET",
            "/v2/models/passenger",
            404,
            'no model "passenger"; available: passengers, ',
        ),
        ("GET", "/v2/models/sums/versions/2", 404, "version 2 of sums is not served; version 1 is"),
        ("GET", "/predict", 405, "this path does not allow that method; see /docs"),
        ("POST", "/feedback", 404, "feedback is not kept; start mlpcli serve --feedback FILE"),
    ],
)
def test_paths_that_are_not_there(client: httpx.Client, method: str, path: str, status: int, said: str) -> None:
    found, message = refused(client.request(method, path))
    assert (found, message[: len(said)]) == (status, said)


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("a.csv", b"age,port\n1,S\n", 422, "a.csv: lacks 2 columns alone, fare"),
        ("a.csv", b"", 422, "a.csv: is empty (0 bytes)"),
        ("a.csv", b"age,port,alone,fare\n", 422, "a.csv: has the names of 4 columns but no rows"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", 422, "a.csv: is a picture (PNG)"),
        ("/etc/passwd", b"<html>", 422, "passwd: is a web page (HTML)"),
        ("..", b"<html>", 422, "file: is a web page (HTML)"),
        ("a.xlsx", b"PK", 415, "a.xlsx: a table is sent as CSV, and not compressed"),
        ("a.csv.gz", b"\x1f\x8b", 415, "a.csv.gz: a table is sent as CSV, and not compressed"),
    ],
)
def test_files_that_are_no_table(client: httpx.Client, name: str, content: bytes, status: int, said: str) -> None:
    found, message = refused(client.post("/predict", files={"file": (name, content)}))
    assert (found, message[: len(said)]) == (status, said)


def test_forms_that_are_none(client: httpx.Client) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    status, message = refused(client.post("/predict", content=b"x", headers=headers))
    assert (status, message[:45]) == (400, "the Content-Type multipart/form-data lacks it")
    headers["Content-Type"] += "; boundary=x"
    status, message = refused(client.post("/predict", content=b"nothing", headers=headers))
    assert (status, message[:25]) == (400, "the form cannot be read: ")
    status, message = refused(client.post("/predict", files={"a": ("a", b"1"), "b": ("b", b"2")}))
    assert (status, message) == (422, "the form holds 2 files; send one table at a time")
    packed = client.post("/predict", content=b"x", headers={"Content-Encoding": "gzip"})
    assert refused(packed) == (415, "the body is compressed (gzip); send it uncompressed")
    status, message = refused(client.post("/predict", content=b"x", headers={"Content-Type": "text/html"}))
    assert (status, message[:33]) == (415, "the Content-Type is text/html; se")


def _png(width: int, height: int) -> bytes:
    """The header of a PNG that claims this size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + b"\0\0\0\x0aIDAT"


def test_pictures_of_too_many_pixels(client: httpx.Client) -> None:
    files = {"file": ("large.png", _png(10_000, 9_000))}
    assert refused(client.post("/predict?model=숫자", files=files)) == (
        413,
        "large.png: has 10,000 x 9,000 pixels, but at most 50 million are read; make it smaller, or start mlpcli serve"
        " --max-megapixels N",
    )
    status, message = refused(client.post("/predict?model=숫자", files={"file": ("x.png", _png(4, 4)[:20])}))
    assert (status, message[:23]) == (422, "x.png: is damaged or tr")


@pytest.fixture
def passengers(tmp_path: Path) -> Path:
    return write_passengers(tmp_path / "passengers.keras")


def test_bytes_and_rows_of_a_request_are_bounded(passengers: Path) -> None:
    with serving([passengers], limits=Limits(mib=1, rows=2)) as address, asking(address) as client:
        large = b" " * (1 << 20) + b"{}"
        said = "a request may have 1 MiB at most; send less at a time, or start mlpcli serve --max-mib N"
        assert refused(client.post("/predict", content=large, headers=JSON)) == (413, said)
        pieces = (large[at : at + 70_000] for at in range(0, len(large), 70_000))  # without a Content-Length
        assert refused(client.post("/predict", content=pieces, headers=JSON)) == (413, said)
        said = "a request may hold 2 rows at most; send fewer at a time, or start mlpcli serve --max-rows N"
        assert refused(client.post("/predict", json={"rows": [PASSENGER] * 3})) == (413, said)
        csv = b"age,port,alone,fare\n" + b"30,S,true,5\n" * 3
        assert refused(client.post("/predict", files={"file": ("a.csv", csv)})) == (413, said)
        assert refused(client.post("/v1/models/passengers:predict", json={"instances": [PASSENGER] * 3}))[0] == 413
        assert client.post("/predict", json={"rows": [PASSENGER] * 2}).status_code == 200


def test_a_body_that_does_not_come(passengers: Path) -> None:
    with serving([passengers], limits=Limits(seconds=0.2)) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 30) as slow:
            slow.sendall(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{")
            answer = slow.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not come within 0.2 s; send it again" in answer


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Two events: answering a file has begun, and it may go on."""
    begun, go_on, real = threading.Event(), threading.Event(), answering.answer_table_file

    def slow(*arguments: Any) -> Any:
        begun.set()
        go_on.wait(300)
        return real(*arguments)

    monkeypatch.setattr("mlpcli.serve.api.answer_table_file", slow)
    yield begun, go_on
    go_on.set()


FILE = {"file": ("a.csv", b"age,port,alone,fare\n30,S,true,5\n")}


def test_too_many_requests(passengers: Path, go_on: tuple[threading.Event, threading.Event]) -> None:
    with serving([passengers], limits=Limits(seconds=600, requests=1)) as address:
        found: list[httpx.Response] = []
        first = threading.Thread(target=lambda: found.append(post(address, "/predict", files=FILE)))
        first.start()
        assert go_on[0].wait(300)
        other = post(address, "/predict", json={"rows": [PASSENGER]})
        assert refused(other) == (503, "1 requests are being answered; try again")
        assert other.headers["retry-after"] == "1"
        assert get(address, "/health").status_code == 200
        go_on[1].set()
        first.join(300)
        assert found[0].status_code == 200
        assert post(address, "/predict", json={"rows": [PASSENGER]}).status_code == 200


def test_an_answer_that_takes_too_long(passengers: Path, go_on: tuple[threading.Event, threading.Event]) -> None:
    with serving([passengers], limits=Limits(seconds=1, requests=1)) as address:
        said = "the answer takes more than 1 s; send less at a time, or start mlpcli serve --max-seconds N"
        assert refused(post(address, "/predict", files=FILE)) == (503, said)
        go_on[1].set()
        assert post(address, "/predict", json={"rows": [PASSENGER]}).status_code == 200


def test_uploads_never_touch_the_disk(passengers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))  # where nothing can be written
    csv = b"age,port,alone,fare\n" + b"30,S,true,5\n" * 100_000
    before = sorted(tmp_path.rglob("*"))
    with serving([passengers], limits=Limits(rows=100_000)) as address:
        answer = post(address, "/predict?format=csv", files={"file": ("a.csv", csv)}, timeout=300)
    assert (answer.status_code, answer.content.count(b"\n")) == (200, 100_001)
    assert sorted(tmp_path.rglob("*")) == before


TOKEN = "a-token-of-many-letters"


def test_a_token(passengers: Path) -> None:
    with serving([passengers], token=TOKEN) as address, asking(address) as client:
        for path in ("/models", "/v2/models/passengers", "/metrics", "/openapi.json"):
            status, message = refused(client.get(path))
            assert (status, message[:19]) == (401, "give the token of -")
            assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        for wrong in ("", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é".encode()):
            answer = client.post("/predict", json={"rows": [PASSENGER]}, headers={"Authorization": wrong})
            assert refused(answer)[0] == 401
        for path in ("/", "/docs", "/health", "/v2/health/ready"):  # which tell nothing of the models' insides
            assert client.get(path).status_code == 200
        sent = {"json": {"rows": [PASSENGER]}, "headers": {"Authorization": f"bearer {TOKEN}"}}
        assert client.post("/predict", **sent).status_code == 200


def test_other_hosts_and_other_pages_are_refused(passengers: Path) -> None:
    """A page of another address may reach a server of this machine by a name of its own, or send forms to it."""
    with serving([passengers], hosts=frozenset({"localhost", "127.0.0.1"})) as address, asking(address) as client:
        assert client.get("/health", headers={"Host": "localhost:8000"}).status_code == 200
        status, message = refused(client.get("/health", headers={"Host": "evil.example"}))
        assert (status, message[:40]) == (403, "the host 'evil.example' is not allowed; ")
        sent = {"json": {"rows": [PASSENGER]}}
        assert client.post("/predict", headers={"Origin": address}, **sent).status_code == 200
        for origin in ("http://evil.example", "null", "http://["):
            assert refused(client.post("/predict", headers={"Origin": origin}, **sent))[0] == 403


def test_feedback_is_added_to_a_table(passengers: Path, tmp_path: Path) -> None:
    import csv

    from mlpcli.serve.feedback import FeedbackFile

    path = tmp_path / "feedback.csv"
    with serving([passengers], feedback=FeedbackFile(path)) as address, asking(address) as client:
        said = {"model": "passengers", "predicted": "no", "correct": "yes", "input": "=1+1", "row": PASSENGER}
        assert client.post("/feedback", json=said).status_code == 201
        status, message = refused(client.post("/feedback", json={"correct": "yess"}))
        assert (status, message) == (422, 'correct: "yess" is not a class of passengers; did you mean "yes"?')
        status, message = refused(client.post("/feedback", json={**said, "input": "x" * 1001}))
        assert (status, message) == (422, "input: give a text of 1,000 letters at most")
    FeedbackFile(path)  # goes on with the same table
    (line,) = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    assert (line["model"], line["version"], line["predicted"], line["correct"]) == ("passengers", "1", "no", "yes")
    assert (line["input"], json.loads(line["row"])) == ("'=1+1", PASSENGER)
    assert time.strptime(line["time"], "%Y-%m-%dT%H:%M:%S+00:00")
