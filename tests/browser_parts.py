"""Chromium without a screen, in its DevTools protocol over two pipes: nothing to install beside the browser itself."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 300
"""Seconds until a browser that says nothing is given up."""
_START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""The browser reads commands from descriptor 3 and writes to 4."""


def find_browser() -> str | None:
    """The path of an installed browser; None if there is none, or no such pipes (on Windows)."""
    if os.name == "nt":
        return None
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class BrowserError(Exception):
    """The browser ended, or gave no answer."""


class Browser:
    """One page in one browser. `events` are all that it told since it was last opened, in order."""

    def __init__(self, program: str, folder: Path) -> None:
        """folder: for its profile.

        Raises:
            BrowserError: it does not start.
        """
        commands, self._write = (_high(end) for end in os.pipe())
        self._read, answers = (_high(end) for end in os.pipe())
        options = [
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
            *("--no-first-run", "--disable-background-networking", "--disable-extensions", "--hide-scrollbars"),
            f"--user-data-dir={folder}",
        ]
        launcher = [sys.executable, "-IS", "-c", _START, str(commands), str(answers), program, *options]
        with open(folder.with_suffix(".log"), "wb") as log:
            self._process = subprocess.Popen(
                launcher, pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        os.close(commands)
        os.close(answers)
        self._rest, self._number, self._session = b"", 0, ""
        self.events: list[tuple[str, dict[str, Any]]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log", "Network", "DOM", "CSS"):
            self.ask(f"{part}.enable")

    def ask(self, method: str, **parameters: Any) -> Any:
        """The answer to one command of the protocol; events that come before it are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            found = self._next()
            if found.get("id") == self._number:
                if "error" in found:
                    raise BrowserError(f"{method}: {found['error']['message']}")
                return found["result"]

    def open(self, path: Path, width: int, scripts: bool = True) -> None:
        """Load a page anew, in a window of that width in CSS pixels and a height of 900; narrow ones are phones."""
        self.events.clear()
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        self.ask("Page.navigate", url=path.resolve().as_uri())
        while not any(name == "Page.loadEventFired" for name, _ in self.events):
            self._next()

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives, asked from outside of the page."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in found:
            raise BrowserError(f"{expression}: {found['exceptionDetails']['text']}")
        return found["result"].get("value")

    def requests(self) -> list[str]:
        """The addresses that the page asked for; what is within it is not among them."""
        asked = [event["request"]["url"] for name, event in self.events if name == "Network.requestWillBeSent"]
        return [address for address in asked if not address.startswith("data:")]

    def complaints(self) -> list[str]:
        """What the console shows."""
        said = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(event) for name, event in self.events if name in said]

    def fonts(self, selector: str) -> dict[str, float]:
        """The fonts that the first such element is drawn with, and for how many letters each."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        found = self.ask("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
        return {font["familyName"]: font["glyphCount"] for font in found}

    def pdf(self) -> bytes:
        """The page as it is printed on A4."""
        printed = self.ask("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(printed["data"])

    def picture(self) -> bytes:
        """The whole page, as a PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def close(self) -> None:
        """End the browser."""
        try:
            self._session = ""
            self.ask("Browser.close")
            self._process.wait(PATIENCE)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def _next(self) -> dict[str, Any]:
        """The next message; an event is kept."""
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - time.monotonic()))
            content = os.read(self._read, 1 << 20) if ready else b""
            if not content:
                raise BrowserError("the browser ended" if ready else f"the browser said nothing for {PATIENCE} s")
            self._rest += content
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        if "method" in found:
            self.events.append((found["method"], found["params"]))
        return found


def _high(descriptor: int) -> int:
    """The same pipe under a number that is not 3 or 4."""
    import fcntl

    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return high
