#!/usr/bin/env python3
"""A cluster on bad links: 20 ms of delay each way, 1 % of packets lost, cables pulled silently.

Usage: netns_test.py [--servers PATH,PATH…] [--shards N] [TEST]...
Three machines are network namespaces on one bridge (namespaces.py). A pulled cable is noticed by
nobody: the servers have to find out by their pings, and to find each other again afterwards.
"""

import time

import cluster_case
from bus_client import BusClient, deliveries, sp, wait_interest
from cluster_case import ClusterCase, Node
from namespaces import Machines, inside

# From the return of a cable to messages that pass. A dial into the dead link waits for the kernel's
# next SYN after 1 s; the servers give up a dial before that and begin another.
MENDED_WITHIN_S = 4.0
PINGS = 'ping_interval: "500ms"\n ping_max: 2'


class Machine(Node):
    """A node in a namespace of its own; its client and monitoring ports are reached from inside."""

    def __init__(self, case, name, binary, number, machines):
        self.namespace = machines.names[number - 1]
        super().__init__(case, name, binary, host=machines.address(number),
                         wrap=["ip", "netns", "exec", self.namespace])

    def routez(self, query=""):
        return inside(self.namespace, lambda: super(Machine, self).routez(query))

    def connect(self, user=None, **options):
        client = inside(self.namespace, lambda: BusClient(self.client_port, user, **options))
        self.case.addCleanup(client.close)
        return client


class BadLinks(ClusterCase):
    def setUp(self):
        super().setUp()
        self.machines = Machines(3)
        self.addCleanup(self.machines.close)

    def start_cluster(self):
        nodes = [Machine(self, f"n{number}",
                         cluster_case.SERVERS[(number - 1) % len(cluster_case.SERVERS)],
                         number, self.machines) for number in (1, 2, 3)]
        for number, node in enumerate(nodes):
            # nats-server dials who it was only told of once: a lost packet, and there is no mesh.
            seeds = nodes[:1] if node.is_rubus else nodes[:number]
            node.configure(routes=[seed.url for seed in seeds if seed is not node], cluster=PINGS)
            node.launch()
        for node in nodes:
            node.server.wait_ready()
        self.wait_mesh(nodes)
        return nodes

    def wait_peers(self, node, names, what):
        sp.wait_until(lambda: node.peers() == names, f"{node.name} to have {names}: {what}")

    def wait_flow(self, publisher, subscriber, subject):
        """Publishes until something arrives; the seconds that took."""
        subscriber.sub(subject, subject).sync()

        def passes():
            publisher.pub(subject).sync()
            inbox = subscriber.sync().inbox
            arrived = [message for message in inbox if message.subject == subject]
            for message in arrived:
                inbox.remove(message)
            return arrived
        started = time.monotonic()
        sp.wait_until(passes, f"messages on {subject}")
        return time.monotonic() - started

    def test_delay_and_loss_cost_no_message_and_no_order(self):
        nodes = self.start_cluster()
        clients = self.clients(nodes)
        for client in clients:
            client.sub("all")
            client.sub("job", "q", "crew")
        for client in clients:
            for other in clients:
                wait_interest(client, other)
        for number in range(1000):
            for name, client in enumerate(clients):
                client.pub("all", f"{name} {number}")
        clients[0].pub("job", "once")
        jobs = 0
        for client in clients:
            got = [m.payload.decode() for m in deliveries(client, *clients)]
            jobs += got.count("once")
            for name in range(3):
                self.assertEqual([each for each in got if each.startswith(f"{name} ")],
                                 [f"{name} {number}" for number in range(1000)])
        self.assertEqual(jobs, 1)
        clients[2].sub("ask", "ask")
        wait_interest(clients[2], clients[0])
        clients[0].sub("answer", "answer").pub("ask", "?", reply="answer").sync()
        self.assertEqual(clients[2].message().reply, "answer")

    def test_a_pulled_cable_is_noticed_by_pings_and_mended_when_it_is_back(self):
        nodes = self.start_cluster()
        a, b, c = self.clients(nodes)
        c.sub("there")
        wait_interest(c, a)
        for turn in range(2):
            self.machines.cut(3)
            started = time.monotonic()
            self.wait_peers(nodes[0], ["n2"], "n3 is away")
            self.wait_peers(nodes[1], ["n1"], "n3 is away")
            self.wait_peers(nodes[2], [], "all others are away")
            print(f"measured dead link noticed: {(time.monotonic() - started) * 1000:.0f} ms")
            self.assertTrue(a.has_no_responders("there"))
            self.assert_bus_works(a, b)
            c.sub(f"meanwhile.{turn}", f"m{turn}").sync()
            self.machines.mend(3)
            seconds = self.wait_flow(a, c, f"again.{turn}")
            print(f"measured messages after the cable is back: {seconds * 1000:.0f} ms")
            self.assertLess(seconds, MENDED_WITHIN_S)
            self.wait_flow(c, b, f"and.back.{turn}")
            self.wait_mesh(nodes)
            # Both ends dialed: until they have settled which connection stays, one with messages
            # under way may go (at most once). Then everything comes, once.
            wait_interest(c, a)
            c.take()

            def all_come():
                a.pub("there", "1").pub(f"meanwhile.{turn}", "2").sync()
                try:
                    got = deliveries(c, a)
                except AssertionError:
                    c.take()  # what came all the same belongs to this try
                    return False
                came = [m.payload for m in got if not m.subject.startswith("again")]
                self.assertIn(came, ([b"1", b"2"], [b"2"], [b"1"], []))
                return came == [b"1", b"2"]
            sp.wait_until(all_come, "everything to come", 60)

    def test_a_short_break_costs_neither_the_route_nor_a_message(self):
        nodes = self.start_cluster()
        a, _, c = self.clients(nodes)
        c.sub("numbers")
        wait_interest(c, a)
        routes = sorted(route["rid"] for route in nodes[0].routez()["routes"])
        for number in range(100):
            if number == 50:
                self.machines.cut(3)
            a.pub("numbers", f"{number}").sync()
        self.machines.mend(3)
        got = deliveries(c, a)
        self.assertEqual([m.payload for m in got], [b"%d" % number for number in range(100)])
        self.assertEqual(sorted(route["rid"] for route in nodes[0].routez()["routes"]), routes)

    def test_every_cable_pulled_at_once_and_back_gives_the_same_mesh(self):
        nodes = self.start_cluster()
        clients = self.clients(nodes)
        for number in (1, 2, 3):
            self.machines.cut(number)
        for node in nodes:
            self.wait_peers(node, [], "every cable is pulled")
        for number in (1, 2, 3):
            self.machines.mend(number)
        self.wait_mesh(nodes)
        for client in clients:
            self.assert_bus_works(client, *[each for each in clients if each is not client])


if __name__ == "__main__":
    cluster_case.main()
