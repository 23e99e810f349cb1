"""Network namespaces for tests: some machines on one switch, with cables that are slow and lossy.

Each machine is a namespace; nothing is changed in the network of the host. Where the kernel has
netem, a machine's cable is a veth into a bridge in a namespace of its own, with `tc … netem` on it.
Many small kernels are built without netem; there the cable is a TAP device and the switch a thread
of the test that holds frames back and drops some. Needs root, iproute2 and namespaces, and says so
when one is missing. Everything is removed by close().
"""

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000


def run(*words):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.stderr.strip()} (this test needs "
                             "root, iproute2, and a kernel with network namespaces)")


def ip(*words):
    run("ip", *words)


def inside(namespace, action):
    """Runs action() in a thread that lives in the namespace; sockets it makes stay there."""
    result = {}

    def enter():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{namespace}", "rb") as file:
            if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                result["error"] = OSError(ctypes.get_errno(), f"setns {namespace}")
                return
        try:
            result["value"] = action()
        except BaseException as error:  # given to the caller, whatever it is
            result["error"] = error
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if "error" in result:
        raise result["error"]
    return result["value"]


class NetemCables:
    """veth pairs into a bridge, netem on the machine's end."""

    def __init__(self, machines, delay_ms, loss_percent):
        self.switch = machines.add_namespace("s")
        ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.switch, "link", "set", "bridge", "up")
        for number, name in enumerate(machines.names, 1):
            ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", f"port{number}",
               "netns", self.switch)
            ip("-n", self.switch, "link", "set", f"port{number}", "master", "bridge", "up")
            run("tc", "-n", name, "qdisc", "add", "dev", "eth0", "root", "netem", "delay",
                f"{delay_ms}ms", "loss", f"{loss_percent}%")

    def cut(self, number):
        ip("-n", self.switch, "link", "set", f"port{number}", "down")

    def mend(self, number):
        ip("-n", self.switch, "link", "set", f"port{number}", "up")

    def close(self):
        pass  # goes with the namespaces


class TapCables:
    """TAP devices joined by a switch in this process; frames are copied to every other port."""

    def __init__(self, machines, delay_ms, loss_percent):
        self.delay_s, self.loss = delay_ms / 1000, loss_percent / 100
        self.ports = [inside(name, self._open) for name in machines.names]
        self.dead = set()
        self.waiting, self.order = [], itertools.count()
        self.wake_receiver, self.wake_sender = os.pipe()
        self.thread = threading.Thread(target=self._switch, daemon=True)
        self.thread.start()

    @staticmethod
    def _open():
        port = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH", b"eth0", IFF_TAP | IFF_NO_PI))
        return port

    def _take(self, port):
        try:
            frame = os.read(port, 65536)
        except OSError:
            return
        if port in self.dead or random.random() < self.loss:
            return
        due = time.monotonic() + self.delay_s
        for other in self.ports:
            if other != port:
                heapq.heappush(self.waiting, (due, next(self.order), other, frame))

    def _switch(self):
        while True:
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, _, port, frame = heapq.heappop(self.waiting)
                if port not in self.dead:
                    try:
                        os.write(port, frame)
                    except OSError:
                        pass  # its queue is full or the device is down: lost, as on a wire
            patience = max(self.waiting[0][0] - now, 0) if self.waiting else None
            ready, _, _ = select.select([self.wake_receiver, *self.ports], [], [], patience)
            if self.wake_receiver in ready:
                return
            for port in ready:
                self._take(port)

    def cut(self, number):
        self.dead.add(self.ports[number - 1])

    def mend(self, number):
        self.dead.discard(self.ports[number - 1])

    def close(self):
        os.write(self.wake_sender, b"w")
        self.thread.join(5)
        for descriptor in (*self.ports, self.wake_receiver, self.wake_sender):
            os.close(descriptor)


class Machines:
    """`count` machines 10.77.0.1, 10.77.0.2, … on one switch."""

    def __init__(self, count, delay_ms=20, loss_percent=1):
        if os.geteuid() != 0:
            raise AssertionError("network namespaces need root; run this test as root")
        self.made, self.names, self.cables = [], [], None
        try:
            self.names = [self.add_namespace(f"n{number}") for number in range(1, count + 1)]
            kind = NetemCables if self._has_netem() else TapCables
            self.cables = kind(self, delay_ms, loss_percent)
            for number, name in enumerate(self.names, 1):
                ip("-n", name, "address", "add", f"{self.address(number)}/24", "dev", "eth0")
                ip("-n", name, "link", "set", "eth0", "up")
        except BaseException:
            self.close()
            raise

    def add_namespace(self, suffix):
        name = f"rubus{os.getpid()}{suffix}"
        ip("netns", "add", name)
        self.made.append(name)
        ip("-n", name, "link", "set", "lo", "up")
        return name

    def _has_netem(self):
        done = subprocess.run(["tc", "-n", self.names[0], "qdisc", "add", "dev", "lo", "root",
                               "netem", "delay", "0ms"], capture_output=True, check=False)
        if done.returncode == 0:
            run("tc", "-n", self.names[0], "qdisc", "del", "dev", "lo", "root")
        return done.returncode == 0

    @staticmethod
    def address(number):
        return f"10.77.0.{number}"

    def cut(self, number):
        """Nothing goes in or out any more; nobody is told."""
        self.cables.cut(number)

    def mend(self, number):
        self.cables.mend(number)

    def close(self):
        if self.cables is not None:
            self.cables.close()
            self.cables = None
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        self.made = []
