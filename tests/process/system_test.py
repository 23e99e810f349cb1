#!/usr/bin/env python3
"""Accounts and the system account from outside: documents, requests and events, by their shapes.

Usage: system_test.py [--server PATH] [--record] [TEST]...
system_shapes.txt holds what nats-server answers (recorded with --record, never by hand): every key
in order with its JSON type. What depends on the machine, on timing or on features that only that
server has is left out (LEFT_OUT).
"""

import json
import os
import sys

import process_case
import server_process as sp
from monitor_shapes import shape_lines
from process_case import ProcessCase

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = os.path.join(HERE, "system_shapes.txt")
CONFIGURATION = """
server_name: s1
server_tags: [ "az:1" ]
accounts {
  A { users: [ { user: a, password: a } ]
      exports: [ { stream: "pub.>" }, { service: svc },
                 { service: "priv.*", accounts: [B], response_type: stream } ]
      mappings { old: new, w: [ { destination: w1, weight: 40% },
                                { destination: w2, weight: 60%, cluster: X } ] } }
  B { users: [ { user: b, password: b } ]
      imports: [ { stream: { account: A, subject: "pub.>" }, prefix: p },
                 { service: { account: A, subject: svc }, to: asvc } ] }
  SYS { users: [ { user: sys, password: sys } ] }
}
system_account: SYS
"""
DOCUMENTS = ["/accountz", "/accountz?acc=A", "/accountz?acc=B", "/accountz?acc=SYS",
             "/accountz?acc=$G", "/accstatz", "/accstatz?unused=1", "/routez", "/leafz",
             "/gatewayz", "/jsz", "/subsz?acc=A"]
ZONES = ["IDZ", "STATSZ", "VARZ", "SUBSZ", "CONNZ", "ROUTEZ", "GATEWAYZ", "LEAFZ", "ACCOUNTZ",
         "JSZ", "HEALTHZ", "RAFTZ"]
ACCOUNT_ZONES = ["INFO", "CONNS", "STATZ", "CONNZ", "LEAFZ", "JSZ"]
# A round trip is measured at different moments.
LEFT_OUT = (".client.rtt ",)


class System(ProcessCase):
    def setUp(self):
        super().setUp()
        self.server, self.configuration = self.start_with(CONFIGURATION, "-m", sp.free_port())
        self.inboxes = 0

    def login(self, user):
        client = self.connect(self.server, {"user": user, "pass": user, "name": user})
        self.assertEqual(client.flush(), [])
        return client

    def ask(self, client, subject, payload=""):
        """The payload of the answer, parsed; of "no responders" the status line."""
        self.inboxes += 1
        inbox = f"inbox.{self.inboxes}"
        client.send(f"SUB {inbox} {self.inboxes}\r\nPUB {subject} {inbox} {len(payload)}\r\n"
                    f"{payload}\r\n")
        head = client.line_but_ping()
        self.assertIn(inbox, head, subject)
        if head.startswith("MSG"):
            return json.loads(client.line())
        status, _subject, _end_of_headers, _end = (client.line() for _ in range(4))
        return status

    def check(self, situation, document):
        lines = [line for line in shape_lines(document)
                 if not any(part in line for part in LEFT_OUT)]
        if RECORDING is not None:
            RECORDING[situation] = lines
            return
        self.assertEqual(lines, recorded_shapes()[situation], situation)


class Documents(System):
    def test_documents_have_the_recorded_keys(self):
        self.login("a")
        for path in DOCUMENTS:
            with self.subTest(path):
                self.check("GET " + path, self.server.get_json(path))


class Requests(System):
    def test_every_zone_has_the_recorded_keys(self):
        client = self.login("sys")
        server_id = client.info["server_id"]
        for zone in ZONES:
            with self.subTest(zone):
                self.check("PING." + zone, self.ask(client, "$SYS.REQ.SERVER.PING." + zone))
                one = self.ask(client, f"$SYS.REQ.SERVER.{server_id}.{zone}")
                self.check("ID." + zone, one)
        self.check("PING", self.ask(client, "$SYS.REQ.SERVER.PING"))

    def test_every_zone_of_an_account_has_the_recorded_keys(self):
        client = self.login("sys")
        self.login("a")
        for zone in ACCOUNT_ZONES:
            with self.subTest(zone):
                self.check("A." + zone, self.ask(client, "$SYS.REQ.ACCOUNT.A." + zone))
        self.check("NOPE.INFO", self.ask(client, "$SYS.REQ.ACCOUNT.NOPE.INFO"))

    def test_accounts_ask_about_themselves(self):
        client = self.login("a")
        for subject in ("$SYS.REQ.USER.INFO", "$SYS.REQ.SERVER.PING.CONNZ",
                        "$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.ACCOUNT.PING.STATZ"):
            with self.subTest(subject):
                self.check("a asks " + subject, self.ask(client, subject))
        for subject in ("$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.VARZ"):
            self.assertEqual(self.ask(client, subject), "NATS/1.0 503", subject)

    def test_errors_have_the_recorded_keys_and_code(self):
        client = self.login("sys")
        for zone, options, code in (("CONNZ", '{"sort":"nope"}', 500), ("VARZ", "{bad", 400),
                                    ("CONNZ", '{"limit":"x"}', 400),
                                    ("CONNZ", '{"filter_subject":"x"}', 500),
                                    ("ACCOUNTZ", '{"account":"NOPE"}', 500)):
            with self.subTest(zone + options):
                answer = self.ask(client, "$SYS.REQ.SERVER.PING." + zone, options)
                self.assertEqual(answer["error"]["code"], code)
                self.check(f"{zone} {options}", answer)

    def test_filters_choose_the_server(self):
        client = self.login("sys")
        # Silence is seen by the answer to a later request coming first.
        for options in ('{"server_name":"zzz"}', '{"tags":["az:2"]}',
                        '{"server_name":"s","exact_match":true}', '{"cluster":"other"}'):
            client.send(f"SUB silent 900\r\nPUB $SYS.REQ.SERVER.PING.VARZ silent {len(options)}\r\n"
                        f"{options}\r\n")
            self.assertEqual(self.ask(client, "$SYS.REQ.SERVER.PING.IDZ", options)["name"], "s1")
            client.send("UNSUB 900\r\n")
        wanted = '{"server_name":"s","tags":["az:1"]}'
        self.assertIn("data", self.ask(client, "$SYS.REQ.SERVER.PING.VARZ", wanted))

    def test_a_client_is_kicked_by_its_number(self):
        client = self.login("sys")
        victim = self.login("a")
        server_id = client.info["server_id"]
        kick = f"$SYS.REQ.SERVER.{server_id}.KICK"
        self.check("KICK of nobody", self.ask(client, kick, '{"cid":999}'))
        self.check("KICK", self.ask(client, kick, json.dumps({"cid": victim.info["client_id"]})))
        self.assertTrue(victim.is_closed())


    def test_a_reload_is_answered_with_its_outcome(self):
        client = self.login("sys")
        subject = f"$SYS.REQ.SERVER.{client.info['server_id']}.RELOAD"
        self.assertEqual(list(self.ask(client, subject)), ["server"])
        with open(self.configuration, "a", encoding="utf-8") as text:
            text.write("broken {\n")
        answer = self.ask(client, subject)
        self.assertEqual(list(answer), ["server", "error"])
        self.assertEqual(answer["error"]["code"], 500)
        self.assertNotEqual(answer["error"]["description"], "")


class Events(System):
    def watch(self, subjects):
        client = self.login("sys")
        for sid, subject in enumerate(subjects):
            client.send(f"SUB {subject} {sid + 1}\r\n")
        self.assertEqual(client.flush(), [])
        return client

    def next_event(self, client):
        subject = client.line_but_ping().split()[1]
        return subject, json.loads(client.line_but_ping())

    def test_coming_and_going_are_told_in_order(self):
        watcher = self.watch(["$SYS.ACCOUNT.A.>", "$SYS.SERVER.ACCOUNT.A.CONNS"])
        self.login("a").close()
        for wanted in ("$SYS.SERVER.ACCOUNT.A.CONNS", "$SYS.ACCOUNT.A.SERVER.CONNS",
                       "$SYS.ACCOUNT.A.CONNECT", "$SYS.SERVER.ACCOUNT.A.CONNS",
                       "$SYS.ACCOUNT.A.SERVER.CONNS", "$SYS.ACCOUNT.A.DISCONNECT"):
            subject, event = self.next_event(watcher)
            self.assertEqual(subject, wanted)
            self.check("event " + wanted, event)

    def test_a_refused_login_is_told(self):
        watcher = self.watch(["$SYS.SERVER.*.CLIENT.AUTH.ERR", "$SYS.ACCOUNT.$G.DISCONNECT"])
        stranger = self.connect(self.server, {"user": "x", "pass": "y"})
        self.assertTrue(stranger.is_closed())
        subject, event = self.next_event(watcher)
        self.assertTrue(subject.endswith(".CLIENT.AUTH.ERR"))
        self.assertEqual(event["reason"], "Authentication Failure")
        self.check("event CLIENT.AUTH.ERR", event)
        self.assertEqual(self.next_event(watcher)[0], "$SYS.ACCOUNT.$G.DISCONNECT")

    def test_heartbeats_come_unasked(self):
        watcher = self.watch(["$SYS.SERVER.*.STATSZ"])
        self.check("event STATSZ", self.next_event(watcher)[1])


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


def record():
    """Writes the shapes anew from the answers of the server given with --server."""
    global RECORDING
    import unittest
    RECORDING = {}
    sys.argv.remove("--record")
    if "--server" in sys.argv:
        process_case.BINARY = sys.argv[sys.argv.index("--server") + 1]
    loader = unittest.TestLoader()
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case)
                               for case in (Documents, Requests, Events))
    if not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful():
        sys.exit(1)
    with open(SHAPES, "w", encoding="utf-8") as out:
        out.write("# Keys in order with JSON types, recorded by system_test.py --record.\n")
        for situation, lines in RECORDING.items():
            out.write(f"== {situation}\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    if "--record" in sys.argv:
        record()
    else:
        process_case.main()
