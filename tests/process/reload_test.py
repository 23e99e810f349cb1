#!/usr/bin/env python3
"""Reload on SIGHUP: what changes at once, who is sent away, what is refused as a whole.

Usage: reload_test.py [--server PATH] [TEST]...
"""

import signal

import process_case
import server_process as sp
from process_case import ProcessCase

TWO_USERS = """authorization { users: [
  { user: alice, password: a }
  { user: bob, password: b, permissions: { subscribe: [%s] } }
] }
"""


class Reload(ProcessCase):
    def reload(self, server, file, configuration):
        """Rewrites the file, sends SIGHUP and waits for the verdict: true if applied."""
        self.rewrite(file, configuration)
        mark = server.mark()
        server.signal(signal.SIGHUP)
        server.wait_for('Trapped "hangup" signal$', after=mark)
        verdict = server.wait_for(
            r"(\[INF\] Reloaded server configuration|\[ERR\] Failed to reload server "
            r"configuration: .*)", after=mark).group(1)
        self.verdict = verdict
        return verdict.endswith("Reloaded server configuration")

    def test_a_new_max_payload_applies_to_old_connections_at_once(self):
        server, file = self.start_with("max_payload: 1000\n")
        first, second = self.connect(server), self.connect(server)
        for client in (first, second):
            self.assertEqual(client.info["max_payload"], 1000)
            self.assertEqual(client.flush(), [])
        self.assertTrue(self.reload(server, file, "max_payload: 10\n"), self.verdict)
        self.assertEqual(second.flush(), [], "no INFO is pushed")
        first.send("PUB a 11\r\n12345678901\r\n")
        self.assertEqual(first.line_but_ping(), "-ERR 'Maximum Payload Violation'")
        second.send("SUB a 1\r\nPUB a 10\r\n1234567890\r\n")
        self.assertEqual(second.flush(), ["MSG a 1 10", "1234567890"])
        self.assertEqual(self.connect(server).info["max_payload"], 10)

    def test_a_user_whose_password_changed_is_sent_away_with_a_violation(self):
        server, file = self.start_with(TWO_USERS % '">"')
        alice = self.connect(server, {"user": "alice", "pass": "a"})
        bob = self.connect(server, {"user": "bob", "pass": "b"})
        self.assertEqual((alice.flush(), bob.flush()), ([], []))
        changed = (TWO_USERS % '">"').replace("password: a", "password: other")
        self.assertTrue(self.reload(server, file, changed), self.verdict)
        self.assertEqual(alice.line_but_ping(), "-ERR 'Authorization Violation'")
        self.assertTrue(alice.is_closed())
        self.assertEqual(bob.flush(), [], "bob is not concerned")
        again = self.connect(server, {"user": "alice", "pass": "other"})
        self.assertEqual(again.flush(), [])

    def test_a_removed_user_is_closed_without_an_error(self):
        server, file = self.start_with(TWO_USERS % '">"')
        alice = self.connect(server, {"user": "alice", "pass": "a"})
        bob = self.connect(server, {"user": "bob", "pass": "b"})
        self.assertEqual((alice.flush(), bob.flush()), ([], []))
        only_bob = (TWO_USERS % '">"').replace("{ user: alice, password: a }\n", "")
        self.assertTrue(self.reload(server, file, only_bob), self.verdict)
        self.assertEqual(alice.line_but_ping(), "")
        self.assertEqual(bob.flush(), [])

    def test_a_new_user_can_log_in_after_the_reload(self):
        server, file = self.start_with(TWO_USERS % '">"')
        carol = {"user": "carol", "pass": "c"}
        refused = self.connect(server, carol)
        self.assertEqual(refused.line_but_ping(), "-ERR 'Authorization Violation'")
        more = (TWO_USERS % '">"').replace("{ user: alice", "{ user: carol, password: c }\n"
                                           "{ user: alice")
        self.assertTrue(self.reload(server, file, more), self.verdict)
        self.assertEqual(self.connect(server, carol).flush(), [])

    def test_a_subscription_that_is_no_longer_allowed_is_removed_and_reported(self):
        server, file = self.start_with(TWO_USERS % '"foo", "baz"')
        bob = self.connect(server, {"user": "bob", "pass": "b"})
        bob.send("SUB foo 1\r\nSUB baz 2\r\n")
        self.assertEqual(bob.flush(), [])
        self.assertTrue(self.reload(server, file, TWO_USERS % '"foo"'), self.verdict)
        self.assertEqual(bob.line_but_ping(),
                         "-ERR 'Permissions Violation for Subscription to \"baz\" (sid \"2\")'")
        bob.send("PUB baz 1\r\nx\r\nPUB foo 1\r\ny\r\n")
        self.assertEqual(bob.flush(), ["MSG foo 1 1", "y"])

    def test_authorization_that_appears_sends_anonymous_clients_away(self):
        server, file = self.start_with("")
        client = self.connect(server)
        self.assertEqual(client.flush(), [])
        self.assertTrue(self.reload(server, file, TWO_USERS % '">"'), self.verdict)
        self.assertIn("Authorization Violation", client.line_but_ping())
        self.assertTrue(client.is_closed())

    def test_an_unknown_field_is_refused_and_the_old_configuration_stays(self):
        server, file = self.start_with("max_payload: 1000\n")
        client = self.connect(server)
        self.assertFalse(self.reload(server, file, "max_payload: 10\nnonsense: 1\n"))
        self.assertIn(f'{file}:3:1: unknown field "nonsense"', self.verdict)
        client.send("SUB a 1\r\nPUB a 11\r\n12345678901\r\n")
        self.assertEqual(client.flush(), ["MSG a 1 11", "12345678901"])
        self.assertEqual(self.connect(server).info["max_payload"], 1000)

    def test_a_syntax_error_is_refused_and_a_later_good_file_is_applied(self):
        server, file = self.start_with("max_payload: 1000\n")
        self.assertFalse(self.reload(server, file, "max_payload: [\n"))
        self.assert_alive(server)
        self.assertTrue(self.reload(server, file, "max_payload: 2000\n"), self.verdict)
        self.assertEqual(self.connect(server).info["max_payload"], 2000)

    def test_a_change_that_needs_a_restart_refuses_the_whole_reload(self):
        server, file = self.start_with("server_name: one\nmax_payload: 1000\n")
        self.assertFalse(self.reload(server, file, "server_name: two\nmax_payload: 10\n"))
        self.assertIn("config reload not supported for ServerName: old=one, new=two",
                      self.verdict)
        info = self.connect(server).info
        self.assertEqual((info["server_name"], info["max_payload"]), ("one", 1000))

    def test_debug_logging_can_be_switched_on_and_off(self):
        server, file = self.start_with("")
        self.assertTrue(self.reload(server, file, "debug: true\n"), self.verdict)
        mark = server.mark()
        self.connect(server)
        server.wait_for(r"\[DBG\] 127\.0\.0\.1:\d+ - cid:\d+ - Client connection created",
                        after=mark)
        self.assertTrue(self.reload(server, file, ""), self.verdict)
        mark = server.mark()
        self.assertEqual(self.connect(server).flush(), [])
        self.assertNotIn("[DBG]", "\n".join(server.lines[mark:]))

    def test_max_connections_applies_to_the_next_client(self):
        server, file = self.start_with("")
        first = self.connect(server)
        self.assertEqual(first.flush(), [])
        self.assertTrue(self.reload(server, file, "max_connections: 1\n"), self.verdict)
        second = self.connect(server)
        self.assertEqual(second.line_but_ping(), "-ERR 'maximum connections exceeded'")
        self.assertEqual(first.flush(), [])

    def test_the_digest_and_time_in_varz_change(self):
        server, file = self.start_with("", "-m", sp.free_port())
        before = server.get_json("/varz")
        self.assertTrue(self.reload(server, file, "max_payload: 2000\n"), self.verdict)
        after = server.get_json("/varz")
        self.assertNotEqual(before["config_digest"], after["config_digest"])
        self.assertNotEqual(before["config_load_time"], after["config_load_time"])
        self.assertEqual(before["start"], after["start"])
        self.assertEqual(after["max_payload"], 2000)

    def test_without_a_configuration_file_there_is_nothing_to_reload(self):
        server = self.start()
        server.signal(signal.SIGHUP)
        server.wait_for(r"\[ERR\] Failed to reload server configuration: can only reload config "
                        r"when a file is provided using -c or --config$")
        self.assert_alive(server)


if __name__ == "__main__":
    process_case.main()
