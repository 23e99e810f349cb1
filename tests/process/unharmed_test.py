#!/usr/bin/env python3
"""Bad neighbours: one connection misbehaves, all others go on as if nothing had happened.

Usage: unharmed_test.py [--server PATH] [TEST]...
Each test runs a pair of good clients through the whole misbehaviour: one publishes numbered
messages, the other must get every one of them, in order.
"""

import os
import select
import socket
import struct

import process_case
import server_process as sp
from process_case import ProcessCase


class GoodPair:
    """A publisher and a subscriber that keep each other honest."""

    def __init__(self, port):
        self.publisher, self.subscriber = sp.Client(port), sp.Client(port)
        self.subscriber.send("SUB good 1\r\n")
        self.subscriber.flush()
        self.next = 0

    def exchange(self, count=50):
        """Publishes count messages; raises unless exactly they arrive, in order."""
        for number in range(self.next, self.next + count):
            text = str(number)
            self.publisher.send(f"PUB good {len(text)}\r\n{text}\r\n")
        assert self.publisher.flush() == []
        for number in range(self.next, self.next + count):
            text = str(number)
            assert self.subscriber.line_but_ping() == f"MSG good 1 {len(text)}", text
            assert self.subscriber.line() == text
        self.next += count

    def close(self):
        self.publisher.close()
        self.subscriber.close()


# bcrypt of cost 13, more than half a second on any machine of today; made for this test only.
SLOW_PASSWORD = "a-password-that-is-slow-to-check"
SLOW_HASH = "$2a$13$LNDJxx6HqJR0hD513J58tepy534qCLONI5StuA1mqKryLtO.f5AJ2"


class Unharmed(ProcessCase):
    def setUp(self):
        super().setUp()
        self.server, _ = self.start_with(self.configuration(), "-m", sp.free_port())
        self.pair = GoodPair(self.server.port)
        self.addCleanup(self.pair.close)
        self.pair.exchange()

    def configuration(self):
        return ('max_pending: 1048576\nmax_payload: 65536\nwrite_deadline: "2s"\n'
                "no_fast_producer_stall: false\n")

    def raw(self):
        """A connected socket that has read INFO and said nothing."""
        client = sp.Client(self.server.port, handshake=False)
        self.addCleanup(client.close)
        self.assertTrue(client.line().startswith("INFO "))
        return client

    def connection_count(self):
        return self.server.get_json("/varz")["connections"]

    def closed_reason(self, name):
        """Waits until /connz lists the named connection as closed; returns the reason."""
        def reason():
            listed = self.server.get_json("/connz?state=closed")["connections"]
            return next((entry["reason"] for entry in listed if entry.get("name") == name), None)
        return sp.wait_until(reason, f"{name} among the closed connections")

    def test_garbage_lines_close_only_their_own_connection(self):
        for garbage in (b"\x00\x01\x02\xff\r\n", b"HELLO\r\n", b"GET / HTTP/1.1\r\n\r\n",
                        os.urandom(4096), b"\r\n", b"MSG a 1 1\r\nx\r\n", b"RS+ a\r\n",
                        b"PUB a 1\r\nxx\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            client = self.raw()
            client.send_all_and_finish(garbage)
            self.assertTrue(client.is_closed(), garbage[:20])
            self.pair.exchange(10)

    def test_a_line_without_end_is_cut_off_at_the_limit(self):
        client = self.raw()
        client.send(b"SUB " + b"a" * 5000)
        self.assertEqual(client.line(), "-ERR 'maximum control line exceeded'")
        self.assertTrue(client.is_closed())
        self.pair.exchange()

    def test_an_oversized_payload_is_refused_before_it_is_sent(self):
        client = self.connect(self.server)
        client.send("PUB a 65537\r\n")
        self.assertEqual(client.line_but_ping(), "-ERR 'Maximum Payload Violation'")
        self.assertTrue(client.is_closed())
        self.pair.exchange()

    def test_a_slow_reader_is_dropped_and_nobody_waits_for_it(self):
        slow = sp.Client(self.server.port, handshake=False)
        self.addCleanup(slow.close)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.line()
        slow.send('CONNECT {"verbose":false,"name":"slow"}\r\nSUB flood 1\r\nPING\r\n')
        self.assertEqual(slow.line(), "PONG")
        flood = self.connect(self.server, {"name": "flood"})
        message = b"PUB flood 60000\r\n" + b"x" * 60000 + b"\r\n"
        for _ in range(200):  # twelve megabytes, twelve times the pending limit
            flood.send(message)
        flood.flush()
        self.pair.exchange()
        self.assertIn(self.closed_reason("slow"), ("Slow Consumer (Pending Bytes)",
                                                   "Slow Consumer (Write Deadline)"))
        self.assertEqual(self.server.get_json("/varz")["slow_consumers"], 1)
        self.pair.exchange()

    def test_a_half_open_connection_is_found_by_pings_and_closed(self):
        server, _ = self.start_with('ping_interval: "200ms"\nping_max: 2\n')
        pair = GoodPair(server.port)
        self.addCleanup(pair.close)
        silent = self.connect(server)
        silent.send("PING\r\n")
        lines = []
        while not lines or lines[-1]:
            lines.append(silent.line())
            pair.exchange(5)
        self.assertEqual([line for line in lines if line], ["PONG", "PING", "PING",
                                                            "-ERR 'Stale Connection'"])

    def test_an_abrupt_reset_in_the_middle_of_a_payload_loses_only_that_message(self):
        before = self.connection_count()
        for _ in range(20):
            client = self.connect(self.server)
            client.send("SUB good 9\r\nSUB > 8\r\nPUB good 100\r\nonly a part of it")
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
            client.close()
        sp.wait_until(lambda: self.connection_count() == before, "the resets to be noticed")
        self.pair.exchange()

    def test_connections_that_never_say_anything_do_not_hold_others_up(self):
        silent = [self.raw() for _ in range(100)]
        self.pair.exchange()
        for client in silent:
            client.close()
        self.pair.exchange()

    def test_half_closed_connections_get_their_answers_or_are_closed(self):
        client = self.connect(self.server)
        self.assertEqual(client.flush(), [])
        client.socket.shutdown(socket.SHUT_WR)
        self.assertTrue(client.is_closed())
        self.pair.exchange()

    def test_a_client_that_sends_one_byte_at_a_time_is_served_like_any_other(self):
        client = self.raw()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        text = 'CONNECT {"verbose":false}\r\nSUB slow.bytes 7\r\nPUB slow.bytes 5\r\nhello\r\n'
        for byte in text.encode():
            client.send(bytes([byte]))
        self.assertEqual(client.line_but_ping(), "MSG slow.bytes 7 5")
        self.assertEqual(client.line(), "hello")
        self.pair.exchange()

    def test_bad_connect_options_close_only_their_own_connection(self):
        for text in ("CONNECT {", "CONNECT []", 'CONNECT {"verbose":"yes"}', "CONNECT"):
            client = self.raw()
            client.send(text + "\r\n")
            self.assertTrue(client.is_closed(), text)
        self.pair.exchange()

    def test_a_protocol_number_that_does_not_exist_is_refused(self):
        client = self.connect(self.server, {"protocol": 7})
        self.assertEqual(client.line_but_ping(), "-ERR 'invalid client protocol'")
        self.assertTrue(client.is_closed())
        self.pair.exchange()

    def test_a_thousand_connections_that_come_and_go_leave_nothing_behind(self):
        before = self.server.get_json("/varz")
        for _ in range(10):
            clients = [sp.Client(self.server.port) for _ in range(100)]
            for client in clients:
                client.send("SUB churn.> 1\r\nSUB churn.> q 2\r\nPUB churn.x 1\r\nx\r\n")
            self.pair.exchange(10)
            for client in clients:
                client.close()

        def counts():
            varz = self.server.get_json("/varz")
            return [varz[key] for key in ("connections", "subscriptions")]

        wanted = [before["connections"], before["subscriptions"]]
        sp.wait_until(lambda: counts() == wanted, "the old number of connections")
        total = self.server.get_json("/varz")["total_connections"]
        self.assertEqual(total - before["total_connections"], 1000)
        self.pair.exchange()

    def test_running_out_of_file_descriptors_is_survived(self):
        port, monitor = sp.free_port(), sp.free_port()
        server = self.launch(
            "-c", f"ulimit -n 40; exec {process_case.BINARY} -a 127.0.0.1 -p {port} -m {monitor}",
            binary="/bin/bash").wait_ready()
        pair = GoodPair(port)
        self.addCleanup(pair.close)
        crowd = []
        for _ in range(60):  # the kernel completes these; the server cannot accept them all
            crowd.append(socket.create_connection(("127.0.0.1", port), timeout=sp.DEADLINE_S))
        pair.exchange()
        for waiting in crowd:
            waiting.close()
        sp.wait_until(lambda: server.get_json("/varz")["connections"] == 2, "free descriptors")
        pair.exchange()
        self.assert_alive(server)

    def test_slow_password_checks_do_not_hold_other_clients_up(self):
        server, _ = self.start_with(
            f'authorization {{ users: [ {{ user: slow, password: "{SLOW_HASH}" }},\n'
            '{ user: quick, password: q } ] , timeout: 30 }\nno_auth_user: quick\n')
        pair = GoodPair(server.port)
        self.addCleanup(pair.close)
        logins = []
        for password in (SLOW_PASSWORD, "wrong", SLOW_PASSWORD, "wrong"):
            client = self.connect(server, {"user": "slow", "pass": password})
            client.send("PING\r\n")
            logins.append(client)
        rounds = 0
        while not all(has_answer(client) for client in logins):
            self.assertEqual(pair.publisher.flush(), [])
            rounds += 1
        answers = [client.line_but_ping() for client in logins]
        self.assertEqual(answers, ["PONG", "-ERR 'Authorization Violation'"] * 2)
        # A server that checks inside its only loop gets one round done between two hashes.
        self.assertGreater(rounds, 2 * len(logins))
        pair.exchange()


def has_answer(client):
    """True when something can be read from the client's socket."""
    return bool(select.select([client.socket], [], [], 0)[0])


if __name__ == "__main__":
    process_case.main()
