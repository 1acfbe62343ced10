"""A headless Chromium that is clicked, typed into and photographed as a person would: DevTools protocol over a pipe.

Messages are JSON that ends with a zero byte (https://chromedevtools.github.io/devtools-protocol).
"""

import base64
import itertools
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.helpers.browser import FLAGS, NO_NETWORK, chromium

SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
NO_GL = ["--disable-gpu", "--disable-3d-apis", "--disable-software-rasterizer"]
LONGEST_S = 180.0


class Page:
    """One open page; ``errors`` of its scripts and ``fetched`` addresses are kept from the beginning."""

    def __init__(self, to: int, from_: int) -> None:
        self._to, self._from, self._numbers, self._rest = to, from_, itertools.count(1), b""
        self.errors: list[str] = []
        self.fetched: list[str] = []
        self.session: str | None = None
        targets = self.send("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == number:
                assert "error" not in told, (method, told["error"])
                return told["result"]

    def _read(self) -> dict[str, Any]:
        end = time.monotonic() + LONGEST_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser doesn't answer"
            got = os.read(self._from, 1 << 16)
            assert got, "the browser ended"
            self._rest += got
        text, _, self._rest = self._rest.partition(b"\0")
        told = json.loads(text)
        self._note(told.get("method", ""), told.get("params", {}))
        return told

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(told["entry"]["text"])
        elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("data:", "blob:")):
            self.fetched.append(told["request"]["url"])

    def open(self, path: Path) -> None:
        """Open a file from disk, and wait until its scripts have run."""
        self.send("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript yields."""
        told = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until an expression is true."""
        end = time.monotonic() + LONGEST_S
        while not self.value(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.1)

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of an element that is not hidden."""
        where = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'});"
            "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=where[0], y=where[1], button="left", clickCount=1)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key."""
        told = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", **told, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **told)

    def photograph(self, path: Path) -> Path:
        """What the window shows, as PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))
        return path

    def wait_for_file(self, path: Path) -> None:
        """Until a download is whole: its name is another one before."""
        end = time.monotonic() + LONGEST_S
        while not path.is_file():
            assert time.monotonic() < end, f"{path} didn't come"
            self.value("new Promise(done => setTimeout(done, 100))")

    def download_into(self, folder: Path) -> None:
        """Files that are downloaded from now on come into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        session, self.session = self.session, None
        self.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        self.session = session


@contextmanager
def opened(path: Path, folder: Path, webgl: bool) -> Iterator[Page]:
    """A page from disk in a browser with a fresh profile below ``folder`` and without a network."""
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    flags = [flag for flag in FLAGS if not (webgl and flag == "--disable-gpu")]
    command = [str(chromium()), *flags, NO_NETWORK, *(SOFTWARE_GL if webgl else NO_GL)]
    command += [f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe", "about:blank"]
    # a browser takes commands from descriptor 3 and answers on 4
    shell = f'exec "$@" 3<&{to_read} 4>&{from_write}'
    running = subprocess.Popen(
        ["bash", "-c", shell, "bash", *command], pass_fds=(to_read, from_write), stderr=subprocess.DEVNULL
    )
    os.close(to_read)
    os.close(from_write)
    try:
        page = Page(to_write, from_read)
        page.open(path)
        yield page
    finally:
        running.terminate()
        running.wait(30)
        os.close(to_write)
        os.close(from_read)
