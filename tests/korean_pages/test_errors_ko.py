"""Every message of docs/ko/errors.md is provoked, and printed as the page has it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mlpcli import backend
from tests.markdown_parts import ROOT

PAGE = ROOT / "docs" / "ko" / "errors.md"
_SECTION = re.compile(r"^### (.+?)\n+```\n\$ mlpcli (.+?)\n(.*?)^```$", re.M | re.S)
SHOWN = {match[1]: (match[2].split(), match[3]) for match in _SECTION.finditer(PAGE.read_text(encoding="utf-8"))}
"""Each heading with its command and what the page says it prints."""

ROWS = "".join(f"{n % 7 + 0.5},{n * n % 11},{'ab'[n % 2]}\n" for n in range(40))
GOOD = "나이,몸무게,종류\n" + ROWS
TABLE = "data: {source: people.csv, target: 종류, test: 0.2}\n"
DIGITS = "data: {source: digits}\n"
NUMPY = "training: {engine: numpy, epochs: 1}\noutput: {plots: []}\n"

Prepare = Callable[[Path], Any]


def _files(**files: str | bytes) -> Prepare:
    """Writes files; in their names the last `_` stands for the dot."""

    def write(folder: Path) -> None:
        for name, content in files.items():
            (folder / ".".join(name.rsplit("_", 1))).write_bytes(
                content.encode() if isinstance(content, str) else content
            )

    return write


def _config(text: str) -> Prepare:
    return _files(my_yaml=text)


def _table(csv: str | bytes, config: str = TABLE) -> Prepare:
    return _files(my_yaml=config, people_csv=csv)


def _trained(config: str = TABLE + NUMPY, **files: str | bytes) -> Prepare:
    """A run in runs/people, and more files."""

    def train(folder: Path) -> None:
        import mlpcli

        _files(**{"people_csv": GOOD, "people_yaml": config, **files})(folder)
        mlpcli.train("people.yaml", runs_dir="runs", resend_signals=False)

    return train


def _loose_photos(folder: Path) -> None:
    (folder / "photos").mkdir()
    for number in range(4):
        Image.new("RGB", (8, 8), (60 * number, 0, 0)).save(folder / "photos" / f"IMG_{number:04}.jpg")


def _taken(folder: Path) -> None:
    (folder / "runs" / "digits").mkdir(parents=True)
    (folder / "runs" / "digits" / "config.yaml").write_text("", encoding="utf-8")


FREE_TEXT = "".join(f"{n},배송이 빠르고 좋은 상품 {n}번,{'ab'[n % 2]}\n" for n in range(60))
GIVEN: dict[str, Prepare] = {
    "설정 파일이 없습니다": _files(),
    "레시피 이름이 틀렸습니다": _files(),
    "키나 값을 잘못 적었습니다": _config(
        DIGITS + "model:\n  activation: rellu\ntraining:\n  optimiser: adam\n  epochs: 100.0\n"
    ),
    "들여쓰기에 탭을 썼습니다": _config(DIGITS + "training:\n\tepochs: 5\n"),
    "콜론 뒤에 빈칸이 없습니다": _config(DIGITS + "training:\n  epochs:5\n"),
    "Keras 코드를 그대로 적었습니다": _config(DIGITS + "training:\n  optimizer: SGD(lr=0.1)\n"),
    "손실 함수가 문제에 맞지 않습니다": _config(
        "data: {source: height_weight}\ntraining:\n  loss: binary_crossentropy\n"
    ),
    "입력 형태가 데이터와 다릅니다": _config(DIGITS + "model:\n  input_shape: [784]\n"),
    "출력층의 유닛 수가 클래스 수와 다릅니다": _config(DIGITS + "model:\n  output: {units: 5, activation: softmax}\n"),
    "검증 데이터 없이 val_loss를 지켜봅니다": _config(
        "data: {source: digits, validation: null}\ntraining:\n  early_stopping: {monitor: val_loss}\n"
    ),
    "-s에 섹션을 적지 않았습니다": _config(DIGITS),
    "데이터 파일을 찾지 못했습니다": _config(TABLE),
    "타깃 열을 정하지 않았습니다": _table(GOOD, "data: {source: people.csv}\n"),
    "타깃 열의 이름이 틀렸습니다": _table(GOOD, TABLE.replace("종류", "종루")),
    "숫자 열에 글자가 섞였습니다": _table(GOOD + "약 30,3,a\n"),
    "첫 줄에 열 이름이 없습니다": _table(ROWS),
    "행마다 값의 개수가 다릅니다": _table(GOOD + "1,2\n"),
    "인코딩을 잘못 적었습니다": _table(GOOD.encode("cp949"), TABLE.replace("target", "encoding: utf-8, target")),
    "자유로운 글이 든 열이 있습니다": _table("번호,후기,종류\n" + FREE_TEXT),
    "타깃 값이 모두 같습니다": _table(GOOD.replace(",b", ",a")),
    "행이 하나뿐인 클래스가 있습니다": _table(GOOD + "1,2,c\n"),
    "엑셀 파일을 읽을 패키지가 없습니다": _files(my_yaml=TABLE.replace(".csv", ".xlsx"), people_xlsx=b"PK\x03\x04"),
    "데이터를 내려받지 못했습니다": _config("data: {source: mnist}\n"),
    "사진이 클래스별 폴더에 있지 않습니다": _loose_photos,
    "결과 폴더를 찾지 못했습니다": _taken,
    "결과 폴더가 이미 있습니다": _taken,
    "예측할 표에 열이 없습니다": _trained(new_csv="나이\n1.5\n"),
    "예측할 사진의 형식을 읽지 못합니다": _trained(DIGITS + NUMPY, IMG_0001_heic=b"....ftypheic"),
    "모델이 망가졌습니다": _files(model_keras=b"PK\x03\x04 half of a download"),
    "손실이 유한한 수가 아닙니다": _table(
        "a,b\n" + "".join(f"{n * 1000},{n * n * 1000}\n" for n in range(60)),
        "data: {source: people.csv, target: b, scaling: none}\n"
        "training: {engine: numpy, epochs: 5, optimizer: {name: sgd, learning_rate: 0.1}}\noutput: {plots: []}\n",
    ),
    "열 하나가 답을 그대로 알려 줍니다": _table(
        "나이,등급,합격\n" + "".join(f"{n * 7 % 121 + 0.5},{'상하'[n % 2]},{'OX'[n % 2]}\n" for n in range(120)),
        "data: {source: people.csv, target: 합격}\n" + NUMPY,
    ),
    "새 데이터가 학습 데이터와 다릅니다": _trained(
        "data: {source: people.csv, target: 종류, types: {지점: category}}\n" + NUMPY,
        people_csv="지점,나이,종류\n" + "".join(f"00{n % 3 + 1},{n},{'ab'[n % 2]}\n" for n in range(60)),
        new_csv="지점,나이\n" + "".join(f"{n % 3 + 1},{n}\n" for n in range(20)),
    ),
}
"""For each heading, what must be in the folder for its message."""
EXIT = {
    "손실이 유한한 수가 아닙니다": 1,
    "열 하나가 답을 그대로 알려 줍니다": 0,
    "새 데이터가 학습 데이터와 다릅니다": 0,
}
"""The exit code of a failure and of warnings; the others are mistakes, with 2."""


@pytest.fixture(autouse=True)
def _no_network_and_no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(name: str) -> Any:
        raise OSError("<urlopen error [Errno -3] Temporary failure in name resolution>")

    monkeypatch.setattr(backend, "keras_datasets", no_network)
    monkeypatch.setitem(sys.modules, "python_calamine", None)  # importing it fails


def test_the_page_has_every_case_and_no_other() -> None:
    assert list(SHOWN) == list(GIVEN)
    headings = re.findall(r"^### (.+)$", PAGE.read_text(encoding="utf-8"), re.M)
    assert headings == list(GIVEN)


@pytest.mark.parametrize("heading", GIVEN)
def test_the_message_is_the_one_of_the_page(
    heading: str, tmp_path: Path, mlpcli_here: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    GIVEN[heading](tmp_path)
    command, shown = SHOWN[heading]
    done = mlpcli_here(*command)
    said = re.sub(r"^epoch .*\n", "", done.stderr, flags=re.M).replace(str(tmp_path), "/home/me")
    assert said == shown
    assert done.returncode == EXIT.get(heading, 2)
