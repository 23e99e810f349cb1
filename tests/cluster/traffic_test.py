#!/usr/bin/env python3
"""Traffic across a cluster: who gets which message, how often, in which order, and who does not.

Usage: traffic_test.py [--servers PATH,PATH…] [--shards N] [TEST]...
A mesh of three servers from one seed; a client on each. Absence is shown by a fence: a message
that must come later on the same path has arrived, so nothing else is on its way.
"""

import collections
import unittest

import cluster_case
from bus_client import deliveries, wait_interest
from cluster_case import ClusterCase

ACCOUNTS = """
accounts {
  X { users: [ { user: x, password: x } ] }
  Y { users: [ { user: y, password: y } ] }
}
"""
HEADERS = b"NATS/1.0\r\nColour: red\r\nColour: blue\r\n\r\n"


def payloads(messages):
    return [message.payload for message in messages]


class Traffic(ClusterCase):
    """All tests share one mesh; each works on subjects of its own."""

    @classmethod
    def setUpClass(cls):
        cls.shared = ClusterCase()
        cls.shared.setUp()
        cls.addClassCleanup(cls.shared.doCleanups)
        cls.shared.mesh(3, top=ACCOUNTS)

    def setUp(self):
        super().setUp()
        self.nodes = self.shared.nodes
        self.subject = self.id().rsplit(".", 1)[1]
        self.a, self.b, self.c = self.all = self.clients("x")

    def clients(self, user, **options):
        """A client on each node, closed with the test."""
        made = []
        for node in self.nodes:
            made.append(node.connect(user, **options))
            self.addCleanup(made[-1].close)
        return made

    def test_each_subscriber_on_any_node_gets_each_message_once_and_in_order(self):
        for client in self.all:
            client.sub(f"{self.subject}.>")
        for client in self.all:
            for other in self.all:
                wait_interest(client, other)
        for number in range(300):
            for name, client in zip("abc", self.all):
                client.pub(f"{self.subject}.{name}", f"{number}")
        expected = [b"%d" % number for number in range(300)]
        for client in self.all:
            got = deliveries(client, *self.all)
            self.assertEqual(len(got), 900)
            for name in "abc":
                of_one = [m for m in got if m.subject == f"{self.subject}.{name}"]
                self.assertEqual(payloads(of_one), expected)

    def test_two_subscriptions_of_one_client_each_get_a_message_from_another_node(self):
        self.c.sub(f"{self.subject}.*", "star").sub(f"{self.subject}.one", "literal")
        wait_interest(self.c, self.a)
        self.a.pub(f"{self.subject}.one", "x")
        self.assertEqual(sorted(m.sid for m in deliveries(self.c, self.a)), ["literal", "star"])

    def test_payloads_of_any_size_and_content_cross_unchanged(self):
        self.c.sub(self.subject)
        wait_interest(self.c, self.a)
        sent = [b"", b"\r\n", b"PING\r\n", b"\x00\xff" * 5, b"RMSG X y 3\r\nabc\r\n",
                bytes(range(256)) * 40, b"z" * (1 << 20)]
        for payload in sent:
            self.a.pub(self.subject, payload)
        self.assertEqual(payloads(deliveries(self.c, self.a)), sent)

    def test_headers_cross_unchanged_with_and_without_a_payload_and_a_reply(self):
        self.c.sub(self.subject)
        wait_interest(self.c, self.a)
        self.a.pub(self.subject, "body", headers=HEADERS)
        self.a.pub(self.subject, "", headers=HEADERS, reply="answer.here")
        self.a.pub(self.subject, "plain", reply="answer.here")
        got = deliveries(self.c, self.a)
        self.assertEqual([(m.headers, m.payload, m.reply) for m in got],
                         [(HEADERS, b"body", ""), (HEADERS, b"", "answer.here"),
                          (b"", b"plain", "answer.here")])

    def test_a_request_is_answered_by_a_responder_on_another_node(self):
        self.c.sub(self.subject)
        wait_interest(self.c, self.a)
        self.a.sub("_INBOX.me.*", "answer").pub(self.subject, "ask", reply="_INBOX.me.1").sync()
        request = self.c.message()
        self.assertEqual(request.reply, "_INBOX.me.1")
        wait_interest(self.a, self.c)
        self.c.pub(request.reply, b"answer to " + request.payload)
        self.assertEqual(self.a.message().payload, b"answer to ask")

    def test_no_responders_are_told_from_the_interest_of_all_nodes(self):
        wait_interest(self.c, self.a)
        self.assertTrue(self.a.has_no_responders(self.subject))
        self.c.sub(self.subject)
        wait_interest(self.c, self.a)
        self.a.sub("_INBOX.nr", "nr").pub(self.subject, "q", reply="_INBOX.nr").sync()
        self.assertEqual(self.c.message().payload, b"q")
        self.assertEqual(deliveries(self.a, self.c), [], "no 503 while another node listens")
        self.c.unsub("1").sync()
        wait_interest(self.c, self.a)
        self.assertTrue(self.a.has_no_responders(self.subject))

    def test_an_ended_connection_takes_its_interest_with_it(self):
        gone = self.nodes[2].connect("x")
        gone.sub(self.subject)
        wait_interest(gone, self.a)
        gone.close()
        cluster_case.sp.wait_until(lambda: self.a.has_no_responders(self.subject),
                                   "the interest of the closed client to go")

    def test_unsubscribing_after_a_number_of_messages_counts_those_from_other_nodes(self):
        self.c.sub(self.subject).unsub("1", 3)
        wait_interest(self.c, self.a)
        for number in range(10):
            self.a.pub(self.subject, f"{number}")
        self.assertEqual(payloads(deliveries(self.c, self.a)), [b"0", b"1", b"2"])

    def test_echo_off_hides_the_own_messages_only(self):
        quiet = self.nodes[0].connect("x", echo=False)
        self.addCleanup(quiet.close)
        quiet.sub(self.subject)
        for client in self.all:
            client.sub(self.subject)
            wait_interest(client, quiet)
            wait_interest(client, self.c)
        quiet.pub(self.subject, "own")
        for client in self.all:
            self.assertEqual(payloads(deliveries(client, quiet)), [b"own"])
        self.c.pub(self.subject, "other")
        for client in self.all:
            self.assertEqual(payloads(deliveries(client, self.c)), [b"other"])
        self.c.pub(f"_FENCE.{self.subject}")
        cluster_case.sp.wait_until(lambda: [m for m in quiet.sync().inbox], "the other's message")
        self.assertEqual(payloads(quiet.take()), [b"other"])

    def test_a_subject_of_one_account_is_another_subject_in_another_account(self):
        others = self.clients("y")
        for client in self.all + others:
            client.sub(self.subject)
        for group in (self.all, others):
            for client in group:
                wait_interest(client, group[0])
        self.a.pub(self.subject, "for x")
        others[0].pub(self.subject, "for y")
        for client in self.all:
            self.assertEqual(payloads(deliveries(client, self.a)), [b"for x"])
        for client in others:
            self.assertEqual(payloads(deliveries(client, others[0])), [b"for y"])
        for client in others:
            client.unsub("1").sync()
            wait_interest(client, others[0])
        self.assertTrue(others[0].has_no_responders(self.subject),
                        "interest of account X answers in account Y")


class Queues(Traffic):
    """Queue groups; inherits the mesh but not the tests (see load_tests)."""

    def members(self, *counts, queue="crew"):
        """That many members on each node; (node number, client) each, known everywhere."""
        made = []
        for index, count in enumerate(counts):
            for _ in range(count):
                member = self.nodes[index].connect("x")
                self.addCleanup(member.close)
                member.sub(self.subject, "q", queue)
                made.append((index, member))
        for _, member in made:
            for client in self.all:
                wait_interest(member, client)
        return made

    def shares(self, members, publisher, count, *others):
        """Publishes `count` numbered messages; how many each node got. Checks exactly once."""
        for number in range(count):
            publisher.pub(self.subject, f"{number}")
        shares, seen = collections.Counter(), collections.Counter()
        for index, member in members:
            got = payloads(deliveries(member, publisher, *others))
            shares[index] += len(got)
            seen.update(got)
        self.assertEqual(seen, collections.Counter(b"%d" % n for n in range(count)),
                         "each message goes to exactly one member")
        return shares

    def test_a_group_over_three_nodes_gets_each_message_exactly_once(self):
        members = self.members(2, 2, 2)
        for client in self.all:
            self.shares(members, client, 200)

    def test_two_groups_and_a_plain_subscriber_each_get_every_message(self):
        first, second = self.members(1, 1, 1), self.members(0, 2, 1, queue="other")
        self.b.sub(self.subject, "plain")
        wait_interest(self.b, self.a)
        for number in range(200):
            self.a.pub(self.subject, f"{number}")
        expected = collections.Counter(b"%d" % number for number in range(200))
        for members in (first, second):
            seen = collections.Counter()
            for _, member in members:
                seen.update(payloads(deliveries(member, self.a)))
            self.assertEqual(seen, expected)
        self.assertEqual(payloads(deliveries(self.b, self.a)), sorted(expected, key=int))

    def test_the_weight_of_a_node_is_the_number_of_its_members(self):
        shares = self.shares(self.members(0, 3, 1), self.a, 800)
        self.assertGreater(shares[1], 500, shares)
        self.assertGreater(shares[2], 100, shares)

    def test_a_member_that_leaves_lowers_the_weight_of_its_node(self):
        members = self.members(0, 3, 1)
        for _, member in members[:2]:
            member.unsub("q").sync()
            for client in self.all:
                wait_interest(member, client)
        shares = self.shares(members[2:], self.a, 600)
        self.assertGreater(shares[1], 200, shares)
        self.assertGreater(shares[2], 200, shares)

    def test_members_of_the_own_node_and_of_others_share_by_number(self):
        shares = self.shares(self.members(1, 3, 0), self.a, 800)
        self.assertGreater(shares[0], 100, shares)
        self.assertGreater(shares[1], 500, shares)

    def test_a_queue_member_alone_keeps_a_request_from_having_no_responders(self):
        (_, member), = self.members(0, 0, 1)
        self.a.sub("_INBOX.q", "q").pub(self.subject, "job", reply="_INBOX.q").sync()
        self.assertEqual(member.message().reply, "_INBOX.q")
        self.assertEqual(deliveries(self.a, member), [])

    def test_members_that_come_and_go_cost_no_message_while_one_stays(self):
        stays = self.nodes[2].connect("x")
        self.addCleanup(stays.close)
        stays.sub(self.subject, "q", "crew")
        for client in self.all:
            wait_interest(stays, client)
        got, sent = collections.Counter(), 0
        for turn in range(10):
            guest = self.nodes[turn % 2 + (turn % 3 == 0)].connect("x")
            guest.sub(self.subject, "q", "crew")
            wait_interest(guest, self.a)
            for _ in range(20):
                self.a.pub(self.subject, f"{sent}")
                sent += 1
            got.update(payloads(deliveries(guest, self.a)))
            guest.unsub("q").sync()
            wait_interest(guest, self.a)
            guest.close()
            for _ in range(10):
                self.a.pub(self.subject, f"{sent}")
                sent += 1
        got.update(payloads(deliveries(stays, self.a)))
        self.assertEqual(got, collections.Counter(b"%d" % number for number in range(sent)))


def load_tests(loader, _tests, _pattern):
    """Each class runs the tests that it defines itself."""
    suite = unittest.TestSuite()
    for case in (Traffic, Queues):
        suite.addTests(case(name) for name in loader.getTestCaseNames(case)
                       if name in vars(case))
    return suite


if __name__ == "__main__":
    cluster_case.main()
