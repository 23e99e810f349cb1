#!/usr/bin/env python3
"""Drives a server binary with the real `nats` command line tool and checks what it prints.

Usage: cli_test.py [--server PATH] [--nats PATH] [--msgs N] [TEST]...
Not only exit codes count: numbers, payloads and headers in the output, and the server's own
message counters, must be right. All waiting for a subscriber is done through /connz.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "process"))
import server_process as sp  # noqa: E402

SERVER = os.environ.get("RUBUS_SERVER", "nats-server")
NATS = None
MESSAGES = 1_000_000
SIZE = 128


def find_nats():
    tools = os.environ.get("RUBUS_TOOLS") or os.path.expanduser("~/.cache/rubus")
    for candidate in (os.path.join(tools, "bin", "nats"), shutil.which("nats"),
                      "/opt/nats/bin/nats"):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise SystemExit("no nats command line tool; run tests/interop/setup.sh cli")


class NatsTool(unittest.TestCase):
    """Each test has a fresh server and a home without contexts."""

    def setUp(self):
        self.workspace = sp.Workspace("rubus-cli-")
        self.addCleanup(self.workspace.remove)
        self.port = sp.free_port()
        self.server = sp.Server(SERVER, ["-a", "127.0.0.1", "-p", self.port, "-m", sp.free_port()])
        self.addCleanup(self.server.kill)
        self.server.wait_ready()

    def environment(self):
        home = self.workspace.path
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NATS_")}
        return {**kept, "HOME": home, "XDG_CONFIG_HOME": home,
                "NATS_URL": f"nats://127.0.0.1:{self.port}"}

    def start(self, *arguments):
        process = subprocess.Popen(
            [NATS, *map(str, arguments)], env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        return process

    def finish(self, process, deadline_s=120):
        output, _ = process.communicate(timeout=deadline_s)
        self.assertEqual(process.returncode, 0, output)
        return output

    def nats(self, *arguments):
        return self.finish(self.start(*arguments))

    def wait_for_subscribers(self, subject, count=1):
        def there():
            connections = self.server.get_json("/connz?subs=1")["connections"]
            lists = [entry.get("subscriptions_list", []) for entry in connections]
            return sum(subject in entry for entry in lists) >= count
        sp.wait_until(there, f"{count} subscribers of {subject}")

    def counters(self):
        varz = self.server.get_json("/varz")
        return {name: varz[name] for name in ("in_msgs", "in_bytes", "out_msgs", "out_bytes",
                                              "slow_consumers")}

    def assert_counted(self, before, **expected):
        after = self.counters()
        found = {name: after[name] - before[name] for name in expected}
        self.assertEqual(found, expected)

    def rate(self, output, what):
        found = re.search(rf"Core NATS {what} (?:aggregated )?stats: ([\d,]+) msgs/sec", output)
        self.assertIsNotNone(found, output)
        return int(found.group(1).replace(",", ""))

    def publish_bench(self, clients):
        before = self.counters()
        output = self.nats("bench", "pub", "test", "--msgs", MESSAGES, "--size", SIZE,
                           "--clients", clients, "--no-progress")
        self.assertGreater(self.rate(output, "publisher"), 0)
        self.assertIn(f"[{clients}] Starting Core NATS publisher, publishing "
                      f"{MESSAGES // clients:,} messages", output)
        self.assert_counted(before, in_msgs=MESSAGES, in_bytes=MESSAGES * SIZE, out_msgs=0,
                            slow_consumers=0)
        return output

    def test_bench_pub_with_one_client_delivers_every_message_to_the_server(self):
        self.publish_bench(1)

    def test_bench_pub_with_four_clients_delivers_every_message_to_the_server(self):
        self.assertRegex(self.publish_bench(4), r"\[4\] [\d,]+ msgs/sec .*\(250,000 msgs\)"
                         if MESSAGES == 1_000_000 else r"\[4\] [\d,]+ msgs/sec")

    def subscribe_bench(self, clients):
        count = MESSAGES // 5
        subscriber = self.start("bench", "sub", "test", "--msgs", count, "--size", SIZE,
                                "--clients", clients, "--no-progress")
        self.wait_for_subscribers("test", clients)
        before = self.counters()
        self.nats("bench", "pub", "test", "--msgs", count, "--size", SIZE, "--no-progress")
        output = self.finish(subscriber)
        self.assertGreater(self.rate(output, "subscriber"), 0)
        self.assertEqual(output.count(f"Starting Core NATS subscriber, expecting {count:,}"),
                         clients, output)
        self.assert_counted(before, in_msgs=count, out_msgs=count * clients, slow_consumers=0)

    def test_bench_sub_with_one_client_receives_every_message(self):
        self.subscribe_bench(1)

    def test_bench_sub_with_four_clients_gives_every_message_to_each(self):
        self.subscribe_bench(4)

    def test_sub_prints_the_subject_the_payload_and_the_headers_of_what_pub_sends(self):
        subscriber = self.start("sub", "news.>", "--count", 2)
        self.wait_for_subscribers("news.>")
        self.nats("pub", "news.first", "hello {{Count}}", "-H", "Colour:red", "--count", "2")
        output = self.finish(subscriber)
        for line in ('[#1] Received on "news.first"', "Colour: red", "hello 1",
                     '[#2] Received on "news.first"', "hello 2"):
            self.assertIn(line, output)

    def test_sub_shows_the_reply_subject_of_a_message_that_has_one(self):
        subscriber = self.start("sub", "news", "--count", 1)
        self.wait_for_subscribers("news")
        self.nats("pub", "news", "body", "--reply", "answer.here")
        self.assertIn('[#1] Received on "news" with reply "answer.here"',
                      self.finish(subscriber))

    def test_sub_of_a_queue_group_shares_the_messages(self):
        members = [self.start("sub", "job", "--queue", "crew", "--raw") for _ in range(2)]
        self.wait_for_subscribers("job", 2)
        before = self.counters()
        self.nats("pub", "job", "work {{Count}}", "--count", "200")
        sp.wait_until(lambda: self.counters()["out_msgs"] - before["out_msgs"] >= 200,
                      "200 deliveries")
        self.assert_counted(before, in_msgs=200, out_msgs=200)
        for member in members:
            member.terminate()
        outputs = [member.communicate(timeout=30)[0] for member in members]
        got = [set(re.findall(r"work \d+", output)) for output in outputs]
        self.assertFalse(got[0] & got[1])
        self.assertTrue(got[0] and got[1], "one member got nothing")
        self.assertEqual(got[0] | got[1], {f"work {number}" for number in range(1, 201)})

    def test_request_prints_the_answer_of_reply(self):
        responder = self.start("reply", "service", "answer to {{Request}}", "--count", 2)
        self.wait_for_subscribers("service")
        output = self.nats("request", "service", "question")
        self.assertIn("answer to question", output)
        self.assertRegex(output, r"Received with rtt \d")
        self.assertEqual(self.nats("request", "service", "again", "--raw").strip(),
                         "answer to again")
        # No look at the exit code: this tool ends with 1 after --count, whatever the server did.
        self.assertEqual(responder.communicate(timeout=60)[0].count('on subject "service"'), 2)

    def test_request_without_anyone_listening_says_so_at_once(self):
        output = self.nats("request", "nobody.there", "question", "--timeout", "60s")
        self.assertIn("No responders are available", output)

    def test_requests_of_many_replies_collect_one_answer_of_each_responder(self):
        for name in ("one", "two", "three"):
            self.start("reply", "survey", name, "--queue", f"group-{name}")
        self.wait_for_subscribers("survey", 3)
        output = self.nats("request", "survey", "?", "--replies", "3")
        for name in ("one", "two", "three"):
            self.assertRegex(output, rf"(?m)^{name}$")

    def test_rtt_measures_the_connection(self):
        self.assertRegex(self.nats("rtt"),
                         rf"nats://127\.0\.0\.1:{self.port}: [\d.]+(ns|µs|ms)")

    def test_server_check_connection_is_ok(self):
        output = self.nats("server", "check", "connection")
        self.assertRegex(output, r"^OK Connection OK:connected to nats://127\.0\.0\.1:")
        self.assertIn("OK:round trip took", output)

    def test_server_check_connection_is_critical_when_the_server_is_gone(self):
        self.server.kill()
        process = self.start("server", "check", "connection")
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 2, output)
        self.assertIn("CRITICAL", output)

    def test_a_payload_of_exactly_the_limit_passes_and_one_byte_more_is_refused(self):
        subscriber = self.start("sub", "big", "--raw", "--count", 1)
        self.wait_for_subscribers("big")
        file = self.workspace.file("payload", "x" * 1048577)
        with open(file, encoding="ascii") as payload:
            process = subprocess.run([NATS, "pub", "big", "--force-stdin"], stdin=payload,
                                     env=self.environment(), capture_output=True, text=True,
                                     timeout=60, check=False)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("maximum payload exceeded", process.stdout + process.stderr)
        file = self.workspace.file("payload", "x" * 1048576)
        with open(file, encoding="ascii") as payload:
            subprocess.run([NATS, "pub", "big", "--force-stdin"], stdin=payload,
                           env=self.environment(), check=True, timeout=60, capture_output=True)
        self.assertEqual(self.finish(subscriber).count("x"), 1048576)


def main():
    global NATS, SERVER, MESSAGES
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default=SERVER)
    parser.add_argument("--nats")
    parser.add_argument("--msgs", type=int, default=MESSAGES)
    arguments, rest = parser.parse_known_args()
    SERVER, MESSAGES = arguments.server, arguments.msgs
    NATS = arguments.nats or find_nats()
    result = unittest.main(argv=[sys.argv[0], "-v", *rest], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
