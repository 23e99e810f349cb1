"""A member of a cluster that a test plays by hand: it says what the test wants, also nonsense.

No pool, no compression: the shortest handshake that a real server takes. It listens nowhere; the
port it announces refuses connections.
"""

import json
import random
import socket
import ssl

from bus_client import sp


def random_server_id():
    return "N" + "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=55))


class RoutePeer:
    """A socket to a route port; `info` is what the other side said first, None if nothing."""

    def __init__(self, node, *, tls=None):
        self.socket = socket.create_connection((node.host, node.cluster_port),
                                               timeout=sp.DEADLINE_S)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket)
        self.buffer = b""
        self.server_id = random_server_id()
        self.announced_port = sp.free_port()
        self.info = None

    def send(self, data):
        """True when the bytes could be written; a peer that closed first has made its point."""
        try:
            self.socket.sendall(data.encode() if isinstance(data, str) else data)
            return True
        except OSError:
            return False

    def line(self):
        """Next line without its end; '' at the end of the stream or after a reset."""
        while b"\n" not in self.buffer:
            try:
                chunk = self.socket.recv(65536)
            except (ConnectionResetError, ssl.SSLError):
                return ""
            if not chunk:
                return ""
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def join(self, name="foreign", **changes):
        """The whole handshake as the dialing side, in one write. A change of None drops a key."""
        self.info = json.loads(self.line().removeprefix("INFO "))
        connect = {"echo": True, "verbose": False, "pedantic": False, "tls_required": False,
                   "headers": True, "name": self.server_id, "cluster": "CL", "lnoc": True}
        info = {"server_id": self.server_id, "server_name": name, "version": "2.15.1", "proto": 3,
                "host": "127.0.0.1", "port": self.announced_port, "headers": True,
                "max_payload": 1048576, "cluster": "CL", "lnoc": True, "lnocu": True}
        for key, value in changes.items():
            for message in (connect, info):
                if key in message or key in ("user", "pass") and message is connect:
                    message[key] = value
        if changes.get("server_id"):
            connect["name"] = changes["server_id"]
        texts = [json.dumps({k: v for k, v in each.items() if v is not None})
                 for each in (connect, info)]
        self.send(f"CONNECT {texts[0]}\r\nINFO {texts[1]}\r\nPING\r\n")
        return self

    def lines_until_pong(self):
        """All lines up to the PONG (PINGs are answered); raises when the other side closes."""
        lines = []
        while True:
            line = self.line()
            if line == "PONG":
                return lines
            if line == "":
                raise AssertionError(f"closed by the server after {lines}")
            if line == "PING":
                self.send("PONG\r\n")
            else:
                lines.append(line)

    def sync(self):
        self.send("PING\r\n")
        return self.lines_until_pong()

    def lines_until_closed(self):
        """All lines up to the end of the stream; a timeout is an error."""
        lines = []
        while True:
            line = self.line()
            if line == "":
                return lines
            lines.append(line)

    def close(self):
        self.socket.close()
