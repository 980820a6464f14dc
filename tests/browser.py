"""Headless Chromium, driven through its debugging pipe: no package but the browser itself is needed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import selectors
import shutil
import signal
import tempfile
import time
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless_shell")
_PATIENCE = 60.0  # seconds for one answer; a busy machine takes some


def find_browser():
    """Return the path of a Chromium, or None."""
    if os.name != "posix":
        return None
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page of a headless Chromium; use it in a `with` block.

    `events` holds all that the browser reported: requests, messages on the console, exceptions.
    """

    def __init__(self, path):
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # The browser reads commands from file 3 and writes answers to file 4.
        to_read, self._commands = (_high(end) for end in os.pipe())
        self._answers, to_write = (_high(end) for end in os.pipe())
        null = os.open(os.devnull, os.O_RDWR)
        arguments = [
            path, "--headless", "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}", "--no-first-run",
            "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--hide-scrollbars",
            *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank",
        ]  # fmt: skip
        duplicates = [(os.POSIX_SPAWN_DUP2, file, number) for file, number in
                      ((null, 0), (null, 1), (null, 2), (to_read, 3), (to_write, 4))]  # fmt: skip
        self._pid = os.posix_spawn(path, arguments, os.environ, file_actions=duplicates, setsid=True)
        for file in (to_read, to_write, null):
            os.close(file)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._answers, selectors.EVENT_READ)
        self._buffer, self._next, self.events = b"", 0, []
        self._session = None

    def __enter__(self):
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._selector.close()
        os.close(self._commands)
        os.close(self._answers)
        self._profile.cleanup()

    def call(self, method, **params):
        """Return the result of a command."""
        self._next += 1
        message = {"id": self._next, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._next:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def open(self, path, *, width, height=900, dark=False, media=""):
        """Open a file in a window of that width, in a light or dark scheme; `events` begin anew."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.events.clear()
        self.call("Page.navigate", url=Path(path).absolute().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def run(self, expression):
        """Return the value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def screenshot(self, path):
        """Write the whole page as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def _receive(self):
        deadline = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            if not self._selector.select(max(deadline - time.monotonic(), 0)):
                raise TimeoutError(f"the browser was silent for {_PATIENCE} s")
            chunk = os.read(self._answers, 2**20)
            if not chunk:
                raise RuntimeError("the browser ended")
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message


def _high(file):
    """Return a copy of a file descriptor that is not one of the first ten."""
    import fcntl  # of POSIX, where alone there is a browser to be found

    copy = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(file)
    return copy
