#!/usr/bin/env python3
"""Who becomes a member of a cluster, who is refused, and what clients are told about it.

Usage: membership_test.py [--servers PATH,PATH…] [--shards N] [TEST]...
Refusals are shown from both sides: a log line with the cause, and a cluster that goes on.
"""

import json
import signal

import cluster_case
from bus_client import deliveries, sp, wait_interest
from cluster_case import ClusterCase
from route_peer import RoutePeer


class Mesh(ClusterCase):
    def test_three_nodes_meet_through_one_seed_and_know_each_other_by_name(self):
        nodes = self.mesh(3)
        for node in nodes:
            routez = node.routez()
            self.assertEqual(routez["server_name"], node.name)
            self.assertEqual(routez["num_routes"], len(routez["routes"]))
            self.assertEqual(node.server.get_json("/varz")["cluster"]["name"], "CL")
        clients = self.clients(nodes)
        self.assert_bus_works(clients[0], clients[1], clients[2])

    def test_flags_alone_make_a_cluster(self):
        nodes = [self.node(), self.node()]
        for node in nodes:
            arguments = ["-a", "127.0.0.1", "-p", node.client_port, "-m", node.monitor_port,
                         "--server_name", node.name, "--cluster_name", "CL",
                         "--cluster", f"nats://{node.cluster_address}"]
            if node is nodes[1]:
                arguments += ["--routes", f"nats://{nodes[0].cluster_address}"]
            node.start(*arguments)
        self.wait_mesh(nodes)
        clients = self.clients(nodes)
        self.assert_bus_works(clients[0], clients[1])
        self.assert_bus_works(clients[1], clients[0])

    def test_routes_without_a_cluster_are_a_mistake_that_is_named(self):
        node = self.node()
        node.launch("-a", "127.0.0.1", "-p", node.client_port, "--routes",
                    "nats://127.0.0.1:23999")
        self.assertNotEqual(node.server.wait_exit(), 0)
        self.assertIn("solicited routes require cluster capabilities", node.server.log())

    def test_nodes_that_all_name_each_other_have_one_route_to_each(self):
        nodes = [self.node() for _ in range(3)]
        for node in nodes:
            node.configure(routes=[other.url for other in nodes]).launch()
        for node in nodes:
            node.server.wait_ready()
        self.wait_mesh(nodes)
        clients = self.clients(nodes)
        for subscriber in clients:
            subscriber.sub("all")
        for publisher in clients:
            for subscriber in clients:
                wait_interest(subscriber, publisher)
        for publisher in clients:
            publisher.pub("all", "once")
        for subscriber in clients:
            self.assertEqual(len(deliveries(subscriber, *clients)), 3)

    def test_a_node_that_dials_before_its_seed_listens_joins_when_it_does(self):
        seed, early = self.node(), self.node()
        seed.configure()
        early.configure(routes=[seed.url]).start()
        self.wait_log([early], r"(?i)error trying to connect|connection refused")
        seed.start()
        self.wait_mesh([seed, early])

    def test_varz_counts_the_routes_and_routez_lists_the_interest_of_peers(self):
        nodes = self.mesh(2)
        a, b = self.clients(nodes)
        b.sub("seen.by.others").sub("shared", "2", "crew")
        wait_interest(b, a)
        self.assertGreaterEqual(nodes[0].server.get_json("/varz")["routes"], 1)
        listed = [subject for route in nodes[0].routez("?subs=1")["routes"]
                  for subject in route.get("subscriptions_list", [])]
        self.assertIn("seen.by.others", listed)
        detail = [entry for route in nodes[0].routez("?subs=detail")["routes"]
                  for entry in route.get("subscriptions_list_detail", [])]
        self.assertIn(("shared", "crew"),
                      [(entry["subject"], entry.get("qgroup")) for entry in detail])

    def test_an_account_that_only_one_side_has_costs_no_route(self):
        nodes = [self.node(), self.node()]
        shared = ("accounts { BOTH { users: [ { user: b, password: b } ] }\n"
                  "  %s { users: [ { user: u, password: u } ] } }\n")
        nodes[0].configure(top=shared % "LEFT").start()
        nodes[1].configure(top=shared % "RIGHT", routes=[nodes[0].url]).start()
        self.wait_mesh(nodes)
        both = [node.connect("b") for node in nodes]
        lonely = [node.connect("u") for node in nodes]
        for client in both + lonely:
            client.sub("same")
        wait_interest(both[1], both[0])
        lonely[0].pub("same", "left only").sync()
        both[0].pub("same", "both")
        self.assertEqual([m.payload for m in deliveries(both[1], both[0])], [b"both"])
        self.assertEqual(lonely[1].sync().take(), [])
        self.wait_mesh(nodes)


class ClientUrls(ClusterCase):
    def urls(self, client):
        client.sync()
        return set(client.info.get("connect_urls") or [])

    def wait_urls(self, client, nodes):
        expected = {f"127.0.0.1:{node.client_port}" for node in nodes}
        sp.wait_until(lambda: self.urls(client) == expected, f"connect_urls {expected}")

    def test_clients_learn_the_addresses_of_all_nodes_and_forget_a_dead_one(self):
        nodes = self.mesh(2)
        early = nodes[0].connect()
        self.wait_urls(early, nodes)
        third = self.node()
        third.configure(routes=[nodes[1].url]).start()
        self.wait_mesh([*nodes, third])
        self.wait_urls(early, [*nodes, third])
        self.wait_urls(third.connect(), [*nodes, third])
        third.kill()
        self.wait_urls(early, nodes)

    def test_no_advertise_keeps_the_addresses_of_a_node_from_clients_of_others(self):
        nodes = [self.node() for _ in range(3)]
        nodes[0].configure().start()
        nodes[1].configure(routes=[nodes[0].url], cluster="no_advertise: true").start()
        self.wait_mesh(nodes[:2])
        nodes[2].configure(routes=[nodes[0].url]).start()
        self.wait_mesh(nodes)
        self.wait_urls(nodes[0].connect(), [nodes[0], nodes[2]])

    def test_client_advertise_is_what_clients_of_other_nodes_are_told(self):
        nodes = [self.node(), self.node()]
        nodes[0].configure().start()
        nodes[1].configure(routes=[nodes[0].url],
                           top='client_advertise: "bus.example.org:4333"').start()
        self.wait_mesh(nodes)
        client = nodes[0].connect()
        expected = {f"127.0.0.1:{nodes[0].client_port}", "bus.example.org:4333"}
        sp.wait_until(lambda: self.urls(client) == expected, f"connect_urls {expected}")

    def test_a_lame_duck_is_taken_from_the_addresses_before_it_ends(self):
        nodes = self.mesh(3, top='lame_duck_duration: "30s"\nlame_duck_grace_period: "20s"')
        watcher, guest = nodes[0].connect(), nodes[2].connect()
        self.wait_urls(watcher, nodes)
        nodes[2].server.signal(signal.SIGUSR2)
        self.wait_urls(watcher, nodes[:2])
        sp.wait_until(lambda: guest.sync().info.get("ldm"), "the guest to be told")
        guest.sub("still.served")
        wait_interest(guest, watcher)
        watcher.pub("still.served", "yes")
        self.assertEqual([m.payload for m in deliveries(guest, watcher)], [b"yes"])


    def test_a_lame_duck_without_clients_does_not_wait_for_the_end_of_its_time(self):
        nodes = self.mesh(2, top='lame_duck_duration: "300s"\nlame_duck_grace_period: "100s"')
        nodes[0].server.signal(sp.signal.SIGUSR2)
        self.assertIn(nodes[0].server.wait_exit(), (0, 1))
        sp.wait_until(lambda: nodes[1].peers() == [], "the other to see it go")


class Refusals(ClusterCase):
    """Each refuses somebody and then shows that the others do not care."""

    def setUp(self):
        super().setUp()
        self.pair = None

    def form_pair(self, **options):
        nodes = [self.node("n1"), self.node("n2")]
        nodes[0].configure(**options).start()
        nodes[1].configure(routes=[nodes[0].url], **options).start()
        self.wait_mesh(nodes)
        self.pair = nodes
        self.clients_of_pair = self.clients(nodes)
        return nodes

    def assert_unharmed(self, *joined):
        """The pair still has one route, its clients reach each other both ways."""
        for node, other in (self.pair, self.pair[::-1]):
            self.assertEqual(node.peers(), sorted([other.name, *joined]))
        a, b = self.clients_of_pair
        self.assert_bus_works(a, b)
        self.assert_bus_works(b, a)

    def test_a_node_of_another_cluster_is_refused_with_both_names(self):
        nodes = self.form_pair()
        stranger = self.node("stranger")
        stranger.configure(routes=[nodes[0].url], cluster_name="OTHER").start()
        line = self.wait_log([nodes[0]], r"(?i)cluster name .*(does not match|differ)")
        self.assertIn("OTHER", line)
        self.assertEqual(stranger.peers(), [])
        self.assert_unharmed()

    def test_a_node_with_the_name_of_another_is_refused(self):
        nodes = self.form_pair()
        twin = self.node("n1")
        twin.configure(routes=[nodes[0].url]).start()
        self.wait_log([nodes[0], twin], r"(?i)duplicate.*name|same name")
        self.assertEqual(twin.peers(), [])
        self.assert_unharmed()

    def test_a_node_finds_itself_among_its_routes_and_forms_no_route(self):
        node, other = self.node("n1"), self.node("n2")
        node.configure(routes=[node.url]).start()
        other.configure(routes=[other.url, node.url]).start()
        self.wait_mesh([node, other])
        self.pair, self.clients_of_pair = [node, other], self.clients([node, other])
        self.assert_unharmed()

    def test_garbage_on_the_route_port_is_thrown_out(self):
        nodes = self.form_pair()
        handshake = ('CONNECT {"verbose":false,"name":"x","cluster":"CL"}\r\n'
                     'INFO {"server_id":"%s","server_name":"x","cluster":"CL","proto":3}\r\n')
        pieces = [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),
            b"\x00" * 5000 + b"\r\n",
            b"A" * 200_000,
            b"INFO {\r\n", b"INFO []\r\n", b"CONNECT {}}\r\n", b'CONNECT {"cluster":7}\r\n',
            b"RMSG $G a 99999999999999999999\r\n", b"PUB x 1\r\na\r\n", b"SUB > 1\r\n",
            b'CONNECT {"lang":"go","verbose":false,"cluster":"CL"}\r\nPING\r\n',
            handshake.replace("%s", "A" * 56).encode() + b"RMSG $G\r\n",
            handshake.replace("%s", "B" * 56).encode() + b"RS+ $G q crew\r\n",
            handshake.replace("%s", "C" * 56).encode() + b"RMSG $G s 5\r\nabcdefgh\r\n",
            handshake.replace("%s", "D" * 56).encode() + b"HMSG $G s 9 5\r\nabcde\r\n",
        ]
        for number, piece in enumerate(pieces):
            with self.subTest(piece=number):
                peer = RoutePeer(nodes[0])
                peer.send(piece)
                peer.lines_until_closed()
                peer.close()
        self.assert_unharmed()

    def test_a_client_on_the_route_port_is_told_that_it_is_the_wrong_port(self):
        nodes = self.form_pair()
        peer = RoutePeer(nodes[0])
        peer.send('CONNECT {"lang":"go","verbose":false,"protocol":1}\r\nPING\r\n')
        self.assertIn("attempted to connect to route port", "".join(peer.lines_until_closed()))
        self.assert_unharmed()

    def test_a_node_that_says_info_before_connect_is_refused(self):
        nodes = self.form_pair()
        peer = RoutePeer(nodes[0])
        peer.send('INFO {"server_id":"%s","cluster":"CL"}\r\n' % peer.server_id)
        self.assertIn("-ERR 'Authorization Violation'", peer.lines_until_closed())
        self.assert_unharmed()

    def test_an_old_version_does_not_become_a_member_that_breaks_accounts(self):
        nodes = self.form_pair()
        peer = RoutePeer(nodes[0]).join("ancient", proto=0, version="1.0.0")
        if nodes[0].is_rubus:
            peer.lines_until_closed()
            self.wait_log(nodes[:1], r"(?i)ancient.*(version|protocol|old)|(version|old).*ancient")
            self.assert_unharmed()
        else:  # nats-server takes it
            peer.lines_until_pong()
            peer.close()

    def test_a_peer_cannot_take_away_the_interest_of_others(self):
        nodes = self.form_pair()
        a, b = self.clients_of_pair
        b.sub("keep").sub("keep.queue", "2", "crew")
        wait_interest(b, a)
        for ending in ("RS- $G keep\r\n", "RS- $G keep.queue crew\r\n", "RS+ $G keep\r\n",
                       "RS- $G keep\r\nRS- $G keep\r\n", "RMSG $G\r\n"):
            peer = RoutePeer(nodes[0]).join(f"p{len(ending)}")
            peer.lines_until_pong()
            peer.send("RS+ $G keep\r\nRS+ $G keep.queue crew 9\r\n" + ending)
            if ending.startswith("RS"):
                peer.sync()
                peer.close()
            else:
                peer.lines_until_closed()
            sp.wait_until(lambda: nodes[0].peers() == ["n2"], "the peer to be gone")
            a.pub("keep", "1").pub("keep.queue", "2")
            self.assertEqual(sorted(m.payload for m in deliveries(b, a)), [b"1", b"2"])
        self.assert_unharmed()

    def test_a_peer_that_connects_and_says_nothing_holds_nobody_up(self):
        nodes = self.form_pair()
        silent = [RoutePeer(nodes[0]) for _ in range(30)]
        self.assert_unharmed()
        for peer in silent:
            peer.close()
        self.assert_unharmed()

    def test_a_dedicated_connection_for_an_account_is_not_taken_for_the_route(self):
        nodes = self.form_pair()
        peer = RoutePeer(nodes[0])
        peer.line()
        info = {"server_id": peer.server_id, "server_name": "pinned", "proto": 3, "cluster": "CL",
                "host": "127.0.0.1", "port": peer.announced_port, "route_account": "$G"}
        peer.send('CONNECT {"verbose":false,"name":"%s","cluster":"CL"}\r\nINFO %s\r\n'
                  % (peer.server_id, json.dumps(info)))
        self.assertRegex("".join(peer.lines_until_closed()),
                         r'dedicated route for account "\$G"|No route for account "\$G"')
        self.assert_unharmed()


class Authorization(ClusterCase):
    CLUSTER = 'authorization { user: ruser, password: "secret" }'

    def test_a_route_with_the_right_password_joins_and_a_wrong_one_is_refused(self):
        seed, good, bad, none = (self.node(name) for name in ("seed", "good", "bad", "none"))
        seed.configure(cluster=self.CLUSTER).start()
        for node, login in ((good, "ruser:secret@"), (bad, "ruser:guessed@"), (none, "")):
            node.configure(routes=[f"nats-route://{login}{seed.cluster_address}"],
                           cluster=self.CLUSTER).start()
        self.wait_mesh([seed, good])
        for node in (bad, none):
            self.wait_log([node], r"(?i)authorization|authentication")
            self.assertEqual(node.peers(), [])
        line = self.wait_log([seed], r"(?i)authorization|authentication")
        self.assertNotIn("secret", line)
        self.assertNotIn("guessed", line)
        clients = self.clients([seed, good])
        self.assert_bus_works(clients[0], clients[1])

    def test_interest_sent_before_the_login_is_worth_nothing(self):
        seed = self.node("seed").configure(cluster=self.CLUSTER).start()
        client = seed.connect()
        peer = RoutePeer(seed).join(user="ruser", **{"pass": "guessed"})
        peer.send("RS+ $G spied\r\n")
        lines = peer.lines_until_closed()
        self.assertIn("-ERR 'Authorization Violation'", lines)
        self.assertEqual([line for line in lines if line.startswith("RS+")], [])
        client.pub("spied", "secret", reply="_INBOX.x").sync()
        self.assertEqual(seed.peers(), [])
        joined = RoutePeer(seed).join(user="ruser", **{"pass": "secret"})
        self.assertEqual([line for line in joined.lines_until_pong() if "RMSG" in line], [])


if __name__ == "__main__":
    cluster_case.main()
