"""Starts a NATS server binary for a test and watches it.

The binary is always a parameter, so the same test runs against rubus and against nats-server
(the control). Nothing here waits for a fixed time: every wait is for a log line, a socket or an
exit, with a deadline. Ports come from a range below the kernel's ephemeral range, so no outgoing
connection of a client can occupy the port of a server that is about to be restarted.
"""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

DEADLINE_S = 20.0
PORT_FIRST, PORT_LAST = 16000, 16999
_ports_handed_out = set()


def free_port():
    """A port in the test range that nobody listens on now."""
    for _ in range(2000):
        port = random.randint(PORT_FIRST, PORT_LAST)
        if port in _ports_handed_out:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _ports_handed_out.add(port)
        return port
    raise RuntimeError("no free port in the test range")


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Polls until condition() is true and returns its value; raises with `what` otherwise."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s:.0f} s in vain for: {what}")
        pause.wait(0.005)


class Server:
    """One run of a server binary, its standard error collected line by line."""

    def __init__(self, binary, arguments=(), *, name=None, env=None, cwd=None):
        command = [binary, *map(str, arguments)]
        self.command = command
        self.lines = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=env, cwd=cwd)
        self.name = name or os.path.basename(binary)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for raw in self.process.stdout:
            with self.changed:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\r\n"))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with self.changed:
            return "\n".join(self.lines)

    def mark(self):
        """Position in the log, for wait_for(after=...)."""
        with self.changed:
            return len(self.lines)

    def wait_for(self, pattern, deadline_s=DEADLINE_S, after=0):
        """The match object of the first log line that matches, from line `after` on."""
        expression = re.compile(pattern)
        end = time.monotonic() + deadline_s
        with self.changed:
            while True:
                for line in self.lines[after:]:
                    found = expression.search(line)
                    if found:
                        return found
                left = end - time.monotonic()
                dead = self.process.poll() is not None and not self.reader.is_alive()
                if left <= 0 or dead:
                    state = f"exited {self.process.returncode}" if dead else "still running"
                    raise AssertionError(
                        f"{self.name} ({state}) never logged /{pattern}/; its log:\n"
                        + "\n".join(self.lines[-40:]))
                self.changed.wait(min(left, 0.2))

    def wait_ready(self):
        self.wait_for(r"Server is ready")
        return self

    def client_address(self):
        """(host, port) out of the log line every tool looks for."""
        found = self.wait_for(r"Listening for client connections on (\S+):(\d+)")
        return found.group(1), int(found.group(2))

    @property
    def port(self):
        return self.client_address()[1]

    def monitor_port(self):
        return int(self.wait_for(r"Starting http monitor on \S+?:(\d+)$").group(1))

    def get(self, path):
        """GET from the monitoring port: (status, content type, body text)."""
        return http_get(self.monitor_port(), path)

    def get_json(self, path):
        status, _, body = self.get(path)
        assert status == 200, f"{path}: {status} {body}"
        return json.loads(body)

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, deadline_s=DEADLINE_S):
        try:
            code = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.name} did not exit; log:\n{self.log()}") from error
        self.reader.join(5)
        return code

    def kill(self):
        """SIGKILL and reap; safe to call again."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()

    def stop(self):
        """Orderly stop; falls back to SIGKILL so that a failed test leaves nothing behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def http_get(port, path, host="127.0.0.1"):
    request = urllib.request.Request(f"http://{host}:{port}{path}")
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Content-Type", ""), error.read().decode()


def run_to_exit(binary, arguments, **options):
    """Runs the binary until it ends: (exit code, standard output, standard error)."""
    done = subprocess.run(
        [binary, *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE_S,
        stdin=subprocess.DEVNULL, check=False, **options)
    return done.returncode, done.stdout, done.stderr


class Workspace:
    """A temporary directory that disappears with the test."""

    def __init__(self, prefix="rubus-test-"):
        self.path = tempfile.mkdtemp(prefix=prefix)

    def file(self, name, text=None):
        path = os.path.join(self.path, name)
        if text is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        return path

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class Client:
    """The smallest possible NATS client on a raw socket; it only knows bytes and lines."""

    def __init__(self, port, connect=None, *, host="127.0.0.1", handshake=True):
        self.socket = socket.create_connection((host, port), timeout=DEADLINE_S)
        self.buffer = b""
        self.info = None
        if handshake:
            self.info = json.loads(self.line().removeprefix("INFO "))
            options = {"verbose": False, "pedantic": False, "lang": "test", "version": "0",
                       "protocol": 0, "headers": True, "no_responders": True}
            options.update(connect or {})
            self.send(f"CONNECT {json.dumps(options)}\r\n")

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def line(self):
        """Next line without CRLF; '' at end of stream."""
        while b"\n" not in self.buffer:
            chunk = self.socket.recv(65536)
            if not chunk:
                return ""
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def line_but_ping(self):
        """Next line that is not one of the server's own PINGs (those are answered)."""
        while True:
            line = self.line()
            if line != "PING":
                return line
            try:
                self.send("PONG\r\n")
            except OSError:
                pass  # closed by now; what it said before that is still to be read

    def flush(self):
        """PING, and all lines that came before the PONG."""
        self.send("PING\r\n")
        lines = []
        while True:
            line = self.line_but_ping()
            if line == "PONG":
                return lines
            if line == "":
                raise AssertionError(f"connection closed; before that: {lines}")
            lines.append(line)

    def send_all_and_finish(self, data):
        """Sends and closes this side; a server that closed first has made its point."""
        try:
            self.send(data)
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def is_closed(self):
        """Reads to the end: true when the server closed (also by reset), raises on timeout."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
