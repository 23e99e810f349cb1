"""Base of the cluster tests: servers in a full mesh, any mixture of binaries.

`--servers A,B` names the binaries; node number i runs the i-th of them in turn, so that the same
test asks the same of Rubus, of nats-server (the control) and of both together. Nothing waits for
a time: a mesh is complete when /routez of each node says so.
"""

import argparse
import os
import subprocess
import sys
import unittest

from bus_client import BusClient, deliveries, sp, wait_interest
import certificates  # noqa: F401  (found by the path that bus_client sets; the tests take it here)

SERVERS = [os.environ.get("RUBUS_SERVER", "nats-server")]
SHARDS = 1
# A range of its own: these tests may run beside the process tests.
sp.PORT_FIRST, sp.PORT_LAST = 23000, 23999


def is_rubus(binary):
    return "rubus" in os.path.basename(binary)


def quoted(words):
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


class Node:
    """One member of a cluster; it keeps its ports and its file over a restart."""

    def __init__(self, case, name, binary, *, host="127.0.0.1", cluster_port=None, wrap=()):
        self.case, self.name, self.binary, self.host = case, name, binary, host
        self.is_rubus = is_rubus(binary)
        self.client_port, self.monitor_port = sp.free_port(), sp.free_port()
        self.cluster_port = cluster_port or sp.free_port()
        self.wrap = list(wrap)  # words put before the command
        self.server, self.file, self.is_clustered = None, None, False

    @property
    def cluster_address(self):
        return f"{self.host}:{self.cluster_port}"

    @property
    def url(self):
        return f"nats-route://{self.cluster_address}"

    def configure(self, *, routes=(), cluster="", top="", cluster_name="CL"):
        """Writes the configuration; `cluster` and `top` are text for the block and the rest.

        With cluster=None the server stands alone.
        """
        self.is_clustered = cluster is not None
        block = self.cluster_block(routes, cluster, cluster_name) if self.is_clustered else ""
        shards = f"shards: {SHARDS}\n" if self.is_rubus and SHARDS > 1 else ""
        self.file = self.case.workspace.file(f"{self.name}-{self.client_port}.conf", f"""
server_name: "{self.name}"
listen: "127.0.0.1:{self.client_port}"
http: "127.0.0.1:{self.monitor_port}"
{shards}{top}
{block}
""")
        return self

    def cluster_block(self, routes, text, name):
        routes = f"routes: {quoted(routes)}" if routes else ""
        name = f'name: "{name}"' if name else ""
        return f'cluster {{\n  {name}\n  listen: "{self.cluster_address}"\n  {routes}\n  {text}\n}}'

    def launch(self, *arguments):
        """Starts the process; arguments take the place of the configuration file."""
        words = [*self.wrap, self.binary, *(arguments or ("-c", self.file))]
        self.server = sp.Server(words[0], words[1:], name=self.name)
        self.case.addCleanup(self.server.kill)
        return self

    def start(self, *arguments):
        self.launch(*arguments).server.wait_ready()
        # nats-server is "ready" before it takes routes.
        if self.is_clustered or any(str(word).startswith("--cluster") for word in arguments):
            self.server.wait_for(r"Listening for route connections on ")
        return self

    def kill(self):
        self.server.kill()

    def routez(self, query=""):
        status, _, body = sp.http_get(self.monitor_port, "/routez" + query)
        assert status == 200, body
        return sp.json.loads(body)

    def peers(self):
        """Names of the servers this one has a route to."""
        return sorted({route["remote_name"] for route in self.routez()["routes"] or []})

    def connect(self, user=None, **options):
        client = BusClient(self.client_port, user, **options)
        self.case.addCleanup(client.close)
        return client


class ClusterCase(unittest.TestCase):
    """Every server a test starts is killed at its end, whatever happened."""

    def setUp(self):
        self.workspace = sp.Workspace("rubus-cluster-")
        self.addCleanup(self.workspace.remove)
        self.nodes = []

    def node(self, name=None, **options):
        """A node that is neither configured nor started."""
        binary = options.pop("binary", SERVERS[len(self.nodes) % len(SERVERS)])
        node = Node(self, name or f"n{len(self.nodes) + 1}", binary, **options)
        self.nodes.append(node)
        return node

    def mesh(self, count=3, *, cluster="", top=""):
        """A full mesh; every node but the first knows only the first."""
        nodes = [self.node() for _ in range(count)]
        for node in nodes:
            routes = [nodes[0].url] if node is not nodes[0] else []
            node.configure(routes=routes, cluster=cluster, top=top).launch()
        for node in nodes:
            node.server.wait_ready()
        self.wait_mesh(nodes)
        return nodes

    def wait_mesh(self, nodes, deadline_s=sp.DEADLINE_S):
        for node in nodes:
            others = sorted(other.name for other in nodes if other is not node)
            sp.wait_until(lambda: node.peers() == others,  # pylint: disable=cell-var-from-loop
                          f"{node.name} to have routes to {others}", deadline_s)

    def clients(self, nodes, user=None, **options):
        return [node.connect(user, **options) for node in nodes]

    def wait_log(self, nodes, pattern, after=None):
        """The first log line of any of the nodes that matches."""
        def found():
            for node in nodes:
                for line in node.server.log().splitlines()[(after or {}).get(node.name, 0):]:
                    if sp.re.search(pattern, line):
                        return line
            return None
        return sp.wait_until(found, f"a log line /{pattern}/; the logs:\n" + "\n".join(
            f"{node.name}: {line}" for node in nodes
            for line in node.server.log().splitlines()[-15:]))

    def assert_bus_works(self, publisher, *subscribers):
        """A message of publisher reaches each of the others exactly once."""
        subject = f"works.{sp.random.getrandbits(48):x}"
        for subscriber in subscribers:
            subscriber.sub(subject, "works")
            wait_interest(subscriber, publisher)
        publisher.pub(subject, "here")
        for subscriber in subscribers:
            found = [m for m in deliveries(subscriber, publisher) if m.subject == subject]
            self.assertEqual([m.payload for m in found], [b"here"])
            subscriber.unsub("works")


def need_root(what):
    """Fails (never skips) with a sentence when this process may not do it."""
    if os.geteuid() != 0:
        raise AssertionError(f"{what} needs root; run this test as root")
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{what} needs namespaces: {done.stderr.strip()}")


def main():
    """Runs the tests of the calling script with --servers; the rest is for unittest."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--shards", type=int, default=SHARDS)
    arguments, rest = parser.parse_known_args()
    # The tests import this module by name; the script itself is __main__, not this module.
    module = sys.modules["cluster_case"]
    module.SERVERS = [os.path.abspath(path) if os.path.sep in path else path
                      for path in arguments.servers.split(",")]
    module.SHARDS = arguments.shards
    result = unittest.main(module="__main__", argv=[sys.argv[0], "-v", *rest], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
