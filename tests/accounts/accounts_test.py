#!/usr/bin/env python3
"""Imports and mappings of accounts in a cluster and over a leaf node link.

Usage: accounts_test.py [--servers PATH,PATH…] [--shards N] [TEST]...
A mesh of three servers with the same accounts: A exports, B imports; and a hub with a leaf node in
the importing account. Absence is shown by a fence, as in the cluster tests.
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cluster"))
import cluster_case  # noqa: E402
from bus_client import ConnectionEnded, deliveries, sp, wait_interest  # noqa: E402
from cluster_case import ClusterCase  # noqa: E402

sp.PORT_FIRST, sp.PORT_LAST = 22200, 22899

IMPORTS = """
      { stream: { account: A, subject: "s.>" }, prefix: b },
      { service: { account: A, subject: "q.>" } },
      { service: { account: A, subject: "many" } }
"""
ACCOUNTS = """
accounts {
  A {
    users: [ { user: a, password: a } ]
    exports: [ { stream: "s.>" }, { service: "q.>" }, { service: many, response: stream } ]
    mappings: { "old.*": "new.$1" }
  }
  B { users: [ { user: b, password: b } ], imports: [%s] }
}
"""


def payloads(messages):
    return [message.payload for message in messages]


class InACluster(ClusterCase):
    """All tests but the last share one mesh."""

    @classmethod
    def setUpClass(cls):
        cls.shared = ClusterCase()
        cls.shared.setUp()
        cls.addClassCleanup(cls.shared.doCleanups)
        cls.shared.mesh(3, top=ACCOUNTS % IMPORTS)

    def setUp(self):
        super().setUp()
        self.nodes = self.shared.nodes
        self.name = self.id().rsplit(".", 1)[1]

    def clients(self, nodes, user=None, **options):
        made = []
        for node in nodes:
            made.append(node.connect(user, no_responders=True, headers=True, **options))
            self.addCleanup(made[-1].close)
        return made

    def test_a_request_from_any_node_is_served_on_any_node_and_answered_once(self):
        servers, askers = self.clients(self.nodes, "a"), self.clients(self.nodes, "b")
        subject = f"q.{self.name}"
        for server in servers:
            server.sub(subject)
            for other in servers:
                wait_interest(server, other)
            for number, asker in enumerate(askers):
                asker.sub("answers", "answers").pub(subject, str(number), reply="answers").sync()
                asked = server.message()
                self.assertIn(b'Nats-Request-Info: {"acc":"B"', asked.headers)
                self.assertTrue(asked.reply.startswith("_R_."), asked.reply)
                server.pub(asked.reply, "yes").pub(asked.reply, "again").sync()
                answer = asker.message()
                self.assertEqual((answer.subject, answer.payload), ("answers", b"yes"))
                # The second answer of a singleton would have come before this fence.
                helper = servers[number]
                self.assertEqual(deliveries(helper, server), [])
                self.assertEqual(asker.sync().take(), [])
                asker.unsub("answers").sync()
            server.unsub("1")
            for other in servers:
                wait_interest(server, other)

    def test_streamed_answers_cross_nodes_until_an_empty_one(self):
        (server,), (asker,) = self.clients(self.nodes[1:2], "a"), self.clients(self.nodes[:1], "b")
        (helper,) = self.clients(self.nodes[:1], "a")
        server.sub("many")
        wait_interest(server, helper)
        asker.sub("answers").pub("many", reply="answers").sync()
        reply = server.message().reply
        for payload in ("1", "2", "", "3"):
            server.pub(reply, payload)
        got = [asker.message().payload for _ in range(3)]
        self.assertEqual(got, [b"1", b"2", b""])
        self.assertEqual(deliveries(helper, server), [])
        self.assertEqual(asker.sync().take(), [])

    def test_nobody_anywhere_is_told_at_once(self):
        for asker in self.clients(self.nodes, "b"):
            asker.sub("answers").pub(f"q.{self.name}", reply="answers").sync()
            (answer,) = asker.take()
            self.assertTrue(answer.headers.startswith(b"NATS/1.0 503"), answer)
            self.assertIn(f"Nats-Subject: q.{self.name}".encode(), answer.headers)

    def test_answers_go_where_the_inbox_is_even_on_a_third_node(self):
        (server,), (asker,) = self.clients(self.nodes[1:2], "a"), self.clients(self.nodes[:1], "b")
        (helper,), (box,) = self.clients(self.nodes[:1], "a"), self.clients(self.nodes[2:], "b")
        server.sub(f"q.{self.name}")
        wait_interest(server, helper)
        box.sub(f"box.{self.name}")
        wait_interest(box, asker)
        asker.pub(f"q.{self.name}", reply=f"box.{self.name}").sync()
        server.pub(server.message().reply, "here").sync()
        self.assertEqual(box.message().payload, b"here")

    def test_a_stream_is_imported_from_every_node_under_the_name_of_the_importer(self):
        sources, sinks = self.clients(self.nodes, "a"), self.clients(self.nodes, "b")
        for sink in sinks:
            sink.sub(f"b.s.{self.name}.*")
            sink.sub(f"b.s.{self.name}.*", "group", queue="workers")
        for sink, helper in zip(sinks, self.clients(self.nodes, "a")):
            sink.sync()
            for source in sources:
                # Made behind the shadow at the sink's own node, on the same path.
                wait_interest(helper, source)
        for number, source in enumerate(sources):
            source.pub(f"s.{self.name}.{number}", str(number)).sync()
        plain, grouped = [], []
        sp.wait_until(lambda: self.collect(sinks, plain, grouped) == (9, 3),
                      "three messages at each sink and one for the group each")
        self.assertEqual({m.subject for m in plain},
                         {f"b.s.{self.name}.{number}" for number in range(3)})
        self.assertEqual(sorted(payloads(grouped)), [b"0", b"1", b"2"])
        for sink in sinks:
            sink.unsub("1").unsub("group").sync()
        sources[0].pub(f"s.{self.name}.9", "late").sync()
        self.assertEqual(payloads(deliveries(sinks[0])), [])

    @staticmethod
    def collect(sinks, plain, grouped):
        for sink in sinks:
            for message in sink.sync().take():
                (plain if message.sid == "1" else grouped).append(message)
        return len(plain), len(grouped)

    def test_what_is_mapped_on_one_node_arrives_under_its_new_name_on_the_others(self):
        clients = self.clients(self.nodes, "a")
        for client in clients:
            client.sub(f"new.{self.name}").sub(f"old.{self.name}", "old")
            for other in clients:
                wait_interest(client, other)
        for client in clients:
            client.pub(f"old.{self.name}", "x")
        for client in clients:
            subjects = [m.subject for m in deliveries(client, *clients)]
            self.assertEqual(subjects, [f"new.{self.name}"] * 3)


class Reload(ClusterCase):
    def test_an_import_that_goes_leaves_the_others_and_their_answers_alone(self):
        (node,) = (self.node(),)
        node.configure(cluster=None, top=ACCOUNTS % IMPORTS).start()
        server, asker = (node.connect(user, no_responders=True, headers=True) for user in "ab")
        server.sub("many").sub("q.x", "2").sync()
        asker.sub("answers").sub("b.s.>", "stream")

        # The two may be on different shards, which tell each other what they want.
        def is_asked():
            asker.pub("many", reply="answers").sync()
            return server.sync().inbox
        sp.wait_until(is_asked, "the request to come through")
        reply = server.take()[-1].reply
        asker.take()
        without = "\n".join(line for line in IMPORTS.splitlines() if "q.>" not in line)
        node.configure(cluster=None, top=ACCOUNTS % without)
        node.server.signal(sp.signal.SIGHUP)
        self.wait_log([node], "Reloaded server configuration")
        asker.pub("q.x", reply="answers").sync()
        self.assertTrue(asker.message().headers.startswith(b"NATS/1.0 503"))

        def has_come():
            server.pub("s.x", "still").sync()
            return asker.sync().inbox
        sp.wait_until(has_come, "the stream to come through")
        self.assertEqual({message.subject for message in asker.take()}, {"b.s.x"})
        server.pub(reply, "late").sync()
        # Of what was asked for again and again, some may come behind what was asked for once.
        message = asker.message()
        while message.payload == b"still":
            message = asker.message()
        self.assertEqual(message.payload, b"late")


class Limits(ClusterCase):
    def test_an_account_takes_no_more_clients_than_it_may_on_all_shards_together(self):
        node = self.node()
        node.configure(cluster=None, top="""
accounts { L { users: [ { user: l, password: l } ], limits { max_connections: 3 } } }
""").start()
        clients = [node.connect("l") for _ in range(3)]
        with self.assertRaises(ConnectionEnded) as refused:
            node.connect("l")
        self.assertEqual(refused.exception.errors,
                         ["'maximum account active connections exceeded'"])
        clients[0].close()

        def has_room():
            try:
                return node.connect("l")
            except ConnectionEnded:
                return None
        sp.wait_until(has_room, "the place of a client that left")


class OverALeafNode(ClusterCase):
    def setUp(self):
        super().setUp()
        self.hub = self.node("hub")
        leaf_port = sp.free_port()
        self.hub.configure(cluster=None, top=ACCOUNTS % IMPORTS +
                           f'leafnodes {{ listen: "127.0.0.1:{leaf_port}" }}').start()
        self.leaf = self.node("leaf")
        self.leaf.configure(cluster=None, top=f"""
accounts {{ L {{ users: [ {{ user: l, password: l }} ] }} }}
leafnodes {{ remotes: [ {{ url: "nats-leaf://b:b@127.0.0.1:{leaf_port}", account: L }} ] }}
""").start()
        self.far = self.leaf.connect("l", no_responders=True, headers=True)
        self.near = self.hub.connect("a", no_responders=True, headers=True)

    def test_a_client_of_the_leaf_asks_a_service_that_its_account_at_the_hub_imports(self):
        self.near.sub("q.>")
        self.far.sub("answers")

        def is_asked():
            self.far.pub("q.leaf", reply="answers").sync()
            return self.near.sync().inbox
        sp.wait_until(is_asked, "the request to come through")
        asked = self.near.take()[-1]
        self.assertIn(b'Nats-Request-Info: {"acc":"B"', asked.headers)
        self.far.take()
        self.near.pub(asked.reply, "yes").sync()
        self.assertEqual(self.far.message().payload, b"yes")

    def test_a_client_of_the_leaf_gets_the_stream_that_its_account_at_the_hub_imports(self):
        self.far.sub("b.s.>").sync()

        def has_come():
            self.near.pub("s.x", "x").sync()
            return self.far.sync().inbox
        sp.wait_until(has_come, "the stream to come through")
        self.assertEqual({m.subject for m in self.far.take()}, {"b.s.x"})


if __name__ == "__main__":
    cluster_case.main()
