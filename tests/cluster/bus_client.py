"""A NATS client for tests that look at a cluster: it parses messages and knows two fences.

`wait_interest` returns once a publisher's node has seen what a subscriber asked for at its own
node; `deliveries` returns everything that arrived when all that was published before must have.
Both rely on order alone (one client, one path), so neither waits for a time.
"""

import collections
import contextlib
import itertools
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "process"))
import server_process as sp  # noqa: E402

Message = collections.namedtuple("Message", "subject sid reply headers payload")
FENCE = "_FENCE"
_numbers = itertools.count(1)


class ConnectionEnded(Exception):
    """The server closed the connection; `errors` holds the -ERR lines that came before."""

    def __init__(self, errors):
        super().__init__(f"connection closed after {errors}")
        self.errors = errors


class BusClient(sp.Client):
    """Messages go to `inbox` as they are read; -ERR lines to `errors`; each INFO to `info`."""

    def __init__(self, port, user=None, *, host="127.0.0.1", **connect):
        options = {"protocol": 1, "lang": "test", "name": "bus"}
        if user is not None:
            options.update({"user": user, "pass": connect.pop("password", user)})
        options.update(connect)
        self.inbox, self.errors, self.infos, self.pongs = collections.deque(), [], 0, 0
        super().__init__(port, options, host=host)
        self.socket.setsockopt(sp.socket.IPPROTO_TCP, sp.socket.TCP_NODELAY, 1)
        self.sync()

    def sub(self, subject, sid="1", queue=None):
        self.send(f"SUB {subject} {queue + ' ' if queue else ''}{sid}\r\n")
        return self

    def unsub(self, sid, count=None):
        self.send(f"UNSUB {sid}{'' if count is None else f' {count}'}\r\n")
        return self

    def pub(self, subject, payload=b"", *, reply="", headers=None):
        payload = payload.encode() if isinstance(payload, str) else payload
        reply = reply + " " if reply else ""
        if headers is None:
            line = f"PUB {subject} {reply}{len(payload)}\r\n".encode()
        else:
            payload = headers + payload
            line = f"HPUB {subject} {reply}{len(headers)} {len(payload)}\r\n".encode()
        self.send(line + payload + b"\r\n")
        return self

    def _body(self, size):
        while len(self.buffer) < size + 2:
            chunk = self.socket.recv(1 << 20)
            if not chunk:
                raise ConnectionEnded(self.errors)
            self.buffer += chunk
        body, end = self.buffer[:size], self.buffer[size:size + 2]
        if end != b"\r\n":
            raise AssertionError(f"a payload of {size} bytes is followed by {end!r}")
        self.buffer = self.buffer[size + 2:]
        return body

    def read_one(self):
        """Reads one protocol line (and its payload) and files it."""
        try:
            line = self.line()
        except ConnectionResetError:  # what we sent meanwhile met a closed socket
            line = ""
        if line == "":
            raise ConnectionEnded(self.errors)
        verb, _, rest = line.partition(" ")
        words = rest.split()
        if verb in ("MSG", "HMSG"):
            sizes = 1 if verb == "MSG" else 2
            body = self._body(int(words[-1]))
            head = int(words[-2]) if sizes == 2 else 0
            reply = words[2] if len(words) == 3 + sizes else ""
            self.inbox.append(Message(words[0], words[1], reply, body[:head], body[head:]))
        elif verb == "PING":
            self.send("PONG\r\n")
        elif verb == "PONG":
            self.pongs += 1
        elif verb == "INFO":
            self.info = sp.json.loads(rest)
            self.infos += 1
        elif verb == "-ERR":
            self.errors.append(rest)
        elif verb != "+OK":
            raise AssertionError(f"unexpected line {line!r}")

    def sync(self):
        """PING and everything up to its PONG: the server has acted on all that was sent."""
        due = self.pongs + 1
        self.send("PING\r\n")
        while self.pongs < due:
            self.read_one()
        return self

    def take(self):
        """Everything in the inbox but fences, and empties it."""
        taken = [message for message in self.inbox if not message.subject.startswith(FENCE)]
        self.inbox.clear()
        return taken

    def message(self, deadline_s=sp.DEADLINE_S):
        """The next message that is not a fence."""
        end = time.monotonic() + deadline_s
        while True:
            while self.inbox:
                message = self.inbox.popleft()
                if not message.subject.startswith(FENCE):
                    return message
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no message within {deadline_s:.1f} s")
            self.socket.settimeout(left)
            try:
                self.read_one()
            except TimeoutError as error:
                raise AssertionError(f"no message within {deadline_s:.1f} s") from error
            finally:
                self.socket.settimeout(sp.DEADLINE_S)

    def has_fence(self, subject):
        self.sync()
        return any(message.subject == subject for message in self.inbox)

    def has_no_responders(self, subject):
        """Whether the own server says at once that nobody anywhere listens."""
        number = next(_numbers)
        inbox = f"{FENCE}.nobody.{number}"
        self.sub(inbox, f"nobody{number}").pub(subject, reply=inbox).sync()
        answers = [message for message in self.inbox if message.subject == inbox]
        self.unsub(f"nobody{number}")
        return len(answers) == 1 and answers[0].headers.startswith(b"NATS/1.0 503")


@contextlib.contextmanager
def fence(client):
    """A subject of its own that client listens to meanwhile, also when the wait fails: a sid that
    is left behind would make servers ignore the next subscription under it."""
    number = next(_numbers)
    subject, sid = f"{FENCE}.{number}", f"fence{number}"
    client.sub(subject, sid).sync()
    try:
        yield subject
    finally:
        client.unsub(sid).sync()


def wait_interest(subscriber, publisher, deadline_s=sp.DEADLINE_S):
    """Returns once the publisher's server has seen all subscriptions that subscriber made.

    The subscriber itself publishes the fence: on every path between two servers it comes behind
    its own subscriptions, and the publisher itself receives it.
    """
    with fence(publisher) as subject:
        def passed():
            subscriber.pub(subject).sync()
            return publisher.has_fence(subject)
        sp.wait_until(passed, "interest to reach the other server", deadline_s)


def deliveries(subscriber, *publishers):
    """What subscriber has received when everything published before by publishers is there."""
    for publisher in publishers:
        with fence(subscriber) as subject:
            wait_interest(subscriber, publisher)
            publisher.pub(subject).sync()
            # pylint: disable=cell-var-from-loop
            sp.wait_until(lambda: subscriber.has_fence(subject), "the fence behind the messages")
    return subscriber.take()
