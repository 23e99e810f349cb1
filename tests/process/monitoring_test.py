#!/usr/bin/env python3
"""Monitoring over HTTP: odd requests, the shape of every document, the numbers in them.

Usage: monitoring_test.py [--server PATH] [--record] [TEST]...
Two files beside this one hold what nats-server answers (recorded with --record, never by hand):
monitor_errors.tsv (status, type and body per path) and monitor_shapes.txt (every key of varz,
connz and subsz in order, with its JSON type, in several situations). Values are checked below.
"""

import hashlib
import http.client
import json
import os
import ssl
import sys

import certificates
import process_case
import server_process as sp
from monitor_shapes import shape_lines
from process_case import ProcessCase

HERE = os.path.dirname(os.path.abspath(__file__))
ERRORS = os.path.join(HERE, "monitor_errors.tsv")
SHAPES = os.path.join(HERE, "monitor_shapes.txt")
USERS = """authorization { users: [
  { user: alice, password: a }, { user: bob, password: b } ] }
"""
RICH = USERS + """max_subscriptions: 100
server_name: rich
server_tags: [ "red", "green" ]
server_metadata: { place: here }
client_advertise: "example.test:4222"
write_timeout: close
max_payload: 2mb
"""


def escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


class Monitored(ProcessCase):
    """Helpers for a server with a monitoring port."""

    def start_monitored(self, configuration=""):
        self.server, _ = self.start_with(configuration, "-m", sp.free_port())
        return self.server

    def named(self, name, **connect):
        client = self.connect(self.server, {"name": name, "version": "1.2", **connect})
        self.assertEqual(client.flush(), [])
        return client

    def connz(self, query=""):
        return self.server.get_json("/connz" + query)

    def names(self, query):
        return [entry["name"] for entry in self.connz(query)["connections"]]


class OddRequests(Monitored):
    def test_every_odd_request_gets_the_recorded_answer(self):
        self.start_monitored()
        wrong = []
        with open(ERRORS, encoding="utf-8") as table:
            rows = [line.rstrip("\n").split("\t") for line in table if not line.startswith("#")]
        for path, status, content_type, body in rows:
            got = answer(self.server, path)
            if got != (status, content_type, body):
                wrong.append(f"{path}\n  wanted {status} {content_type} {body}\n  got    "
                             + " ".join(got))
        self.assertGreater(len(rows), 40)
        self.assertFalse(wrong, "\n".join(wrong))

    def test_double_slashes_are_tolerated(self):
        self.start_monitored()
        for path in ("//varz", "///connz", "//subsz", "//healthz", "//connz?limit=1"):
            status, content_type, body = self.server.get(path)  # follows a redirect
            self.assertEqual((status, content_type), (200, "application/json"), path)
            json.loads(body)

    def test_head_has_the_headers_of_get_and_no_body(self):
        self.start_monitored()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.monitor_port(),
                                                timeout=sp.DEADLINE_S)
        self.addCleanup(connection.close)
        connection.request("HEAD", "/healthz")
        answered = connection.getresponse()
        self.assertEqual((answered.status, answered.read()), (200, b""))
        self.assertEqual(answered.headers["Content-Type"], "application/json")

    def test_several_requests_share_one_connection(self):
        self.start_monitored()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.monitor_port(),
                                                timeout=sp.DEADLINE_S)
        self.addCleanup(connection.close)
        sockets = set()
        for path in ("/varz", "/connz", "/nope", "/healthz"):
            connection.request("GET", path)
            sockets.add(connection.sock.fileno() if connection.sock else None)
            answered = connection.getresponse()
            answered.read()
            self.assertFalse(answered.will_close, path)
        self.assertEqual(len(sockets), 1)

    def test_documents_may_be_read_by_any_page(self):
        self.start_monitored()
        for path in ("/varz", "/connz", "/subsz", "/healthz"):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.monitor_port(),
                                                    timeout=sp.DEADLINE_S)
            connection.request("GET", path)
            answered = connection.getresponse()
            self.assertEqual(answered.headers["Access-Control-Allow-Origin"], "*", path)
            answered.read()
            connection.close()

    def test_the_first_page_links_the_documents(self):
        self.start_monitored()
        status, content_type, body = self.server.get("/")
        self.assertEqual((status, content_type), (200, "text/html; charset=utf-8"))
        for link in ("varz", "connz", "subsz", "healthz"):
            self.assertRegex(body, rf"href=\"?\./{link}\b")

    def test_a_base_path_moves_all_documents(self):
        self.start_monitored('http_base_path: "/base"\n')
        for path in ("/base/varz", "/base/connz", "/base/healthz"):
            self.assertEqual(self.server.get(path)[0], 200, path)
        self.assertEqual(self.server.get("/varz")[0], 404)
        self.assertEqual(self.server.get_json("/base/varz")["http_base_path"], "/base")

    def test_garbage_on_the_monitoring_port_harms_nobody(self):
        self.start_monitored()
        for garbage in (b"\x00\xff\x00\r\n\r\n", b"GET\r\n\r\n", b"GET /varz HTTP/9.9\r\n\r\n",
                        b"x" * 100000):
            with sp.Client(self.server.monitor_port(), handshake=False) as client:
                client.send_all_and_finish(garbage)
                self.assertTrue(client.is_closed())
            self.assertEqual(self.server.get("/healthz")[0], 200)
        self.assert_alive(self.server)


class Shapes(Monitored):
    """Each test builds one situation; the recorded file says which keys must be there."""

    def check(self, situation, document):
        lines = shape_lines(document)
        if RECORDING is not None:
            RECORDING[situation] = lines
            return
        self.assertEqual(lines, recorded_shapes()[situation])

    def test_varz_of_a_fresh_server(self):
        self.check("varz fresh", self.start_monitored().get_json("/varz"))

    def test_varz_with_many_settings(self):
        self.check("varz rich", self.start_monitored(RICH).get_json("/varz"))

    def test_varz_with_tls(self):
        made = certificates.make(self.workspace.path)
        self.start_monitored(f'tls {{ cert_file: "{made.server_cert}", key_file: '
                             f'"{made.server_key}", ca_file: "{made.ca}", verify: true }}\n')
        self.check("varz tls", self.server.get_json("/varz"))

    def test_connz_without_connections(self):
        self.check("connz none", self.start_monitored().get_json("/connz"))

    def test_connz_with_a_client(self):
        self.start_monitored()
        self.named("one").send("SUB a 1\r\nSUB b q 2\r\n")
        self.named("other")
        for query in ("", "?subs=1", "?subs=detail", "?auth=1", "?cid=99", "?state=any"):
            self.wait_for_subscriptions(2)
            self.check("connz client " + query, self.connz(query))

    def wait_for_subscriptions(self, count):
        sp.wait_until(lambda: sum(entry["subscriptions"] for entry in self.connz()["connections"])
                      == count, "the subscriptions")

    def test_connz_of_a_client_that_said_nothing(self):
        self.start_monitored()
        silent = sp.Client(self.server.port, handshake=False)
        self.addCleanup(silent.close)
        silent.line()
        sp.wait_until(lambda: self.connz()["num_connections"] == 1, "the connection")
        self.check("connz silent", self.connz("?auth=1"))

    def test_connz_with_a_user(self):
        self.start_monitored(USERS)
        self.named("one", user="alice", **{"pass": "a"})
        self.check("connz user", self.connz("?auth=1"))

    def test_connz_of_a_closed_client(self):
        self.start_monitored()
        client = self.named("one")
        client.send("SUB a 1\r\n")
        client.flush()
        client.close()
        sp.wait_until(lambda: self.connz("?state=closed")["num_connections"] == 1, "the close")
        for query in ("?state=closed", "?state=closed&subs=1", "?state=closed&auth=1"):
            self.check("connz closed " + query, self.connz(query))

    def test_subsz(self):
        self.start_monitored()
        client = self.named("one")
        client.send("SUB a.b 1\r\nSUB a.> q 2\r\nUNSUB 2 5\r\n")
        client.flush()
        for query in ("", "?subs=1&acc=$G", "?subs=1&acc=$G&test=a.b", "?acc=$G&limit=1"):
            self.check("subsz " + query, self.server.get_json("/subsz" + query))

    def test_healthz(self):
        self.start_monitored()
        for query in ("", "?details=1"):
            self.check("healthz " + query, self.server.get_json("/healthz" + query))


class Numbers(Monitored):
    def test_varz_counts_messages_bytes_and_connections(self):
        self.start_monitored()
        before = self.server.get_json("/varz")
        publisher, subscriber = self.named("p"), self.named("s")
        subscriber.send("SUB n.* 1\r\nSUB n.x 2\r\n")
        subscriber.flush()
        publisher.send("PUB n.x 5\r\nhello\r\nPUB n.y 3\r\nbye\r\nPUB none 2\r\n..\r\n")
        publisher.flush()
        after = self.server.get_json("/varz")
        change = {key: after[key] - before[key] for key in (
            "in_msgs", "in_bytes", "in_client_msgs", "in_client_bytes", "out_msgs", "out_bytes",
            "out_client_msgs", "out_client_bytes", "connections", "total_connections",
            "subscriptions")}
        self.assertEqual(change, {
            "in_msgs": 3, "in_bytes": 10, "in_client_msgs": 3, "in_client_bytes": 10,
            "out_msgs": 3, "out_bytes": 13, "out_client_msgs": 3, "out_client_bytes": 13,
            "connections": 2, "total_connections": 2, "subscriptions": 2})

    def test_varz_repeats_the_configuration(self):
        varz = self.start_monitored(RICH).get_json("/varz")
        expected = {"server_name": "rich", "max_subscriptions": 100, "max_payload": 2097152,
                    "auth_required": True, "tags": ["red", "green"],
                    "metadata": {"place": "here"}, "host": "example.test", "port": 4222,
                    "ping_interval": 120 * 10**9, "ping_max": 2, "max_connections": 65536,
                    "max_control_line": 4096, "max_pending": 67108864, "auth_timeout": 2,
                    "write_deadline": 10 * 10**9, "proto": 1,
                    "http_port": self.server.monitor_port()}
        self.assertEqual({key: varz.get(key) for key in expected}, expected)
        self.assertRegex(varz["config_digest"], r"^sha256:[0-9a-f]{64}$")

    def test_varz_counts_its_own_readers(self):
        self.start_monitored()
        for _ in range(3):
            self.server.get("/varz")
        self.server.get("/connz")
        stats = self.server.get_json("/varz")["http_req_stats"]
        self.assertEqual(stats, {"/varz": 4, "/connz": 1})

    def test_varz_has_the_memory_and_the_start_time_of_the_process(self):
        varz = self.start_monitored().get_json("/varz")
        self.assertGreater(varz["mem"], 100_000)
        for key in ("start", "now", "config_load_time"):
            self.assertRegex(varz[key], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
        self.assertRegex(varz["uptime"], r"^\d+s$")

    def test_connz_tells_what_a_client_sent_and_got(self):
        self.start_monitored()
        client = self.named("busy", lang="test")
        client.send("SUB a 1\r\nPUB a 3\r\nabc\r\nPUB none 4\r\nabcd\r\n")
        client.flush()
        (entry,) = self.connz("?subs=detail&auth=1")["connections"]
        expected = {"kind": "Client", "type": "nats", "ip": "127.0.0.1", "name": "busy",
                    "lang": "test", "version": "1.2", "in_msgs": 2, "in_bytes": 7, "out_msgs": 1,
                    "out_bytes": 3, "subscriptions": 1, "pending_bytes": 0,
                    "cid": client.info["client_id"], "port": client.socket.getsockname()[1],
                    "subscriptions_list_detail": [
                        {"subject": "a", "sid": "1", "msgs": 1, "cid": client.info["client_id"]}]}
        self.assertEqual({key: entry.get(key) for key in expected}, expected)
        self.assertNotIn("account", entry, "the global account goes without saying")

    def test_connz_sorts_pages_and_filters(self):
        self.start_monitored(USERS)
        alice, bob = ({"user": "alice", "pass": "a"}, {"user": "bob", "pass": "b"})
        for name, user, messages, subscriptions in (("c1", alice, 2, 1), ("c2", bob, 9, 0),
                                                    ("c3", alice, 5, 3)):
            client = self.named(name, **user)
            client.send("PUB x 1\r\n.\r\n" * messages
                        + "".join(f"SUB s{n} {n}\r\n" for n in range(subscriptions)))
            client.flush()
        self.assertEqual(self.names(""), ["c1", "c2", "c3"])
        self.assertEqual(self.names("?sort=msgs_from"), ["c2", "c3", "c1"])
        self.assertEqual(self.names("?sort=bytes_from"), ["c2", "c3", "c1"])
        self.assertEqual(self.names("?sort=subs"), ["c3", "c1", "c2"])
        self.assertEqual(self.names("?sort=start"), ["c1", "c2", "c3"])
        self.assertEqual(self.names("?offset=1&limit=1"), ["c2"])
        self.assertEqual(self.names("?user=alice"), ["c1", "c3"])
        page = self.connz("?offset=1&limit=1")
        self.assertEqual([page[key] for key in ("num_connections", "total", "offset", "limit")],
                         [1, 3, 1, 1])
        cid = self.connz("?user=bob")["connections"][0]["cid"]
        self.assertEqual(self.names(f"?cid={cid}"), ["c2"])
        self.assertEqual(self.connz("?auth=1")["connections"][1]["authorized_user"], "bob")

    def test_connz_tells_why_a_connection_was_closed(self):
        self.start_monitored("max_payload: 10\n")
        self.named("left").close()
        too_big = self.named("too big")
        too_big.send("PUB a 11\r\n")
        self.assertTrue(too_big.is_closed())
        parser = self.named("parser")
        parser.send("nonsense\r\n")
        self.assertTrue(parser.is_closed())
        sp.wait_until(lambda: self.connz("?state=closed")["num_connections"] == 3, "the closes")
        reasons = {entry["name"]: entry["reason"]
                   for entry in self.connz("?state=closed")["connections"]}
        self.assertEqual(reasons, {"left": "Client Closed", "parser": "Protocol Violation",
                                   "too big": "Maximum Message Payload Exceeded"})

    def test_connz_shows_tls_and_the_client_certificate(self):
        made = certificates.make(self.workspace.path)
        self.start_monitored(f'tls {{ cert_file: "{made.server_cert}", key_file: '
                             f'"{made.server_key}", ca_file: "{made.ca}", verify: true }}\n')
        client = TlsClient(self.server.port, made)
        self.addCleanup(client.close)
        (entry,) = self.connz("?auth=1")["connections"]
        self.assertEqual(entry["tls_version"], "1.3")
        self.assertRegex(entry["tls_cipher_suite"], r"^TLS_(AES|CHACHA20)_")
        peer = entry["tls_peer_certs"][0]  # the client may have sent its CA as well
        self.assertEqual(peer["subject"], "CN=client,O=Interop")
        with open(made.client_cert, encoding="ascii") as pem:
            certificate = ssl.PEM_cert_to_DER_cert(pem.read())
        self.assertEqual(peer["cert_sha256"], hashlib.sha256(certificate).hexdigest())
        self.assertRegex(peer["spki_sha256"], r"^[0-9a-f]{64}$")

    def test_connz_names_an_account_that_is_not_the_global_one(self):
        self.start_monitored('accounts: { A: { users: [ { user: a, password: a } ] }, '
                             'B: { users: [ { user: b, password: b } ] } }\n')
        self.named("in A", user="a", **{"pass": "a"})
        self.named("in B", user="b", **{"pass": "b"})
        entries = self.connz("?auth=1")["connections"]
        self.assertEqual([(entry["name"], entry["account"]) for entry in entries],
                         [("in A", "A"), ("in B", "B")])
        self.assertEqual(self.names("?acc=B"), ["in B"])

    def test_subsz_finds_the_subscriptions_a_subject_would_reach(self):
        self.start_monitored()
        client = self.named("one")
        client.send("SUB a.b 1\r\nSUB a.* 2\r\nSUB c q 3\r\n")
        client.flush()

        def subjects(query):
            listed = self.server.get_json("/subsz?subs=1&acc=$G" + query)
            return sorted(entry["subject"] for entry in listed.get("subscriptions_list", [])
                          if entry["cid"] == client.info["client_id"])
        self.assertEqual(subjects(""), ["a.*", "a.b", "c"])
        self.assertEqual(subjects("&test=a.b"), ["a.*", "a.b"])
        self.assertEqual(subjects("&test=a.z"), ["a.*"])
        self.assertEqual(subjects("&test=nobody"), [])

    def test_healthz_is_ok_as_soon_as_the_server_is_ready(self):
        self.start_monitored()
        self.assertEqual(self.server.get("/healthz"),
                         (200, "application/json", '{"status":"ok"}'))


class TlsClient:
    """CONNECT inside TLS with a client certificate."""

    def __init__(self, port, made):
        context = ssl.create_default_context(cafile=made.ca)
        context.load_cert_chain(made.client_cert, made.client_key)
        plain = sp.Client(port, handshake=False)
        assert json.loads(plain.line()[5:])["tls_verify"] is True
        self.socket = context.wrap_socket(plain.socket, server_hostname="localhost")
        self.socket.sendall(b'CONNECT {"verbose":false,"name":"tls"}\r\nPING\r\n')
        assert self.socket.recv(6) == b"PONG\r\n"

    def close(self):
        self.socket.close()


def answer(server, path):
    """(status, type, body) as they stand in the table; documents shrink to their first keys."""
    status, content_type, body = server.get(path)
    if content_type.startswith("text/html"):
        body = "(page)"
    elif body.startswith("{\n"):
        body = "(document) " + " ".join(list(json.loads(body))[:6])
    return str(status), content_type, escaped(body)


def recorded_shapes():
    situations, current = {}, None
    with open(SHAPES, encoding="utf-8") as text:
        for line in text.read().splitlines():
            if line.startswith("== "):
                current = situations.setdefault(line[3:], [])
            elif line and not line.startswith("#"):
                current.append(line)
    return situations


RECORDING = None


class Recorder(Monitored):
    """Not a test of the server: run by --record only."""

    def runTest(self):
        self.start_monitored()
        with open(ERRORS, encoding="utf-8") as table:
            lines = table.read().splitlines()
        paths = [line.split("\t")[0] for line in lines if not line.startswith("#")]
        out = [line for line in lines if line.startswith("#")]
        out += ["\t".join((path, *answer(self.server, path))) for path in paths]
        with open(ERRORS, "w", encoding="utf-8") as table:
            table.write("\n".join(out) + "\n")


def record():
    """Writes both files anew from the answers of the server given with --server."""
    global RECORDING
    import unittest
    RECORDING = {}
    sys.argv.remove("--record")
    if "--server" in sys.argv:
        process_case.BINARY = sys.argv[sys.argv.index("--server") + 1]
    suite = unittest.TestLoader().loadTestsFromTestCase(Shapes)
    suite.addTest(Recorder())
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.wasSuccessful():
        sys.exit(1)
    with open(SHAPES, "w", encoding="utf-8") as out:
        out.write("# Keys in order with JSON types, recorded by monitoring_test.py --record.\n")
        for situation, lines in RECORDING.items():
            out.write(f"== {situation}\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    if "--record" in sys.argv:
        record()
    else:
        # Only --record makes the table, so the recorder is no test.
        del Recorder
        process_case.main()
