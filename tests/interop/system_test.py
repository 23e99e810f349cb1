#!/usr/bin/env python3
"""What an operator does with the real `nats` tool and a system user: list, info, reports, top.

Usage: system_test.py [--servers PATH,PATH…] [--shards N] [TEST]...
Two servers of a cluster, clients of an account on both. Each answer must name both servers and
hold the numbers of the scene, whichever server the tool is connected to.
"""

import fcntl
import json
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cluster"))
import cluster_case  # noqa: E402
from bus_client import ConnectionEnded, sp, wait_interest  # noqa: E402
from cluster_case import ClusterCase  # noqa: E402

TOP = """
accounts {
  APP { users: [ { user: app, password: app } ] }
  SYS { users: [ { user: admin, password: admin } ] }
}
system_account: SYS
"""


def nats_tool():
    tools = os.environ.get("RUBUS_TOOLS") or os.path.expanduser("~/.cache/rubus")
    for path in (os.path.join(tools, "bin", "nats"), shutil.which("nats"), "/opt/nats/bin/nats"):
        if path and os.access(path, os.X_OK):
            return path
    raise AssertionError("no nats command line tool; run tests/interop/setup.sh cli")


class System(ClusterCase):
    @classmethod
    def setUpClass(cls):
        cls.scene = ClusterCase()
        cls.scene.setUp()
        cls.addClassCleanup(cls.scene.doCleanups)
        cls.pair = cls.scene.mesh(2, top=TOP)
        cls.worker = cls.pair[0].connect("app", name="worker")
        cls.other = cls.pair[1].connect("app", name="other")
        cls.worker.sub("task.*").sub("shared", "2", "crew")
        wait_interest(cls.worker, cls.other)
        for _ in range(3):
            cls.other.pub("task.one", "abc")
        cls.other.sync()

    def command(self, *words, node=0, user="admin"):
        return [nats_tool(), "--server", f"nats://127.0.0.1:{self.pair[node].client_port}",
                "--user", user, "--password", user, *map(str, words)]

    def environment(self):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("NATS_")}
        return {**kept, "HOME": self.workspace.path, "XDG_CONFIG_HOME": self.workspace.path}

    def nats(self, *words, code=0, **options):
        done = subprocess.run(self.command(*words, **options), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=30, check=False,
                              env=self.environment())
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def row(self, output, *cells):
        """The cells of the table row that begins with these."""
        for line in output.splitlines():
            found = [cell.strip() for cell in line.strip("│").split("│")]
            if tuple(found[:len(cells)]) == cells:
                return found
        raise AssertionError(f"no row {cells} in:\n{output}")

    def test_server_list_shows_both_servers_with_their_numbers(self):
        for node in (0, 1):
            output = self.nats("server", "list", 2, node=node)
            for name in ("n1", "n2"):
                row = self.row(output, name)
                self.assertEqual(row[1], "CL")
                self.assertRegex(row[3], r"^\d+\.\d+\.\d+")
                self.assertGreaterEqual(int(row[7]), 1, "routes")
            self.assertIn("2", self.row(output, "CL")[1])

    def test_server_ping_hears_both_servers(self):
        output = self.nats("server", "ping", 2)
        for name in ("n1", "n2"):
            self.assertRegex(output, rf"(?m)^{name} +rtt=\d")

    def test_server_info_finds_a_server_by_name_and_by_id(self):
        for node in self.pair:
            varz = node.server.get_json("/varz")
            for key in (node.name, varz["server_id"]):
                output = self.nats("server", "info", key)
                for text in (f"Server information for {node.name} ({varz['server_id']})",
                             "Auth Required: true", f"Host: 127.0.0.1:{node.client_port}",
                             f"Version: {varz['version']}"):
                    self.assertIn(text, output)

    def test_server_info_of_an_unknown_server_fails(self):
        self.nats("--timeout", "1s", "server", "info", "nobody", code=1)

    def test_report_connections_shows_the_clients_of_both_servers(self):
        output = self.nats("server", "report", "connections")
        rows = {}
        for line in output.splitlines():
            cells = [cell.strip() for cell in line.strip("│").split("│")]
            if len(cells) > 10:
                rows[cells[1]] = cells
        self.assertEqual((rows["worker"][2], rows["worker"][5], rows["worker"][-1]),
                         ("n1", "APP", "2"))
        self.assertEqual((rows["other"][2], rows["other"][5]), ("n2", "APP"))
        self.assertGreaterEqual(int(rows["other"][7]), 3)

    def test_report_accounts_adds_up_over_the_servers(self):
        output = self.nats("server", "report", "accounts")
        self.assertEqual(self.row(output, "APP")[1], "2")
        self.assertEqual(self.row(output, "SYS")[1], "1")

    def request(self, kind, *words):
        answers = {}
        for line in self.nats("server", "request", kind, *words, 2).splitlines():
            if line.startswith("{"):
                answer = json.loads(line)
                answers[answer["server"]["name"]] = answer
        self.assertEqual(sorted(answers), ["n1", "n2"])
        for name, answer in answers.items():
            self.assertNotIn("error", answer, name)
            self.assertEqual(answer["server"]["cluster"], "CL")
        return {name: answer["data"] for name, answer in answers.items()}

    def test_request_variables_answers_as_varz_does(self):
        for name, data in self.request("variables").items():
            node = self.pair[name == "n2"]
            varz = node.server.get_json("/varz")
            self.assertEqual((data["server_name"], data["port"]), (name, node.client_port))
            self.assertEqual(set(varz) ^ set(data), set())

    def test_request_connections_lists_clients_and_filters(self):
        data = self.request("connections")
        names = {name: [each.get("name") for each in answer["connections"]]
                 for name, answer in data.items()}
        self.assertIn("worker", names["n1"])
        self.assertIn("other", names["n2"])
        data = self.request("connections", "--subscriptions", "--filter-account",
                            "APP")
        self.assertEqual([each["name"] for each in data["n1"]["connections"]], ["worker"])
        detail = data["n1"]["connections"][0]["subscriptions_list_detail"]
        self.assertEqual(sorted(each["subject"] for each in detail), ["shared", "task.*"])

    def test_request_routes_names_the_other_server(self):
        data = self.request("routes")
        for name, other in (("n1", "n2"), ("n2", "n1")):
            self.assertEqual({each["remote_name"] for each in data[name]["routes"]}, {other})

    def test_request_subscriptions_counts(self):
        for data in self.request("subscriptions").values():
            self.assertGreaterEqual(data["num_subscriptions"], 2)

    def test_request_accounts_lists_them_and_shows_one(self):
        for data in self.request("accounts").values():
            self.assertLessEqual({"$G", "APP", "SYS"}, set(data["accounts"]))
        data = self.request("accounts", "--account", "APP")
        for name, answer in data.items():
            detail = answer["account_detail"]
            self.assertEqual((detail["account_name"], detail.get("is_system", False)),
                             ("APP", False), name)

    def test_request_of_what_is_not_in_use_is_answered_too(self):
        for data in self.request("leafnodes").values():
            self.assertEqual(data["leafnodes"], 0)
        self.request("gateways")
        self.request("jetstream")
        for data in self.request("jetstream-health").values():
            self.assertEqual(data["status"], "ok")

    def test_kick_closes_one_connection(self):
        victim = self.pair[1].connect("app", name="victim")
        server_id = self.pair[1].server.get_json("/varz")["server_id"]
        cid = victim.info["client_id"]
        self.nats("server", "request", "kick", cid, server_id)

        def is_gone():
            try:
                victim.sync()
            except (ConnectionEnded, OSError):
                return True
            return False
        sp.wait_until(is_gone, "the kicked connection to end")
        self.other.sync()

    def test_check_connection_and_check_server_are_ok(self):
        for node in (0, 1):
            self.assertTrue(self.nats("server", "check", "connection", node=node,
                                      user="app").startswith("OK Connection OK"))
        output = self.nats("server", "check", "server", "--name", "n2")
        self.assertTrue(output.startswith("OK n2"), output)

    def test_account_info_of_a_user_names_the_account(self):
        output = self.nats("account", "info", user="app")
        self.assertRegex(output, r"Account: +APP|APP")
        self.assertRegex(output, r"User: +app")

    def test_an_ordinary_user_is_told_nothing(self):
        self.nats("--timeout", "1s", "server", "list", user="app", code=1)

    def test_top_saves_a_snapshot_with_the_connections(self):
        file = self.workspace.file("top.txt")
        self.nats("top", "n1", "--output", file, "--max-refresh", 1)
        with open(file, encoding="utf-8") as snapshot:
            text = snapshot.read()
        self.assertRegex(text, r"NATS server version \S+ \(uptime: ")
        self.assertRegex(text, r"Server: n1\n")
        self.assertRegex(text, r"(?m)^ *127\.0\.0\.1:\d+ +\d+ +worker +2 ")

    def test_top_draws_itself_in_a_terminal(self):
        pid, terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
            os.execve(nats_tool(), self.command("top", "n2", "--max-refresh", 2),
                      {**self.environment(), "TERM": "xterm"})
        text, end = b"", sp.time.monotonic() + 20
        try:
            while b"other" not in text and sp.time.monotonic() < end:
                if select.select([terminal], [], [], 0.5)[0]:
                    text += os.read(terminal, 65536)
        except OSError:
            pass  # the tool has ended
        finally:
            os.kill(pid, sp.signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)
        self.assertIn(b"other", text)
        self.assertIn(b"n2", text)


class Events(ClusterCase):
    """$SYS events as a monitoring program would subscribe to them, on another server."""

    def test_connects_and_disconnects_on_one_server_are_heard_on_the_other(self):
        nodes = self.mesh(2, top=TOP)
        admin = nodes[0].connect("admin")
        admin.sub("$SYS.ACCOUNT.APP.CONNECT", "1").sub("$SYS.ACCOUNT.APP.DISCONNECT", "2")
        admin.sync()
        # Interest in $SYS may have to cross by a connection of its own: ask until it is there.
        heard = []

        def hears():
            with sp.Client(nodes[1].client_port, {"user": "app", "pass": "app",
                                                  "name": "guest"}) as guest:
                guest.flush()
            heard.extend(admin.sync().take())
            kinds = {json.loads(m.payload)["type"] for m in heard}
            return len(kinds) == 2
        sp.wait_until(hears, "a connect and a disconnect event")
        for message in heard:
            event = json.loads(message.payload)
            self.assertEqual(event["server"]["name"], "n2")
            self.assertEqual((event["client"]["acc"], event["client"]["name"]), ("APP", "guest"))
            self.assertRegex(event["type"], r"client_(dis)?connect$")


if __name__ == "__main__":
    cluster_case.main()
