"""The page in Chromium, driven by Selenium as a person would: pictures, drawing, forms, tables, Korean, keys, a phone.

With MLPCLI_SCREENSHOTS=docs/images/serving, the pictures of docs/serving.md are made anew.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mlpcli
from mlpcli.serve.feedback import FeedbackFile
from mlpcli.workflows.predict import predict
from tests.browser_parts import find_browser
from tests.serve.serving import serving, write_passengers

selenium = pytest.importorskip("selenium")

from selenium.webdriver import ActionChains, Chrome, ChromeOptions  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

pytestmark = pytest.mark.outside

PATIENCE = 300
DESKTOP, PHONE = (1100, 860), (390, 900)
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-extensions"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
)


class Page:
    """One browser, and what a person does with it."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, address: str, tab: str = "", size: tuple[int, int] = DESKTOP, language: str = "en-US") -> None:
        agent = self.driver.execute_script("return navigator.userAgent")
        self.driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": language})
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get_log("browser")
        self.driver.get(address)
        if tab:
            self.wait(lambda: self.all("#tabs button"))
            next(button for button in self.all("#tabs button") if button.text == tab).click()

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found

    def one(self, selector: str) -> Any:
        return self.wait(lambda: self.all(selector))[0]

    def wait(self, until: Callable[[], Any]) -> Any:
        return WebDriverWait(self.driver, PATIENCE, 0.02).until(lambda _: until())

    def text(self, selector: str) -> str:
        """As JavaScript has it, at one moment: what is on the page may be replaced meanwhile."""
        found = self.driver.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)
        return str(found)

    def width_of(self, selector: str) -> int | None:
        """Of a picture, in its own pixels."""
        script = "return document.querySelector(arguments[0])?.naturalWidth"
        found: int | None = self.driver.execute_script(script, selector)
        return found

    def wait_for(self, selector: str, text: str) -> None:
        self.wait(lambda: text in self.text(selector))

    def shoot(self, name: str) -> None:
        """A picture of the page for the docs, where they are to be made."""
        folder = os.environ.get("MLPCLI_SCREENSHOTS")
        if folder:
            self.driver.save_screenshot(str(Path(folder).resolve() / f"{name}.png"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program, driver = find_browser(), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no chromium with its chromedriver found; on Debian: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = program
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=Service(driver))
    yield Page(browser)
    browser.quit()


@pytest.fixture(scope="module")
def runs(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small networks of real digits and clothes, and the model of passengers."""
    folder = tmp_path_factory.mktemp("pages")
    few = ["data.limit=4000", "training.engine=numpy", "training.epochs=4", "output.plots=[]"]
    found = {"passengers": write_passengers(folder / "passengers.keras")}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLPCLI_DATA", str(shared_data))
        patched.setenv("MLPCLI_CACHE", str(folder / "cache"))
        for name, recipe in (("digits", "mnist"), ("clothes", "fashion_mnist")):
            found[name] = mlpcli.train(recipe, few, run_dir=folder / name).run
    return found


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "feedback.csv"


@pytest.fixture(scope="module")
def address(runs: dict[str, Path], feedback: Path, page: Page) -> Iterator[str]:
    with serving([runs["digits"], runs["clothes"], runs["passengers"]], feedback=FeedbackFile(feedback)) as found:
        yield found


@pytest.fixture
def boot(shared_data: Path, tmp_path: Path) -> Path:
    """The first test picture of Fashion-MNIST, an ankle boot, as a file."""
    with gzip.open(shared_data / "fashion-mnist" / "t10k-images-idx3-ubyte.gz") as file:
        content = file.read(16 + 784)[16:]
    path = tmp_path / "boot.png"
    Image.fromarray(np.frombuffer(content, np.uint8).reshape(28, 28)).resize((280, 280)).save(path)
    return path


def bars(page: Page) -> list[str]:
    return [element.text for element in page.all(".bars .name")]


def test_a_picture_is_uploaded_and_its_label_read(
    page: Page, address: str, runs: dict[str, Path], boot: Path, feedback: Path
) -> None:
    page.open(address, "clothes")
    page.one("#picture").send_keys(str(boot))
    page.wait_for(".answer", "Ankle boot")
    expected = predict(runs["clothes"], boot, top=10).predictions[0]
    assert bars(page) == [one["label"] for one in expected["top"]]
    assert page.text(".share") == f"{100 * expected['probability']:.1f}".removesuffix(".0") + "%"
    assert page.one(".given img").get_attribute("src").startswith("blob:")
    page.wait(lambda: page.width_of(".seen img") == 28)
    page.shoot("picture")
    page.one("#result details summary").click()
    Select(page.one("#result select")).select_by_visible_text("Sneaker")
    page.one("#result form button").click()
    page.wait_for("#result form", "Thank you; your answer is saved.")
    (line,) = csv.DictReader(feedback.read_text(encoding="utf-8").splitlines())
    assert (line["model"], line["input"], line["predicted"], line["correct"]) == (
        "clothes", "boot.png", "Ankle boot", "Sneaker",
    )  # fmt: skip
    assert len(line["sha256"]) == 64


def _stroke(page: Page, *moves: tuple[int, int]) -> None:
    drawing = ActionChains(page.driver, duration=20).move_to_element_with_offset(page.one("#canvas"), 15, -90)
    drawing.click_and_hold()
    for move in moves:
        drawing.move_by_offset(*move)
    drawing.release().perform()


def test_a_one_is_drawn(page: Page, address: str) -> None:
    page.open(address, "digits")
    _stroke(page, (-5, 60), (-5, 60), (-5, 60))
    page.wait_for(".answer", "1")
    assert page.text(".answer").startswith("1")
    page.wait(lambda: page.width_of(".seen img") == 28)
    page.wait(lambda: page.text(".bars .name") == "1")
    page.shoot("drawing")
    page.one("#clear").click()
    page.wait_for("#result", "Nothing has been sent yet.")


def test_the_camera(page: Page, address: str) -> None:
    page.open(address, "clothes")
    page.one("#camera").click()
    page.wait(lambda: page.driver.execute_script("return document.querySelector('video')?.videoWidth > 0"))
    page.one("#take").click()
    page.wait(lambda: len(bars(page)) == 10)


def test_a_form_is_filled(page: Page, address: str, feedback: Path) -> None:
    page.open(address, "passengers")
    # medians: 30 years, from C, with others: 0.1 * 30 - 3 - 1
    page.wait_for(".answer", "no")
    assert [element.text for element in page.all(".bars .share")] == ["73.1%", "26.9%"]
    age = page.one("[name=age]")
    age.clear()
    age.send_keys("60")
    Select(page.one("[name=port]")).select_by_visible_text("S")
    Select(page.one("[name=alone]")).select_by_visible_text("yes")
    page.wait(lambda: page.text(".answer").startswith("yes") and page.text(".bars .share") == "88.1%")  # 0.1 * 60 - 4
    page.shoot("form")
    age.send_keys(Keys.BACKSPACE * 2)  # a gap: 30 in its place, and 1: 0.1 * 30 + 1 - 4
    page.wait(lambda: page.text(".bars .share") == "50%")
    page.one("#result details summary").click()  # leaves the field, which asks nothing anew: what was opened stays so
    time.sleep(0.4)
    assert page.all("#result details[open] form")
    page.one("#result form button").click()
    page.wait_for("#result form", "Thank you")
    *_, line = csv.DictReader(feedback.read_text(encoding="utf-8").splitlines())
    assert json.loads(line["row"]) == {"age": None, "port": "S", "alone": True, "fare": 10}


def test_rows_are_pasted_and_come_back(page: Page, address: str) -> None:
    page.open(address, "passengers")
    rows = "60\tS\tyes\t$10\n30\tC\tno\t$1,000\n"
    page.driver.execute_script("document.querySelector('#paste').value = arguments[0]", rows)
    page.one("#predict-pasted").click()
    page.wait_for("#result", "Download all 2 rows")
    cells = [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in page.all("#result tbody tr")]
    assert [row[:5] for row in cells] == [["60", "S", "yes", "$10", "yes"], ["30", "C", "no", "$1,000", "no"]]


def test_a_csv_comes_back_with_predictions(page: Page, address: str, runs: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    lines = [f'{age},S,true,10,"a ""{age}"", b"' for age in range(1, 41)]
    path.write_text("\n".join(["age,port,alone,fare,note", *lines, ""]), encoding="utf-8")
    page.open(address, "passengers")
    page.one("#table").send_keys(str(path))
    page.wait_for("#result", "The first 20 of 40 rows:")
    assert page.all("#result tbody tr")[4].text.split(" ")[:3] == ["5", "S", "true"]
    (tmp_path / "downloads").mkdir()
    place = {"behavior": "allow", "downloadPath": str(tmp_path / "downloads")}
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", place)
    page.one("#download").click()
    predict(runs["passengers"], path, output=tmp_path / "answers.csv", probabilities=True)
    downloaded = tmp_path / "downloads" / "predictions.csv"
    page.wait(downloaded.is_file)
    assert downloaded.read_bytes() == (tmp_path / "answers.csv").read_bytes()


def test_korean(page: Page, address: str) -> None:
    page.open(address, "passengers", language="ko-KR")
    page.wait_for("#result h2", "예측")
    assert page.driver.execute_script("return document.documentElement.lang") == "ko"
    page.wait_for(".answer", "no")
    for tab in ("digits", "passengers"):
        next(button for button in page.all("#tabs button") if button.text == tab).click()
        words = page.text("main") + page.text("footer")
        own = {"age", "port", "alone", "fare", "survived", "C", "S", "no", "yes", "CSV", "JSON", "API", "Shift"}
        assert set(re.findall("[A-Za-z]+", words)) <= own
    Select(page.one("#language")).select_by_value("en")
    page.wait_for("#result h2", "Prediction")
    page.driver.execute_script("localStorage.clear()")


def test_a_hostile_file(page: Page, address: str, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=document.title='hacked'>.png"
    path.write_bytes(b"<script>document.title = 'hacked'</script>")
    page.open(address, "clothes")
    title = page.driver.title
    page.one("#picture").send_keys(str(path))
    page.wait_for("[role=alert]", "This does not fit the model.")
    assert "<img src=x onerror=document.title='hacked'>.png: is not a picture" in page.text("[role=alert]")
    assert page.driver.title == title
    path = tmp_path / "cut.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    page.one("#picture").send_keys(str(path))
    page.wait_for("[role=alert]", "cut.png: is ")


def test_with_the_keyboard_alone(page: Page, address: str) -> None:
    page.open(address)
    page.wait(lambda: page.all("#canvas"))

    def press(*keys: str) -> None:
        ActionChains(page.driver).send_keys(*keys).perform()

    def focused() -> str:
        return str(page.driver.execute_script("return document.activeElement.id || document.activeElement.name"))

    def tab_to(name: str) -> None:
        for _ in range(30):
            press(Keys.TAB)
            if focused() == name:
                return
        pytest.fail(f"no Tab leads to {name}")

    tab_to("tab-0")
    tab_to("choose")
    tab_to("canvas")
    for _ in range(9):  # up without drawing, and down
        ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_UP).key_up(Keys.SHIFT).perform()
    press(*[Keys.ARROW_DOWN] * 18)
    page.wait_for(".answer", "1")
    tab_to("clear")
    press(Keys.ENTER)
    page.wait_for("#result", "Nothing has been sent yet.")
    page.open(address)
    page.wait(lambda: page.all("#canvas"))
    tab_to("tab-0")
    press(Keys.ARROW_LEFT)
    assert focused() == "tab-2"
    tab_to("age")
    press(*[Keys.BACKSPACE] * 2, "60", Keys.TAB, "S", Keys.TAB, "y")
    page.wait(lambda: page.text(".answer").startswith("yes") and page.text(".bars .share") == "88.1%")


@pytest.mark.parametrize("language", ["en-US", "ko-KR"])
def test_a_phone(page: Page, address: str, boot: Path, language: str) -> None:
    page.open(address, "clothes", PHONE, language)
    page.one("#picture").send_keys(str(boot))
    page.wait_for(".answer", "Ankle boot")
    widths = [page.driver.execute_script("return document.documentElement.scrollWidth")]
    if language == "ko-KR":
        page.driver.execute_script("document.querySelector('#result').scrollIntoView()")
        page.shoot("phone")
    next(button for button in page.all("#tabs button") if button.text == "passengers").click()
    page.wait_for(".answer", "no")
    widths.append(page.driver.execute_script("return document.documentElement.scrollWidth"))
    assert widths == [PHONE[0]] * 2


def test_it_asks_nobody_but_its_server(page: Page, address: str) -> None:
    page.open(address, "passengers")
    page.wait_for(".answer", "no")
    names = page.driver.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert names and all(name.startswith((f"{address}/", "data:")) for name in names)
    assert page.driver.get_log("browser") == []


def test_the_page_about_the_api(page: Page, address: str) -> None:
    page.open(f"{address}/docs")
    page.one("#operations details summary").click()
    page.one("#operations details[open] button").click()
    # The example of a picture is cut short.
    page.wait_for("#operations details[open] pre", "422 Unprocessable")


def test_a_token_is_asked_for(page: Page, runs: dict[str, Path]) -> None:
    with serving([runs["passengers"]], token="a-token-of-many-letters") as address:
        page.open(address)
        page.one("#token").send_keys("a-token-of-many-letters", Keys.ENTER)
        page.wait_for(".answer", "no")
        page.driver.execute_script("token = ''")  # as where the server was started again with another one
        Select(page.one("[name=port]")).select_by_visible_text("S")
        page.one("#token").send_keys("a-token-of-many-letters", Keys.ENTER)
        page.wait(lambda: page.text(".bars .share") == "73.1%" and page.text(".answer").startswith("yes"))
        assert page.one("[name=port]").get_attribute("value") == "=S"


def test_of_many_pictures_the_first_are_answered(page: Page, address: str, boot: Path) -> None:
    paths = [boot.with_name(f"{number}.png") for number in range(51)]
    for path in paths:
        path.write_bytes(boot.read_bytes())
    page.open(address, "clothes")
    page.one("#picture").send_keys("\n".join(map(str, paths)))
    page.wait_for("#result", "The first 50 of 51 pictures:")
    assert len(page.all("#result .card")) == 50
