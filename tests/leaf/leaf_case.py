"""Base of the leaf node tests: a hub that accepts and leafs that dial, any binary in each place.

`--hub A --leaf B` names the binaries. A link stands when /leafz of both ends names the other.
"""

import argparse
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cluster"))
import cluster_case  # noqa: E402
from bus_client import sp  # noqa: E402
from cluster_case import ClusterCase  # noqa: E402

HUB = LEAF = os.environ.get("RUBUS_SERVER", "nats-server")


class LeafCase(ClusterCase):
    def hub(self, name="hub", *, leafnodes="", top="", **options):
        """A configured hub; `leaf_port` is where it accepts leafs."""
        node = self.node(name, binary=HUB)
        node.leaf_port = sp.free_port()
        block = f'leafnodes {{ listen: "127.0.0.1:{node.leaf_port}"\n{leafnodes}\n}}\n{top}'
        options.setdefault("cluster", None)
        return node.configure(top=block, **options)

    def leaf(self, *hubs, name="leaf", login="", remote="", top="", ports=None, leafnodes="",
             scheme="nats-leaf", host="127.0.0.1", **options):
        """A configured leaf of these hubs (or of other ports, such as those of links)."""
        node = self.node(name, binary=options.pop("binary", LEAF))
        ports = ports or [hub.leaf_port for hub in hubs]
        urls = cluster_case.quoted(f"{scheme}://{login}{host}:{port}" for port in ports)
        block = f'leafnodes {{ {leafnodes}\n remotes: [ {{ urls: {urls}\n{remote} }} ] }}\n{top}'
        options.setdefault("cluster", None)
        return node.configure(top=block, **options)

    @staticmethod
    def leafs(node):
        """Names of the servers at the other ends of a node's leaf links."""
        status, _, body = sp.http_get(node.monitor_port, "/leafz")
        assert status == 200, body
        return sorted(entry["name"] for entry in sp.json.loads(body).get("leafs") or [])

    def wait_linked(self, hub, *leafs, deadline_s=sp.DEADLINE_S):
        """The hub has exactly these leafs and each of them has the hub."""
        names = sorted(leaf.name for leaf in leafs)
        sp.wait_until(lambda: self.leafs(hub) == names, f"{hub.name} to have {names}", deadline_s)
        for leaf in leafs:
            sp.wait_until(lambda: hub.name in self.leafs(leaf),  # pylint: disable=W0640
                          f"{leaf.name} to have {hub.name}", deadline_s)

    def linked_pair(self, **options):
        """A hub and a leaf, started and linked."""
        hub = self.hub().start()
        leaf = self.leaf(hub, **options).start()
        self.wait_linked(hub, leaf)
        return hub, leaf


def main():
    """Runs the tests of the calling script with --hub and --leaf; the rest is for unittest."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--hub", default=HUB)
    parser.add_argument("--leaf", default=LEAF)
    parser.add_argument("--shards", type=int, default=1)
    arguments, rest = parser.parse_known_args()
    # The tests import this module by name; the script itself is __main__, not this module.
    module = sys.modules["leaf_case"]
    module.HUB, module.LEAF = (
        os.path.abspath(path) if os.path.sep in path else path
        for path in (arguments.hub, arguments.leaf))
    cluster_case.SHARDS = arguments.shards
    result = unittest.main(module="__main__", argv=[sys.argv[0], "-v", *rest], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
