#!/usr/bin/env python3
"""The stock Prometheus exporter reads the server as it reads nats-server; so does Prometheus.

Usage: metrics_test.py [--server PATH] [--record] [TEST]...
A server with accounts, clients, a route and a leaf is scraped by the real exporter. Which families
must come out, of which type and with which labels, stands in metrics_families.txt, recorded from
nats-server with --record. Rubus' own endpoint has to show the same families, and what it adds has
to please promtool.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cluster"))
import cluster_case  # noqa: E402
from bus_client import sp, wait_interest  # noqa: E402
from cluster_case import ClusterCase  # noqa: E402

FACTS = os.path.join(HERE, "metrics_families.txt")
RECORD = False
SERVER = "nats-server"
# Families that the Prometheus library of the exporter adds about the exporter itself.
FOREIGN = ("go_", "process_", "promhttp_")
PATHS = ("varz", "connz", "routez", "subsz", "leafz", "healthz", "accstatz", "accountz")
# Counts who asked for /metrics on the monitoring port, which nats-server has not.
ASKED = "nats_varz_http_req_stats_metrics"
FLAGS = ("-varz", "-connz_detailed", "-routez", "-subz", "-leafz", "-healthz",
         "-healthz_js_enabled_only", "-healthz_js_server_only", "-accstatz", "-accountz")
TOP = """
accounts {
  APP { users: [ { user: app, password: app } ] }
  SYS { users: [ { user: admin, password: admin } ] }
}
system_account: SYS
"""


def tool(name):
    tools = os.environ.get("RUBUS_TOOLS") or os.path.expanduser("~/.cache/rubus")
    for path in (os.path.join(tools, "bin", name), shutil.which(name)):
        if path and os.access(path, os.X_OK):
            return path
    raise AssertionError(f"no {name}; run tests/interop/setup.sh")


def families_of(text):
    """name -> (type, set of label name lists) of a text exposition."""
    found, kinds = {}, {}
    for line in text.splitlines():
        kind = re.match(r"# TYPE (\S+) (\S+)", line)
        if kind:
            kinds[kind.group(1)] = kind.group(2)
            continue
        sample = re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", line)
        if sample and not sample.group(1).startswith(FOREIGN):
            name = sample.group(1)
            if name not in kinds:
                raise AssertionError(f"a sample without a TYPE: {line}")
            labels = ",".join(sorted(re.findall(r'(\w+)="(?:[^"\\]|\\.)*"', sample.group(2) or "")))
            found.setdefault(name, (kinds[name], set()))[1].add(labels)
    return found


def lines_of(families):
    return sorted(f"{name} {kind} {'|'.join(sorted(labels)) or '-'}"
                  for name, (kind, labels) in families.items())


def facts():
    with open(FACTS, encoding="ascii") as file:
        return [line.rstrip("\n") for line in file if not line.startswith("#")]


class Metrics(ClusterCase):
    """One scene for all tests: two nodes, a leaf, a client in an account."""

    @classmethod
    def setUpClass(cls):
        cls.scene = ClusterCase()
        cls.scene.setUp()
        cls.addClassCleanup(cls.scene.doCleanups)
        cls.leaf_port = sp.free_port()
        cls.own_port = sp.free_port()
        cls.node, other, leaf = (cls.scene.node(name, binary=SERVER)
                                 for name in ("shown", "other", "leaf"))
        own = f'prometheus {{ listen: "127.0.0.1:{cls.own_port}" }}\n' if cls.node.is_rubus else ""
        cls.node.configure(
            top=TOP + own + f'leafnodes {{ listen: "127.0.0.1:{cls.leaf_port}"\n authorization '
            '{ user: leaf, password: leaf, account: APP } }').start()
        other.configure(top=TOP, routes=[cls.node.url]).start()
        leaf.configure(cluster=None, top=TOP + "leafnodes { remotes: [ { account: APP, url: "
                       f'"nats-leaf://leaf:leaf@127.0.0.1:{cls.leaf_port}" }} ] }}').start()
        cls.scene.wait_mesh([cls.node, other])
        sp.wait_until(lambda: cls.node.server.get_json("/leafz")["leafs"], "the leaf")
        cls.client, remote = cls.node.connect("app", name="shown"), other.connect("app")
        remote.sub("to.other")
        cls.client.sub("to.me")
        wait_interest(remote, cls.client)
        cls.client.pub("to.other", "1").pub("to.me", "2").sync()
        for path in ("", *PATHS):
            sp.http_get(cls.node.monitor_port, "/" + path)

    def scrape_with_exporter(self, *flags, prefix="nats"):
        port = sp.free_port()
        words = ["-a", "127.0.0.1", "-p", port, *flags]
        if prefix:
            words += ["-prefix", prefix]
        words.append(f"http://127.0.0.1:{self.node.monitor_port}")
        with sp.Server(tool("prometheus-nats-exporter"), words, name="exporter") as exporter:
            exporter.wait_for("listening")

            def scraped():
                status, _, body = sp.http_get(port, "/metrics")
                return body if status == 200 and "varz_server_name" in body else None
            return sp.wait_until(scraped, "a scrape of the exporter\n" + exporter.log())

    def test_the_exporter_finds_the_families_it_finds_in_nats_server(self):
        found = lines_of(families_of(self.scrape_with_exporter(*FLAGS)))
        if RECORD:
            with open(FACTS, "w", encoding="ascii") as file:
                file.write("# What the stock exporter shows of nats-server, written by "
                           "metrics_test.py --record: family, type,\n# label names (with | between"
                           " several sets of them).\n")
                file.write("\n".join(found) + "\n")
        self.assertEqual(found, facts())

    def test_the_exporter_without_a_prefix_uses_its_own(self):
        found = families_of(self.scrape_with_exporter("-varz", "-routez", prefix=""))
        self.assertIn("gnatsd_varz_connections", found)
        self.assertIn("gnatsd_routez_num_routes", found)

    def test_the_numbers_are_those_of_the_scene(self):
        text = self.scrape_with_exporter(*FLAGS)
        for pattern in (r"nats_varz_connections\{.*\} 1$", r"nats_varz_leafnodes\{.*\} 1$",
                        r"nats_healthz_status\{.*\} 0$",
                        r'nats_varz_server_name\{.*value="shown".*\} 1$',
                        r'nats_accstatz_current_connections\{.*account="APP".*\} [12]$',
                        r"nats_leafz_conn_nodes_total\{.*\} 1$",
                        r'nats_connz_in_msgs\{.*name="shown".*\} [1-9]'):
            self.assertRegex(text, re.compile(pattern, re.M))

    def test_a_trailing_slash_of_the_address_makes_no_difference(self):
        status, _, body = sp.http_get(self.node.monitor_port, "//varz")
        self.assertEqual(status, 200, body)


class OwnEndpoint(Metrics):
    """What Rubus serves itself, on a port of its own and on the monitoring port."""

    def scrape(self, port, query=""):
        status, kind, body = sp.http_get(port, "/metrics" + query)
        self.assertEqual(status, 200, body)
        self.assertTrue(kind.startswith("text/plain; version=0.0.4"), kind)
        return body

    def test_both_ports_show_the_families_of_the_exporter(self):
        for port in (self.own_port, self.node.monitor_port):
            found = families_of(self.scrape(port, "?connz_detailed=1"))
            compatible = lines_of({name: value for name, value in found.items()
                                   if not name.startswith("rubus_") and name != ASKED})
            self.assertEqual(compatible, facts())

    def test_server_id_is_the_same_after_a_restart(self):
        label = re.compile(r'nats_varz_connections\{server_id="([^"]*)"\}')
        self.assertEqual(label.search(self.scrape(self.own_port)).group(1), "shown")

    def test_promtool_reads_everything_and_has_no_complaint_about_our_own_families(self):
        text = self.scrape(self.own_port, "?connz_detailed=1")
        done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)  # 3: complaints, but it can be read
        own = [line for line in (done.stdout + done.stderr).splitlines()
               if line.startswith("rubus_")]
        self.assertEqual(own, [])
        self.assertTrue(any(name.startswith("rubus_") for name in families_of(text)))

    def test_the_metrics_port_serves_nothing_else(self):
        for path in ("/", "/varz", "/connz"):
            self.assertEqual(sp.http_get(self.own_port, path)[0], 404, path)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(Metrics))
    if cluster_case.is_rubus(SERVER):
        suite.addTests(OwnEndpoint(name) for name in loader.getTestCaseNames(OwnEndpoint)
                       if name in vars(OwnEndpoint))
    return suite


def main():
    global SERVER, RECORD
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--server", default=SERVER)
    parser.add_argument("--record", action="store_true")
    arguments, rest = parser.parse_known_args()
    SERVER = os.path.abspath(arguments.server) if os.path.sep in (
        arguments.server) else arguments.server
    RECORD = arguments.record
    result = unittest.main(argv=[sys.argv[0], "-v", *rest], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
