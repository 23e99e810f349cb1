#!/usr/bin/env python3
"""Leaf nodes: what crosses the link, in which account, to whom, and what does not.

Usage: leaf_test.py [--hub PATH] [--leaf PATH] [--shards N] [TEST]...
Run with Rubus in one place and nats-server in the other, both ways, and with one in both.
"""

import collections
import unittest

import leaf_case
from bus_client import deliveries, sp, wait_interest
from leaf_case import LeafCase
from tcp_link import TcpLink

HEADERS = b"NATS/1.0\r\nColour: red\r\n\r\n"
ACCOUNTS = """
accounts {
  A { users: [ { user: a, password: a } ] }
  B { users: [ { user: b, password: b } ] }
}
"""


def payloads(messages):
    return [message.payload for message in messages]


class Crossing(LeafCase):
    """Everything in the global account of both ends; one pair of servers for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.shared = LeafCase()
        cls.shared.setUp()
        cls.addClassCleanup(cls.shared.doCleanups)
        cls.servers = cls.shared.linked_pair()

    def setUp(self):
        super().setUp()
        self.subject = self.id().rsplit(".", 1)[1]
        self.at_hub, self.at_leaf = self.both = [self.client(0), self.client(1)]

    def client(self, end, **options):
        made = self.servers[end].connect(**options)
        self.addCleanup(made.close)
        return made

    def test_messages_cross_both_ways_once_and_in_order(self):
        for client in self.both:
            client.sub(self.subject)
        for client in self.both:
            wait_interest(client, self.at_hub)
            wait_interest(client, self.at_leaf)
        for publisher in self.both:
            for number in range(300):
                publisher.pub(self.subject, f"{number}")
            for subscriber in self.both:
                self.assertEqual(payloads(deliveries(subscriber, publisher)),
                                 [b"%d" % number for number in range(300)])

    def test_headers_replies_and_payloads_cross_unchanged(self):
        for subscriber, publisher in (self.both, self.both[::-1]):
            subscriber.sub(self.subject)
            wait_interest(subscriber, publisher)
            publisher.pub(self.subject, "", headers=HEADERS, reply="answer.here")
            publisher.pub(self.subject, b"\r\n\x00" * 7, reply="answer.here")
            publisher.pub(self.subject, b"z" * (1 << 20))
            got = deliveries(subscriber, publisher)
            self.assertEqual([(m.headers, m.payload, m.reply) for m in got],
                             [(HEADERS, b"", "answer.here"), (b"", b"\r\n\x00" * 7, "answer.here"),
                              (b"", b"z" * (1 << 20), "")])
            subscriber.unsub("1").sync()

    def test_requests_are_answered_from_the_other_end(self):
        for number, (responder, requester) in enumerate((self.both, self.both[::-1])):
            responder.sub(f"{self.subject}.{number}", "service")
            wait_interest(responder, requester)
            requester.sub(f"_INBOX.{number}.*", "answer")
            requester.pub(f"{self.subject}.{number}", "ask", reply=f"_INBOX.{number}.1").sync()
            request = responder.message()
            wait_interest(requester, responder)
            responder.pub(request.reply, b"answer to " + request.payload)
            self.assertEqual(requester.message().payload, b"answer to ask")

    def test_no_responders_are_told_from_the_interest_of_both_ends(self):
        for subscriber, publisher in (self.both, self.both[::-1]):
            self.assertTrue(publisher.has_no_responders(self.subject))
            subscriber.sub(self.subject)
            wait_interest(subscriber, publisher)
            self.assertFalse(publisher.has_no_responders(self.subject))
            subscriber.unsub("1").sync()
            wait_interest(subscriber, publisher)
            self.assertTrue(publisher.has_no_responders(self.subject))
            subscriber.take()

    def test_wildcards_cross_as_interest(self):
        self.at_leaf.sub(f"{self.subject}.*.x")
        self.at_hub.sub(f"{self.subject}.>")
        wait_interest(self.at_leaf, self.at_hub)
        wait_interest(self.at_hub, self.at_leaf)
        self.at_hub.pub(f"{self.subject}.1.x", "1").pub(f"{self.subject}.1.y", "2")
        self.at_leaf.pub(f"{self.subject}.deep.er.x", "3")
        self.assertEqual(payloads(deliveries(self.at_leaf, self.at_hub)), [b"1"])
        self.assertEqual(sorted(payloads(deliveries(self.at_hub, self.at_leaf))),
                         [b"1", b"2", b"3"])

    def test_a_group_over_both_ends_gets_each_message_once(self):
        members = [self.client(end) for end in (0, 0, 1, 1)]
        for member in members:
            member.sub(self.subject, "q", "crew")
            for client in self.both:
                wait_interest(member, client)
        for publisher in self.both:
            for number in range(200):
                publisher.pub(self.subject, f"{number}")
            seen = collections.Counter()
            for member in members:
                seen.update(payloads(deliveries(member, publisher)))
            self.assertEqual(seen, collections.Counter(b"%d" % n for n in range(200)))

    def test_a_member_of_the_own_end_is_preferred_to_those_beyond_the_link(self):
        for own, other in ((0, 1), (1, 0)):
            near, far = self.client(own), [self.client(other) for _ in range(3)]
            subject = f"{self.subject}.{own}"
            for member in (near, *far):
                member.sub(subject, "q", "crew")
                wait_interest(member, self.both[own])
            for number in range(100):
                self.both[own].pub(subject, f"{number}")
            self.assertEqual(len(deliveries(near, self.both[own])), 100)
            for member in far:
                self.assertEqual(deliveries(member, self.both[own]), [])

    def test_members_beyond_the_link_serve_when_there_is_no_other(self):
        for publisher, end in ((self.at_hub, 1), (self.at_leaf, 0)):
            members = [self.client(end) for _ in range(2)]
            for member in members:
                member.sub(f"{self.subject}.{end}", "q", "crew")
                wait_interest(member, publisher)
            for number in range(100):
                publisher.pub(f"{self.subject}.{end}", f"{number}")
            seen = collections.Counter()
            for member in members:
                seen.update(payloads(deliveries(member, publisher)))
            self.assertEqual(seen, collections.Counter(b"%d" % n for n in range(100)))


class Accounts(LeafCase):
    def bound_pair(self, remote=""):
        return self.pair_of(self.hub(top=ACCOUNTS, leafnodes="""authorization { users: [
          { user: leaf, password: secret, account: A } ] }"""), remote)

    def pair_of(self, hub, remote=""):
        hub.start()
        leaf = self.leaf(hub, login="leaf:secret@", remote=f"account: B\n{remote}",
                         top=ACCOUNTS).start()
        self.wait_linked(hub, leaf)
        return hub, leaf

    def test_the_link_joins_the_account_of_the_login_with_the_local_one_and_no_other(self):
        hub, leaf = self.bound_pair()
        hub_a, hub_b = hub.connect("a"), hub.connect("b")
        leaf_a, leaf_b = leaf.connect("a"), leaf.connect("b")
        for client in (hub_a, hub_b, leaf_a, leaf_b):
            client.sub("same")
        wait_interest(leaf_b, hub_a)
        wait_interest(hub_a, leaf_b)
        hub_a.pub("same", "from hub A")
        leaf_b.pub("same", "from leaf B")
        hub_b.pub("same", "from hub B")
        leaf_a.pub("same", "from leaf A")
        self.assertEqual(sorted(payloads(deliveries(leaf_b, hub_a))),
                         [b"from hub A", b"from leaf B"])
        self.assertEqual(sorted(payloads(deliveries(hub_a, leaf_b))),
                         [b"from hub A", b"from leaf B"])
        self.assertEqual(payloads(deliveries(hub_b, hub_b)), [b"from hub B"])
        self.assertEqual(payloads(deliveries(leaf_a, leaf_a)), [b"from leaf A"])

    def test_leafz_names_the_accounts_and_who_dialed(self):
        hub, leaf = self.bound_pair()
        for node, account, spoke in ((hub, "A", False), (leaf, "B", True)):
            entry, = node.server.get_json("/leafz")["leafs"]
            self.assertEqual((entry["account"], entry["is_spoke"]), (account, spoke))
        self.assertEqual(hub.server.get_json("/varz")["leafnodes"], 1)

    def test_a_wrong_password_or_an_unknown_user_links_nothing(self):
        hub, leaf = self.bound_pair()
        for name, login in (("wrong", "leaf:guess@"), ("nobody", "mallory:secret@"), ("none", "")):
            stranger = self.leaf(hub, name=name, login=login, remote="account: B", top=ACCOUNTS)
            stranger.start()
            line = self.wait_log([stranger], r"(?i)authorization")
            self.assertNotIn("secret", line)
            self.assertEqual(self.leafs(stranger), [])
        self.assertNotIn("guess", hub.server.log())
        self.wait_linked(hub, leaf)

    def test_permissions_of_the_login_limit_both_directions(self):
        hub, leaf = self.pair_of(self.hub(top="""accounts { A { users: [
          { user: a, password: a }
          { user: leaf, password: secret, permissions {
            publish: ["up.>", "_FENCE.>"], subscribe: ["down.>", "_FENCE.>"] } } ] } }"""))
        at_hub, at_leaf = hub.connect("a"), leaf.connect("b")
        at_hub.sub("up.x", "1").sub("other.x", "2")
        at_leaf.sub("down.x", "1").sub("other.y", "2")
        wait_interest(at_hub, at_leaf)
        wait_interest(at_leaf, at_hub)
        at_leaf.pub("other.x", "no").pub("up.x", "up")
        at_hub.pub("other.y", "no").pub("down.x", "down")
        self.assertEqual(payloads(deliveries(at_hub, at_leaf)), [b"up"])
        self.assertEqual(payloads(deliveries(at_leaf, at_hub)), [b"down"])
        self.wait_linked(hub, leaf)

    def test_the_leaf_may_deny_subjects_itself(self):
        hub, leaf = self.bound_pair(remote='deny_imports: "in.secret"\ndeny_exports: "out.secret"')
        at_hub, at_leaf = hub.connect("a"), leaf.connect("b")
        at_hub.sub("out.*")
        at_leaf.sub("in.*")
        wait_interest(at_hub, at_leaf)
        wait_interest(at_leaf, at_hub)
        at_leaf.pub("out.secret", "no").pub("out.open", "yes")
        at_hub.pub("in.secret", "no").pub("in.open", "yes")
        self.assertEqual(payloads(deliveries(at_hub, at_leaf)), [b"yes"])
        self.assertEqual(payloads(deliveries(at_leaf, at_hub)), [b"yes"])

    def test_a_remote_with_an_unknown_local_account_is_refused_at_the_start(self):
        hub = self.hub().start()
        leaf = self.leaf(hub, remote="account: NOWHERE").launch()
        self.assertNotEqual(leaf.server.wait_exit(), 0)
        self.assertIn('cannot find local account "NOWHERE"', leaf.server.log())

    def test_two_accounts_of_one_leaf_use_two_links(self):
        hub = self.hub(top=ACCOUNTS, leafnodes="""authorization { users: [
          { user: la, password: x, account: A }, { user: lb, password: x, account: B } ] }""")
        hub.start()
        leaf = self.node("leaf", binary=leaf_case.LEAF)
        leaf.configure(cluster=None, top=ACCOUNTS + f"""leafnodes {{ remotes: [
          {{ url: "nats-leaf://la:x@127.0.0.1:{hub.leaf_port}", account: A }}
          {{ url: "nats-leaf://lb:x@127.0.0.1:{hub.leaf_port}", account: B }} ] }}""").start()
        sp.wait_until(lambda: self.leafs(hub) == ["leaf", "leaf"], "two links")
        for user, other in (("a", "b"), ("b", "a")):
            near, far = hub.connect(user), leaf.connect(user)
            stranger = leaf.connect(other)
            far.sub("same")
            stranger.sub("same")
            wait_interest(far, near)
            near.pub("same", user)
            self.assertEqual(payloads(deliveries(far, near)), [user.encode()])
            self.assertEqual(deliveries(stranger, stranger), [])


class Shapes(LeafCase):
    """More than one hub or leaf."""

    def test_two_leafs_reach_each_other_through_the_hub(self):
        hub = self.hub().start()
        leafs = [self.leaf(hub, name=name).start() for name in ("left", "right")]
        self.wait_linked(hub, *leafs)
        clients = self.clients([hub, *leafs])
        for publisher in clients:
            self.assert_bus_works(publisher, *[c for c in clients if c is not publisher])

    def test_a_leaf_of_a_leaf_reaches_the_hub(self):
        hub = self.hub().start()
        middle = self.node("middle", binary=leaf_case.LEAF)
        middle.leaf_port = sp.free_port()
        middle.configure(cluster=None, top=f"""leafnodes {{ listen: "127.0.0.1:{middle.leaf_port}"
          remotes: [ {{ url: "nats-leaf://127.0.0.1:{hub.leaf_port}" }} ] }}""").start()
        end = self.leaf(middle, name="end", binary=leaf_case.HUB).start()
        self.wait_linked(hub, middle)
        sp.wait_until(lambda: self.leafs(middle) == ["end", "hub"], "the middle to have both")
        clients = self.clients([hub, middle, end])
        for publisher in clients:
            self.assert_bus_works(publisher, *[c for c in clients if c is not publisher])

    def test_a_leaf_of_one_node_is_reached_from_every_node_of_the_cluster(self):
        hubs = [self.hub("h1", cluster="", cluster_name="HUBS")]
        hubs.append(self.hub("h2", cluster="", cluster_name="HUBS", routes=[hubs[0].url]))
        for hub in hubs:
            hub.start()
        self.wait_mesh(hubs)
        leaf = self.leaf(hubs[0]).start()
        self.wait_linked(hubs[0], leaf)
        near, far, beyond = self.clients([*hubs, leaf])
        for publisher in (near, far, beyond):
            self.assert_bus_works(publisher, *[c for c in (near, far, beyond)
                                               if c is not publisher])
        beyond.sub("job", "q", "crew")
        far.sub("job", "q", "crew")
        for member in (beyond, far):
            for publisher in (near, far, beyond):
                wait_interest(member, publisher)
        for publisher in (near, far, beyond):
            for number in range(60):
                publisher.pub("job", f"{number}")
            got = payloads(deliveries(beyond, publisher) + deliveries(far, publisher))
            self.assertEqual(sorted(got, key=int), [b"%d" % n for n in range(60)])

    def test_a_leaf_of_two_nodes_of_a_cluster_gets_each_message_once(self):
        hubs = [self.hub("h1", cluster="", cluster_name="HUBS")]
        hubs.append(self.hub("h2", cluster="", cluster_name="HUBS", routes=[hubs[0].url]))
        for hub in hubs:
            hub.start()
        self.wait_mesh(hubs)
        leafs = [self.leaf(hubs[0], name="l1").start(), self.leaf(hubs[1], name="l2").start()]
        for hub, leaf in zip(hubs, leafs):
            self.wait_linked(hub, leaf)
        clients = self.clients([*hubs, *leafs])
        for client in clients:
            client.sub("everywhere")
        for client in clients:
            for other in clients:
                wait_interest(client, other)
        for publisher in clients:
            publisher.pub("everywhere", "once")
        for client in clients:
            self.assertEqual(len(deliveries(client, *clients)), 4)

    def test_a_loop_of_leaf_links_is_noticed_and_no_message_runs_in_it(self):
        first = self.node("first", binary=leaf_case.HUB)
        second = self.node("second", binary=leaf_case.LEAF)
        for node in (first, second):
            node.leaf_port = sp.free_port()
        for node, other in ((first, second), (second, first)):
            node.configure(cluster=None, top=f"""leafnodes {{ listen: "127.0.0.1:{node.leaf_port}"
              remotes: [ {{ url: "nats-leaf://127.0.0.1:{other.leaf_port}" }} ] }}""").launch()
        for node in (first, second):
            node.server.wait_ready()
        self.wait_log([first, second], r"(?i)loop detected")
        a, b = self.clients([first, second])
        b.sub("round")
        for number in range(20):
            a.pub("round", f"{number}").sync()
            b.sync()
        got = payloads(b.take())
        self.assertEqual(len(got), len(set(got)))


class Terms(LeafCase):
    """What one end demands of the other before they link."""

    def assert_links(self, hub, leaf):
        self.wait_linked(hub, leaf)
        at_hub, at_leaf = self.clients([hub, leaf])
        self.assert_bus_works(at_hub, at_leaf)
        self.assert_bus_works(at_leaf, at_hub)

    def test_the_end_that_dials_may_play_the_hub(self):
        hub = self.hub().start()
        self.assert_links(hub, self.leaf(hub, remote="hub: true").start())

    def test_a_hub_that_would_compress_links_with_a_leaf_that_would_not(self):
        hub = self.hub(leafnodes="compression: s2_fast").start()
        self.assert_links(hub, self.leaf(hub, remote="compression: off").start())

    def test_servers_of_two_clusters_link(self):
        hub = self.hub(cluster="", cluster_name="HUBS").start()
        self.assert_links(hub, self.leaf(hub, cluster="", cluster_name="LEAFS").start())

    def test_a_leaf_with_the_name_of_the_clusters_hub_is_refused(self):
        hub = self.hub(cluster="", cluster_name="SAME").start()
        leaf = self.leaf(hub, cluster="", cluster_name="SAME").start()
        self.wait_log([leaf], r"remote leafnode has same cluster name")
        self.assertEqual(self.leafs(hub), [])

    def test_a_leaf_below_the_minimum_version_is_refused(self):
        hub = self.hub(leafnodes='min_version: "2.99.0"').start()
        leaf = self.leaf(hub).start()
        self.wait_log([leaf], r"minimum version required")
        self.assertEqual(self.leafs(hub), [])


class Failures(LeafCase):
    BACK_WITHIN_S = 3.0

    def wait_flow(self, publisher, subscriber, subject):
        """Publishes until something arrives; the seconds that took."""
        subscriber.sub(subject, subject).sync()

        def passes():
            publisher.pub(subject).sync()
            return any(m.subject == subject for m in subscriber.sync().take())
        started = sp.time.monotonic()
        sp.wait_until(passes, f"messages on {subject}")
        return sp.time.monotonic() - started

    def test_a_leaf_waits_for_its_hub_and_finds_it_again_after_a_kill(self):
        hub = self.hub()
        leaf = self.leaf(hub).start()
        self.wait_log([leaf], r"(?i)rror trying to connect|connection refused")
        hub.start()
        self.wait_linked(hub, leaf)
        at_leaf = leaf.connect().sub("kept")
        hub.kill()
        sp.wait_until(lambda: self.leafs(leaf) == [], "the link to be gone")
        hub.start()
        at_hub = hub.connect()
        seconds = self.wait_flow(at_hub, at_leaf, "kept.too")
        print(f"measured leaf link after a restart of the hub: {seconds * 1000:.0f} ms")
        self.assertLess(seconds, self.BACK_WITHIN_S)
        at_hub.pub("kept", "still")
        self.assertEqual([m.payload for m in deliveries(at_leaf, at_hub) if m.subject == "kept"],
                         [b"still"])

    def test_a_killed_leaf_takes_its_interest_along_and_brings_it_back(self):
        hub, leaf = self.linked_pair()
        at_hub = hub.connect()
        at_leaf = leaf.connect().sub("there")
        wait_interest(at_leaf, at_hub)
        leaf.kill()
        sp.wait_until(lambda: at_hub.has_no_responders("there"), "the interest to go")
        leaf.start()
        self.wait_flow(at_hub, leaf.connect(), "back")
        self.wait_linked(hub, leaf)

    def test_a_cut_link_is_mended_and_carries_what_was_subscribed_meanwhile(self):
        port = sp.free_port()
        hub = self.hub(leafnodes=f'advertise: "127.0.0.1:{port}"').start()
        link = TcpLink(port, hub.leaf_port)
        self.addCleanup(link.close)
        leaf = self.leaf(ports=[link.port]).start()
        self.wait_linked(hub, leaf)
        at_hub, at_leaf = self.clients([hub, leaf])
        at_leaf.sub("before")
        link.cut()
        for node in (hub, leaf):
            sp.wait_until(lambda: self.leafs(node) == [], "no link")  # pylint: disable=W0640
        at_leaf.sub("meanwhile", "2")
        link.mend()
        seconds = self.wait_flow(at_hub, at_leaf, "again")
        print(f"measured leaf link after a mended cable: {seconds * 1000:.0f} ms")
        self.assertLess(seconds, self.BACK_WITHIN_S)
        at_hub.pub("before", "1").pub("meanwhile", "2")
        self.assertEqual(payloads(m for m in deliveries(at_leaf, at_hub)
                                  if m.subject != "again"), [b"1", b"2"])

    def test_garbage_on_the_leaf_port_is_thrown_out(self):
        hub, leaf = self.linked_pair()
        for piece in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 3000, b"A" * 200_000, b"INFO {\r\n",
                      b"LS+ early\r\n", b"PUB x 1\r\na\r\n", b'CONNECT {"cluster":"a b"}\r\n',
                      b'CONNECT {"name":"x"}\r\nLMSG a\r\n',
                      b'CONNECT {"name":"x"}\r\nSUB a 1\r\n'):
            with self.subTest(piece=piece[:20]):
                with sp.socket.create_connection(("127.0.0.1", hub.leaf_port), timeout=20) as end:
                    end.sendall(piece)
                    try:
                        while end.recv(65536):
                            pass
                    except ConnectionResetError:
                        pass
        with sp.socket.create_connection(("127.0.0.1", hub.leaf_port), timeout=20) as end:
            end.sendall(b'CONNECT {"lang":"go","verbose":false}\r\n')
            text = b""
            while chunk := end.recv(65536):
                text += chunk
            self.assertIn(b"attempted to connect to leaf node port", text)
        self.wait_linked(hub, leaf)
        clients = self.clients([hub, leaf])
        self.assert_bus_works(clients[0], clients[1])


class Tls(LeafCase):
    def setUp(self):
        super().setUp()
        self.made = leaf_case.cluster_case.certificates.make(self.workspace.path)

    def hub_block(self, extra=""):
        return (f'tls {{ cert_file: "{self.made.server_cert}", key_file: "{self.made.server_key}" '
                f'{extra}, timeout: 5 }}')

    def test_a_leaf_links_over_tls_and_refuses_a_hub_it_cannot_trust(self):
        hub = self.hub(leafnodes=self.hub_block()).start()
        for name, authority in (("good", self.made.ca), ("distrustful", self.made.other_ca)):
            leaf = self.leaf(hub, name=name, scheme="tls", host="localhost",
                             remote=f'tls {{ ca_file: "{authority}" }}').start()
            if name == "good":
                self.wait_linked(hub, leaf)
                clients = self.clients([hub, leaf])
                self.assert_bus_works(clients[0], clients[1])
                self.assert_bus_works(clients[1], clients[0])
            else:
                self.wait_log([leaf], r"(?i)tls|certificate")
                self.assertEqual(self.leafs(leaf), [])

    def test_a_hub_that_asks_for_a_certificate_gets_one_or_refuses(self):
        hub = self.hub(leafnodes=self.hub_block(
            f', ca_file: "{self.made.ca}", verify: true')).start()
        anonymous = self.leaf(hub, name="anonymous", scheme="tls", host="localhost",
                              remote=f'tls {{ ca_file: "{self.made.ca}" }}').start()
        self.wait_log([hub], r"(?i)tls.*(handshake|certificate)")
        known = self.leaf(hub, name="known", scheme="tls", host="localhost",
                          remote=f'tls {{ ca_file: "{self.made.ca}", '
                          f'cert_file: "{self.made.client_cert}", '
                          f'key_file: "{self.made.client_key}" }}').start()
        self.wait_linked(hub, known)
        self.assertEqual(self.leafs(anonymous), [])


def load_tests(loader, _tests, _pattern):
    cases = (Crossing, Accounts, Shapes, Failures, Tls)
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)


if __name__ == "__main__":
    leaf_case.main()
