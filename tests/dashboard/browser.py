"""A headless Chromium driven over WebDriver, with nothing but the standard library.

It knows only what the tests of the dashboard ask of it: open an address, run a script in the page,
wait until a script gives something true, set the size and the colour scheme, take a picture.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

import server_process as sp

# Without the second row Chromium asks hosts of its maker for updates at every start.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--force-color-profile=srgb", "--lang=en-GB"]


class BrowserMissing(Exception):
    """No chromium or no chromedriver on this machine."""


class Browser:
    def __init__(self, port):
        self.home = tempfile.mkdtemp(prefix="rubus-chromium-")
        self.base = f"http://127.0.0.1:{port}"
        self.session = None
        chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if not chromium or not driver:
            raise BrowserMissing("packages chromium and chromium-driver (./dev setup)")
        environment = dict(os.environ, HOME=self.home, TMPDIR=self.home, LANG="C.UTF-8", TZ="UTC")
        self.process = subprocess.Popen(
            [driver, f"--port={port}"], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            sp.wait_until(self._is_ready, "chromedriver is ready")
            options = {"binary": chromium, "args": [*FLAGS, f"--user-data-dir={self.home}/profile"]}
            self.session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{path}: {error.read().decode()[:2000]}") from error

    def _is_ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _session(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def open(self, address):
        self._session("POST", "/url", {"url": address})

    def run(self, script, *arguments):
        """The value that `script` returns in the page."""
        return self._session("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector):
        """The text of the first element that matches; None without one."""
        return self.run("const node = document.querySelector(arguments[0]); return node && "
                        "!node.closest('[hidden]') ? node.textContent : null", selector)

    def wait_for(self, what, script, *arguments, deadline_s=sp.DEADLINE_S):
        try:
            return sp.wait_until(lambda: self.run(script, *arguments), what, deadline_s)
        except AssertionError as error:
            body = self.run("return document.body.innerText")
            raise AssertionError(f"{error}\nthe page said:\n{body}\n{self.log()}") from error

    def log(self):
        """What the browser's console got since the last call: [(level, message)]."""
        return [(entry["level"], entry["message"])
                for entry in self._session("POST", "/se/log", {"type": "browser"})]

    def devtools(self, command, **parameters):
        return self._session("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def shape(self, width, height, *, dark=False, phone=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=2, mobile=phone)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def before_pages(self, script):
        """Runs `script` in every page before the page's own; call the result to end that."""
        made = self.devtools("Page.addScriptToEvaluateOnNewDocument", source=script)
        return lambda: self.devtools("Page.removeScriptToEvaluateOnNewDocument", **made)

    def picture(self, file):
        """A PNG of the whole page."""
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(file, "wb") as out:
            out.write(base64.b64decode(shot["data"]))

    def close(self):
        if self.session:
            try:
                self._session("DELETE", "")
            except (OSError, AssertionError):
                pass  # the browser is gone already; its processes are ended below
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
