#!/usr/bin/env python3
"""The load generator works against a real server: every mode moves messages and loses none.

Usage: load_smoke_test.py RUBUS_LOAD [SERVER_COMMAND]
SERVER_COMMAND holds {port}; without it the loopback relay of the generator itself is the server.
Method: short runs, judged by exit status and by the figures in the Markdown tables; and the
generator's own refusals, and servers that lose, double or damage messages, which it must notice.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import unittest

LOAD = ""
SERVER = ""
FULL_MODES = ("pub,pub:4,pubsub,fanout:8,fanin:4,queue:4,pairs:3,request,request:8,"
              "connections:50,subs:2000,startup:3,idle")
CLUSTER_MODES = "cross,cross:3,cluster-idle,failover,link:1"
UNSIZED = ("connections", "subs", "startup", "idle", "cluster-idle", "failover", "link")
RELAY_MODES = "pub,pubsub,fanout:3,fanin:2,queue:2"


def run_load(*arguments, seconds=120):
    return subprocess.run([LOAD, *arguments], capture_output=True, text=True, timeout=seconds,
                          check=False)


def relay_command():
    return shlex.quote(LOAD) + " relay --port {port}"


def table_rows(report, heading):
    """Cells of the Markdown table under a heading, without the two head lines."""
    part = report.split("## " + heading, 1)
    if len(part) == 1:
        return []
    lines = [line for line in part[1].split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def median(cell):
    found = re.match(r"(?:sink |relay )?(-?[0-9.]+) \[", cell)
    return float(found.group(1)) if found else None


class EveryModeMovesMessages(unittest.TestCase):
    def check(self, command, modes, sizes):
        done = run_load("run", "--server", command, "--modes", modes, "--sizes", sizes,
                        "--rounds", "1", "--seconds", "0.2", "--warmup", "0.05", "--settle",
                        "0.05")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("Failed runs", done.stdout)
        sized = [mode for mode in modes.split(",")
                 if mode.split(":")[0] not in UNSIZED]
        rates = table_rows(done.stdout, "Million messages")
        self.assertEqual(len(rates), len(sized) * len(sizes.split(",")), done.stdout)
        for row in rates:
            self.assertGreater(median(row[2]), 0.0, row)
        walls = table_rows(done.stdout, "Wall rate")
        for row in walls:
            self.assertGreater(median(row[3]), 0.0, row)
        return done.stdout

    def test_every_mode_gives_figures_for_the_server(self):
        if not SERVER:
            self.skipTest("no server command given")
        report = self.check(SERVER, FULL_MODES, "16,128,16384")
        for row in table_rows(report, "Latency"):
            self.assertGreater(median(row[3]), 0.0, row)
        small = table_rows(report, "Memory")
        self.assertIn(["startup:3", "", "first INFO ms"], [row[:3] for row in small])
        for row in small:
            self.assertIsNotNone(median(row[3]), row)
            if row[2] != "RSS bytes each":
                self.assertGreater(median(row[3]), 0.0, row)

    def test_every_cluster_mode_gives_figures_for_three_servers(self):
        if not SERVER:
            self.skipTest("no server command given")
        report = self.check(SERVER, CLUSTER_MODES, "128")
        figures = table_rows(report, "Memory")
        self.assertEqual([row[0] for row in figures],
                         ["cluster-idle", "cluster-idle", "failover", "link:1", "link:1"])
        for row in figures:
            # A node may need no processor time at all, but neither memory nor an outage is nothing.
            self.assertGreater(median(row[3]), -0.01 if row[2].startswith("%") else 0.0, row)

    def test_the_loopback_relay_passes_every_traffic_mode(self):
        self.check(relay_command(), RELAY_MODES, "0,16,1024,65536")

    def test_a_bound_in_messages_ends_a_run_before_its_time(self):
        done = run_load("run", "--server", relay_command(), "--modes", "pubsub", "--rounds", "1",
                        "--seconds", "600", "--warmup", "600", "--messages", "20000",
                        "--no-limits", seconds=60)
        self.assertEqual(done.returncode, 0, done.stderr)


class DishonestServer:
    """Speaks INFO and PONG and forwards PUB as MSG, with one flaw every `period` messages."""

    def __init__(self, flaw, period):
        self.flaw, self.period = flaw, period
        self.listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
        self.subscribers = []
        self.count = 0
        self.lock = threading.Lock()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        peer.sendall(b'INFO {"version":"0.0.0"}\r\n')
        lines = peer.makefile("rb")
        for line in lines:
            verb = line.split()[0]
            if verb == b"PING":
                with self.lock:
                    peer.sendall(b"PONG\r\n")
            elif verb == b"SUB":
                self.subscribers.append(peer)
            elif verb == b"PUB":
                body = lines.read(int(line.split()[-1]) + 2)
                self.deliver(b"MSG x 1 %d\r\n" % (len(body) - 2) + body, body)

    def deliver(self, frame, body):
        with self.lock:
            self.count += 1
            copies = [frame]
            if self.count % self.period == 0:
                copies = {"lose": [], "double": [frame, frame],
                          "cut": [b"MSG x 1 %d\r\n" % (len(body) - 3) + body[1:]]}[self.flaw]
            for subscriber in self.subscribers:
                for copy in copies:
                    subscriber.sendall(copy)


class FlawsAreNoticed(unittest.TestCase):
    def check(self, flaw, sentence):
        command = shlex.join([sys.executable, os.path.abspath(__file__), "--dishonest"])
        done = run_load("run", "--server", command + " {port} " + flaw, "--modes", "pubsub",
                        "--rounds", "1", "--seconds", "60", "--warmup", "0", "--messages", "500",
                        "--no-limits")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("1 runs failed", done.stderr)
        self.assertRegex(done.stdout, sentence)

    def test_a_lost_delivery_fails_the_run(self):
        self.check("lose", "due 500, delivered 49[0-9]")

    def test_a_doubled_delivery_fails_the_run(self):
        self.check("double", "due 500 deliveries, received 50[0-9]")

    def test_a_body_that_lost_a_byte_fails_the_run(self):
        self.check("cut", "the server sent: MSG x 1 127")


class WrongCommandLinesAreRefused(unittest.TestCase):
    def check(self, arguments, sentence):
        done = run_load(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(sentence, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_an_unknown_flag_is_named(self):
        self.check(["run", "--server", "x", "--rouns", "3"], "unknown flag '--rouns'")

    def test_an_unknown_command_is_named(self):
        self.check(["measure"], "unknown command 'measure'")

    def test_an_unknown_mode_is_named(self):
        self.check(["run", "--server", "x", "--modes", "pub,fan"], "there is no mode 'fan'")

    def test_a_number_out_of_range_is_named(self):
        self.check(["run", "--server", "x", "--rounds", "0"], "--rounds: takes a whole number")

    def test_a_missing_value_is_named(self):
        self.check(["run", "--server"], "flag --server needs a value")

    def test_a_missing_server_is_named(self):
        self.check(["compare", "--a", "x"], "compare needs --a CMD and --b CMD")

    def test_a_server_that_does_not_start_shows_its_output(self):
        done = run_load("run", "--server", "/bin/ls /there/is/no/such/place", "--modes", "idle")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ended before it listened", done.stderr)
        self.assertIn("/there/is/no/such/place", done.stderr)

    def test_help_names_every_mode(self):
        done = run_load("--help")
        self.assertEqual(done.returncode, 0)
        for mode in (FULL_MODES + "," + CLUSTER_MODES).split(","):
            self.assertIn(mode.split(":")[0], done.stdout)


def main():
    global LOAD, SERVER
    if len(sys.argv) == 4 and sys.argv[1] == "--dishonest":
        DishonestServer(sys.argv[3], 100).serve()
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    LOAD = os.path.abspath(sys.argv[1])
    SERVER = sys.argv[2] if len(sys.argv) == 3 else ""
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
