#!/usr/bin/env python3
"""The options of the cluster block: TLS, permissions, and finding members by a host name.

Usage: options_test.py [--servers PATH,PATH…] [--shards N] [TEST]...
Discovery gives each server an /etc/hosts of its own (a mount namespace), in which one name has
three addresses, as a headless service of Kubernetes has; that needs root. It is asked of Rubus
only: nats-server tries one address of a name at random and gives up a name that led to itself, so
there it works now and then.
"""

import ssl
import unittest

import cluster_case
from bus_client import deliveries, sp, wait_interest
from cluster_case import ClusterCase, certificates, need_root
from route_peer import RoutePeer

NODE_USAGE = ("extendedKeyUsage=serverAuth,clientAuth\n"
              "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n")


class Tls(ClusterCase):
    def setUp(self):
        super().setUp()
        self.made = certificates.make(self.workspace.path)
        self.cert, self.key = certificates.sign(
            self.workspace.path, "node", self.made.ca, self.made.ca_key, NODE_USAGE)

    def block(self, cert=None, key=None, ca=None):
        return (f'tls {{ cert_file: "{cert or self.cert}", key_file: "{key or self.key}", '
                f'ca_file: "{ca or self.made.ca}", verify: true, timeout: 5 }}')

    def test_routes_over_tls_carry_messages_and_accept_no_others(self):
        nodes = self.mesh(3, cluster=self.block())
        clients = self.clients(nodes)
        self.assert_bus_works(clients[0], clients[1], clients[2])
        clients[2].sub("big")
        wait_interest(clients[2], clients[1])
        clients[1].pub("big", b"x" * (1 << 20))
        self.assertEqual([len(m.payload) for m in deliveries(clients[2], clients[1])], [1 << 20])
        plain = self.node("plain")
        plain.configure(routes=[nodes[0].url]).start()
        self.wait_log([nodes[0], plain], r"(?i)tls|handshake|malformed|parse")
        self.assertEqual(plain.peers(), [])
        self.assert_bus_works(clients[1], clients[0], clients[2])

    def test_a_node_without_a_certificate_of_the_right_authority_is_refused(self):
        nodes = self.mesh(2, cluster=self.block())
        authority, key = certificates.authority(self.workspace.path, "foreign-ca")
        cert, cert_key = certificates.sign(
            self.workspace.path, "foreign", authority, key, NODE_USAGE)
        stranger = self.node("stranger")
        stranger.configure(routes=[nodes[0].url], cluster=self.block(cert, cert_key)).start()
        self.wait_log(nodes[:1], r"(?i)tls.*(certificate|handshake)")
        self.assertEqual(stranger.peers(), [])
        clients = self.clients(nodes)
        self.assert_bus_works(clients[0], clients[1])

    def test_not_a_byte_is_said_in_clear_before_the_handshake(self):
        node = self.node().configure(cluster=self.block()).start()
        context = ssl.create_default_context(cafile=self.made.ca)
        context.check_hostname = False
        context.load_cert_chain(self.cert, self.key)
        peer = RoutePeer(node, tls=context).join()
        self.assertTrue(peer.info["tls_required"])
        peer.lines_until_pong()
        self.assertEqual(node.peers(), ["foreign"])

    def test_a_tls_route_is_back_after_a_kill(self):
        nodes = self.mesh(2, cluster=self.block())
        nodes[1].kill()
        nodes[1].start()
        self.wait_mesh(nodes)
        clients = self.clients(nodes)
        self.assert_bus_works(clients[0], clients[1])


class Permissions(ClusterCase):
    def test_import_limits_what_a_node_asks_for_and_export_what_it_gives(self):
        limited, free = self.node("limited"), self.node("free")
        limited.configure(cluster='permissions { import: ["in.>", "_FENCE.>"], '
                                  'export: ["out.>", "_FENCE.>"] }').start()
        free.configure(routes=[limited.url]).start()
        self.wait_mesh([limited, free])
        inside, outside = limited.connect(), free.connect()
        inside.sub("in.one", "1").sub("other.one", "2")
        outside.sub("out.one", "1").sub("other.two", "2")
        wait_interest(inside, outside)
        wait_interest(outside, inside)
        outside.pub("in.one", "imported").pub("other.one", "no")
        inside.pub("out.one", "exported").pub("other.two", "no")
        self.assertEqual([m.payload for m in deliveries(inside, outside)], [b"imported"])
        self.assertEqual([m.payload for m in deliveries(outside, inside)], [b"exported"])
        self.assertTrue(outside.has_no_responders("other.one"))

    def test_deny_takes_away_from_what_is_allowed(self):
        limited, free = self.node("limited"), self.node("free")
        limited.configure(cluster='permissions { export: { allow: ">", deny: "secret.>" } }')
        limited.start()
        free.configure(routes=[limited.url]).start()
        self.wait_mesh([limited, free])
        inside, outside = limited.connect(), free.connect()
        outside.sub("open.x", "1").sub("secret.x", "2")
        wait_interest(outside, inside)
        inside.pub("secret.x", "no").pub("open.x", "yes")
        self.assertEqual([m.payload for m in deliveries(outside, inside)], [b"yes"])


class Discovery(ClusterCase):
    NAME = "nodes.cluster.test"

    def named_nodes(self, count, addresses):
        need_root("a hosts file of its own for each server")
        hosts = self.workspace.file("hosts", "127.0.0.1 localhost\n" + "".join(
            f"{address} {self.NAME}\n" for address in addresses))
        wrap = ["unshare", "-m", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh"]
        port = sp.free_port()
        nodes = [self.node(host=address, cluster_port=port, wrap=wrap)
                 for address in addresses[:count]]
        for node in nodes:
            node.configure(routes=[f"nats-route://{self.NAME}:{port}"]).launch()
        for node in nodes:
            node.server.wait_ready()
        return nodes

    def test_one_name_with_the_addresses_of_all_nodes_makes_a_mesh(self):
        nodes = self.named_nodes(3, ["127.0.0.11", "127.0.0.12", "127.0.0.13"])
        self.wait_mesh(nodes, 30)
        clients = self.clients(nodes)
        self.assert_bus_works(clients[0], clients[1], clients[2])
        nodes[1].kill()
        nodes[1].start()
        self.wait_mesh(nodes, 30)

    def test_an_address_where_nobody_listens_does_not_keep_the_others_apart(self):
        nodes = self.named_nodes(2, ["127.0.0.21", "127.0.0.22", "127.0.0.23"])
        self.wait_mesh(nodes, 30)
        clients = self.clients(nodes)
        self.assert_bus_works(clients[0], clients[1])


class UnknownName(ClusterCase):
    def test_a_name_that_does_not_resolve_is_tried_again_and_harms_nothing(self):
        node, other = self.node(), self.node()
        node.configure(routes=["nats-route://no-such-name.invalid:4248", other.url]).start()
        self.wait_log([node], r"no-such-name\.invalid")
        other.configure().start()
        self.wait_mesh([node, other])


def load_tests(loader, _tests, _pattern):
    cases = [Tls, Permissions, UnknownName]
    if all(cluster_case.is_rubus(binary) for binary in cluster_case.SERVERS):
        cases.append(Discovery)
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)


if __name__ == "__main__":
    cluster_case.main()
