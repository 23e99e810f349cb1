#!/usr/bin/env python3
"""Three servers under steady traffic of three official clients; each is killed and restarted.

Usage: mixed_test.py [--servers PATH,PATH…] [--shards N] [TEST]...
The clients (Go, Python, JavaScript; see tests/interop/README.md) print every message they get.
Nothing may arrive twice, out of order, on a wrong subject or from another account; between two
outages nothing may be lost; and interest has to be back within a bound.
"""

import collections
import os
import subprocess
import threading
import time

import cluster_case
from bus_client import BusClient, sp
from cluster_case import ClusterCase

INTEROP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop")
LANGUAGES = ("go", "python", "javascript")
RECOVERED_WITHIN_S = 6.0
STEADY_MESSAGES = 60
ACCOUNTS = """
accounts {
  X { users: [ { user: x, password: x } ] }
  Y { users: [ { user: y, password: y } ] }
}
"""


def command_of(language):
    tools = os.environ.get("RUBUS_TOOLS") or os.path.expanduser("~/.cache/rubus")
    cache = os.path.join(tools, "interop")
    if language == "go":
        return [os.path.join(cache, "interop_go"), "traffic"]
    if language == "python":
        return [os.path.join(cache, "venv", "bin", "python"),
                os.path.join(INTEROP, "python", "traffic_python.py")]
    return ["node", os.path.join(INTEROP, "javascript", "traffic_javascript.cjs")]


class Participant:
    """One client program and everything it has said, sorted by kind."""

    def __init__(self, language, urls):
        self.language = language
        tools = os.environ.get("RUBUS_TOOLS") or os.path.expanduser("~/.cache/rubus")
        environment = {**os.environ, "NODE_PATH": os.path.join(
            tools, "interop", "javascript", "node_modules")}
        peers = ",".join(each for each in LANGUAGES if each != language)
        self.process = subprocess.Popen(
            [*command_of(language), ",".join(urls), f"name={language}", "user=x", "pass=x",
             f"peers={peers}"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.lock = threading.Lock()
        self.events = collections.defaultdict(list)
        self.numbers = collections.defaultdict(list)  # publisher -> numbers in order of arrival
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            kind, _, rest = line.rstrip("\n").partition(" ")
            with self.lock:
                self.events[kind].append(rest)
                if kind == "m":
                    words = rest.partition("|")[2].split()
                    if len(words) == 3 and words[1].isdigit():
                        self.numbers[words[0]].append(int(words[1]))

    def last(self, publisher):
        with self.lock:
            return self.numbers[publisher][-1] if self.numbers[publisher] else 0

    def said(self, kind):
        with self.lock:
            return list(self.events[kind])

    def end(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write("\n")
                self.process.stdin.flush()
                self.process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
        self.process.wait()
        self.reader.join(10)
        self.process.stdin.close()
        self.process.stdout.close()


class Intruder:
    """Publishes on the same subjects from another account, on every node that is up."""

    def __init__(self, nodes):
        self.nodes, self.is_ended = nodes, threading.Event()
        self.sent = 0
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        clients = {}
        while not self.is_ended.wait(0.02):
            for node in self.nodes:
                try:
                    if node.name not in clients:
                        clients[node.name] = BusClient(node.client_port, "y")
                    for language in LANGUAGES:
                        clients[node.name].pub(f"traffic.{language}", f"{language} 1 y")
                        clients[node.name].pub(f"job.{language}", f"{language} 1 y")
                    clients[node.name].sync()
                    self.sent += 1
                except Exception:  # its server is down; a new connection next time
                    client = clients.pop(node.name, None)
                    if client is not None:
                        client.close()
        for client in clients.values():
            client.close()

    def end(self):
        self.is_ended.set()
        self.thread.join(20)


class Mixed(ClusterCase):
    def start_everything(self):
        self.nodes_up = self.mesh(3, top=ACCOUNTS)
        urls = [f"nats://127.0.0.1:{node.client_port}" for node in self.nodes_up]
        self.participants = []
        for index, language in enumerate(LANGUAGES):
            self.participants.append(Participant(language, urls[index:] + urls[:index]))
            self.addCleanup(self.participants[-1].end)
        self.intruder = Intruder(self.nodes_up)
        self.addCleanup(self.intruder.end)
        self.wait_all_flows("after the start")

    def wait_all_flows(self, when):
        """Every participant hears some new messages of every participant; returns the seconds."""
        started = time.monotonic()
        seen = {(a.language, b): a.last(b) for a in self.participants for b in LANGUAGES}
        for participant in self.participants:
            for publisher in LANGUAGES:
                sp.wait_until(
                    lambda: participant.last(publisher)  # pylint: disable=cell-var-from-loop
                    > seen[participant.language, publisher] + 3,  # pylint: disable=W0640
                    f"{participant.language} to hear {publisher} {when}; "
                    + "; ".join(f"{each.language}: {each.said('c')[-1:]}"
                                for each in self.participants))
        return time.monotonic() - started

    def steady_phase(self):
        """While nothing is killed nobody misses anything; remembers the numbers for the jobs."""
        first = {name: max(each.last(name) for each in self.participants) + 20
                 for name in LANGUAGES}
        last = {name: number + STEADY_MESSAGES for name, number in first.items()}
        for participant in self.participants:
            for name in LANGUAGES:
                sp.wait_until(lambda: participant.last(name) >= last[name],  # pylint: disable=W0640
                              f"{participant.language} to hear {name} in a steady phase")
                with participant.lock:
                    heard = [number for number in participant.numbers[name]
                             if first[name] <= number <= last[name]]
                self.assertEqual(heard, list(range(first[name], last[name] + 1)),
                                 f"{participant.language} misses messages of {name}")
        self.steady.append((first, last))

    def kill_and_restart(self, victim):
        victim.kill()
        killed = self.wait_all_flows(f"after the kill of {victim.name}")
        self.steady_phase()
        victim.start()
        started = time.monotonic()
        witness = victim.connect("x")
        witness.sub("traffic.>").sub("job.>", "2", "witnesses")

        def hears_all():
            witness.sync()
            return {m.payload.split()[0] for m in witness.inbox} >= {
                name.encode() for name in LANGUAGES}
        sp.wait_until(hears_all, f"the restarted {victim.name} to hear every publisher")
        restarted = time.monotonic() - started
        print(f"measured {victim.name} ({os.path.basename(victim.binary)}): flows back "
              f"{killed * 1000:.0f} ms after the kill, interest back {restarted * 1000:.0f} ms "
              "after the restart", flush=True)
        self.assertLess(killed, RECOVERED_WITHIN_S)
        self.assertLess(restarted, RECOVERED_WITHIN_S)
        self.assertEqual([m for m in witness.inbox if not m.payload.endswith(b" x")], [])
        self.wait_mesh(self.nodes_up)
        witness.close()
        self.steady_phase()

    def check_messages(self, participant):
        for kind, prefix in (("m", "traffic."), ("j", "job.")):
            for entry in participant.said(kind):
                subject, _, payload = entry.partition("|")
                words = payload.split()
                self.assertEqual(len(words), 3, entry)
                self.assertEqual(subject, prefix + words[0], "wrong subject")
                self.assertIn(words[0], LANGUAGES)
                self.assertEqual(words[2], "x", f"a message of another account: {entry}")
        for publisher in LANGUAGES:
            numbers = participant.numbers[publisher]
            self.assertEqual(numbers, sorted(set(numbers)),
                             f"{participant.language} hears {publisher} twice or out of order")
        answers = participant.said("r")
        self.assertGreater(len(answers), 20, participant.said("t")[-5:])
        for entry in answers:
            peer, question, answer = entry.split("|")
            self.assertEqual(answer, f"{peer} heard {question}")

    def check_jobs(self):
        """No job twice; in steady phases each exactly once."""
        done = collections.Counter()
        for participant in self.participants:
            done.update(entry.partition("|")[2] for entry in participant.said("j"))
        self.assertEqual([job for job, count in done.items() if count > 1], [])
        for first, last in self.steady:
            for name in LANGUAGES:
                due = [f"{name} {number} x" for number in range(first[name], last[name] + 1)
                       if number % 5 == 0]
                self.assertEqual([job for job in due if job not in done], [], "lost jobs")

    def test_each_server_in_turn_may_die_under_steady_traffic(self):
        self.steady = []
        self.start_everything()
        self.steady_phase()
        for victim in self.nodes_up:
            self.kill_and_restart(victim)
        self.assertGreater(self.intruder.sent, 50)
        for participant in self.participants:
            participant.end()
        for participant in self.participants:
            self.check_messages(participant)
        self.check_jobs()
        heard = sum(len(each.said("m")) for each in self.participants)
        answers = sum(len(each.said("r")) for each in self.participants)
        print(f"measured {heard} messages and {answers} answers, none wrong", flush=True)


if __name__ == "__main__":
    cluster_case.main()
