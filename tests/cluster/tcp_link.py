"""A TCP link between two servers that a test can cut and mend.

While it is cut nobody listens and all connections are reset, as when a cable is pulled and the
neighbours notice. (What they do not notice is the business of netns_test.py.)
"""

import selectors
import socket
import struct
import threading


class TcpLink:
    """Forwards 127.0.0.1:port to a target port, in a thread of its own."""

    def __init__(self, port, target_port, host="127.0.0.1"):
        self.address, self.target = (host, port), (host, target_port)
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.lock = threading.Lock()
        self.pairs = {}
        self.listener = None
        self.is_ended = False
        self.wake_receiver, self.wake_sender = socket.socketpair()
        self.selector.register(self.wake_receiver, selectors.EVENT_READ)
        self.mend()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def mend(self):
        with self.lock:
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(self.address)
            listener.listen(64)
            listener.setblocking(False)
            self.listener = listener
            self.selector.register(listener, selectors.EVENT_READ)
        self._wake()

    def cut(self):
        with self.lock:
            if self.listener is not None:
                self.selector.unregister(self.listener)
                self.listener.close()
                self.listener = None
            for end in list(self.pairs):
                self._drop(end)
        self._wake()

    def connections(self):
        with self.lock:
            return len(self.pairs) // 2

    def close(self):
        self.cut()
        self.is_ended = True
        self._wake()
        self.thread.join(5)

    def _wake(self):
        self.wake_sender.send(b"w")

    def _drop(self, end):
        other = self.pairs.pop(end, None)
        if other is None:
            return
        self.pairs.pop(other, None)
        for each in (end, other):
            self.selector.unregister(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.close()

    def _accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(self.target, timeout=5)
        except OSError:
            near.close()
            return
        for each in (near, far):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(each, selectors.EVENT_READ)
        self.pairs[near], self.pairs[far] = far, near

    def _forward(self, end):
        try:
            data = end.recv(1 << 16)
            if not data:
                self._drop(end)
                return
            self.pairs[end].sendall(data)
        except OSError:
            self._drop(end)

    def _run(self):
        while not self.is_ended:
            for key, _ in self.selector.select():
                with self.lock:
                    if key.fileobj is self.wake_receiver:
                        self.wake_receiver.recv(4096)
                    elif key.fileobj is self.listener:
                        self._accept()
                    elif key.fileobj in self.pairs:
                        self._forward(key.fileobj)
