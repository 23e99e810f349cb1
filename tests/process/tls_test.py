#!/usr/bin/env python3
"""TLS on the client port: every way to begin it, who is refused, and that nobody else suffers.

Usage: tls_test.py [--server PATH] [TEST]...
"""

import json
import signal
import ssl

import certificates
import process_case
import server_process as sp
from process_case import ProcessCase

HELLO = b'CONNECT {"verbose":false}\r\nPING\r\n'


class Tls(ProcessCase):
    made = None
    made_in = None

    @classmethod
    def setUpClass(cls):
        cls.made_in = sp.Workspace("rubus-tls-")
        cls.addClassCleanup(cls.made_in.remove)
        cls.made = certificates.make(cls.made_in.path)

    def block(self, more=""):
        return (f'tls {{ cert_file: "{self.made.server_cert}", key_file: '
                f'"{self.made.server_key}" {more} }}\n')

    def verifying(self, more=""):
        return self.block(f', ca_file: "{self.made.ca}", verify: true {more}')

    def context(self, with_certificate=False):
        context = ssl.create_default_context(cafile=self.made.ca)
        if with_certificate:
            context.load_cert_chain(self.made.client_cert, self.made.client_key)
        return context

    def open(self, server):
        client = sp.Client(server.port, handshake=False)
        self.addCleanup(lambda: client.close())
        return client

    def secure(self, client, context=None):
        """Continues the connection inside TLS."""
        client.socket = (context or self.context()).wrap_socket(
            client.socket, server_hostname="localhost")
        return client

    def info(self, client):
        return json.loads(client.line().removeprefix("INFO "))

    def assert_serves(self, client):
        client.send(HELLO)
        self.assertEqual(client.line_but_ping(), "PONG")

    def test_info_comes_in_clear_and_the_rest_inside_tls(self):
        server, _ = self.start_with(self.block())
        client = self.open(server)
        info = self.info(client)
        self.assertIs(info["tls_required"], True)
        self.assertNotIn("tls_verify", info)
        self.assert_serves(self.secure(client))

    def test_a_large_message_crosses_tls_whole(self):
        server, _ = self.start_with(self.block())
        client = self.open(server)
        self.info(client)
        self.secure(client)
        payload = bytes(range(256)) * 4096
        client.send(HELLO + b"SUB big 1\r\nPUB big %d\r\n%s\r\nPING\r\n" % (len(payload), payload))
        self.assertEqual(client.line_but_ping(), "PONG")
        self.assertEqual(client.line_but_ping(), f"MSG big 1 {len(payload)}")
        while len(client.buffer) < len(payload) + 2:
            client.buffer += client.socket.recv(65536)
        self.assertEqual(client.buffer[:len(payload) + 2], payload + b"\r\n")

    def test_the_flags_switch_tls_on(self):
        flags = ("--tlscert", self.made.server_cert, "--tlskey", self.made.server_key)
        for extra in (("--tls",), ("--tlsverify", "--tlscacert", self.made.ca)):
            server = self.start(*extra, *flags)
            client = self.open(server)
            info = self.info(client)
            self.assertIs(info["tls_required"], True)
            self.assertEqual(info.get("tls_verify", False), "--tlsverify" in extra)
            self.assert_serves(self.secure(client, self.context(with_certificate=True)))

    def test_plain_text_on_a_tls_port_is_closed_without_an_answer(self):
        server, _ = self.start_with(self.block())
        client = self.open(server)
        self.info(client)
        client.send(HELLO)
        self.assertNotIn(b"PONG", read_to_end(client.socket))
        other = self.open(server)
        self.info(other)
        self.assert_serves(self.secure(other))

    def test_allow_non_tls_serves_both(self):
        server, _ = self.start_with(self.block() + "allow_non_tls: true\n")
        plain, secured = self.open(server), self.open(server)
        for client in (plain, secured):
            info = self.info(client)
            self.assertIs(info["tls_available"], True)
            self.assertNotIn("tls_required", info)
        self.assert_serves(plain)
        self.assert_serves(self.secure(secured))

    def test_handshake_first_sends_nothing_in_clear(self):
        server, _ = self.start_with(self.block(", handshake_first: true"))
        client = self.open(server)
        client.socket.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(sp.DEADLINE_S)
        self.secure(client)
        self.assertIs(self.info(client)["tls_required"], True)
        self.assert_serves(client)

    def test_handshake_first_with_a_delay_serves_both_kinds_of_client(self):
        server, _ = self.start_with(self.block(', handshake_first: "200ms"'))
        early = self.secure(self.open(server))
        self.info(early)
        self.assert_serves(early)
        late = self.open(server)
        self.assertIs(self.info(late)["tls_required"], True)
        self.assert_serves(self.secure(late))

    def test_a_client_without_certificate_is_refused_when_it_must_have_one(self):
        server, _ = self.start_with(self.verifying())
        client = self.open(server)
        self.assertIs(self.info(client)["tls_verify"], True)
        with self.assertRaises((ssl.SSLError, OSError, AssertionError)):
            self.secure(client)
            self.assert_serves(client)
        server.wait_for("TLS handshake error")
        good = self.open(server)
        self.info(good)
        self.assert_serves(self.secure(good, self.context(with_certificate=True)))

    def test_a_certificate_is_mapped_to_its_user(self):
        server, _ = self.start_with(
            self.verifying(", verify_and_map: true") + 'authorization { users: [ { user: '
            f'"{certificates.CLIENT_EMAIL}", permissions: {{ publish: ok }} }} ] }}\n')
        client = self.open(server)
        self.info(client)
        self.assert_serves(self.secure(client, self.context(with_certificate=True)))
        client.send("PUB no 1\r\nx\r\n")
        self.assertEqual(client.line_but_ping(),
                         "-ERR 'Permissions Violation for Publish to \"no\"'")

    def test_a_certificate_of_nobody_is_refused(self):
        server, _ = self.start_with(
            self.verifying(", verify_and_map: true")
            + 'authorization { users: [ { user: "someone@else.test" } ] }\n')
        client = self.open(server)
        self.info(client)
        self.secure(client, self.context(with_certificate=True))
        client.send(HELLO)
        self.assertEqual(client.line_but_ping(), "-ERR 'Authorization Violation'")

    def test_a_handshake_that_never_comes_is_closed_in_time_and_holds_nobody_up(self):
        server, _ = self.start_with(self.block(", timeout: 0.5"))
        silent = self.open(server)
        self.info(silent)
        busy = self.open(server)
        self.info(busy)
        self.assert_serves(self.secure(busy))
        self.assertTrue(silent.is_closed())
        self.assert_serves(busy)

    def test_garbage_instead_of_a_handshake_harms_nobody(self):
        server, _ = self.start_with(self.block())
        good = self.open(server)
        self.info(good)
        self.assert_serves(self.secure(good))
        for garbage in (b"\x16\x03\x01\xff\xff" + b"\x00" * 300, b"\x15\x03\x01\x00\x02\x02\x00",
                        b"\x80" * 1000, b"\x16"):
            client = self.open(server)
            self.info(client)
            client.send_all_and_finish(garbage)
            self.assertTrue(client.is_closed(), garbage[:8])
            self.assert_serves(good)

    def test_only_versions_from_1_2_on_are_spoken(self):
        server, _ = self.start_with(self.block())
        for version, word in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            client = self.open(server)
            self.info(client)
            self.assert_serves(self.secure(client, context))
            self.assertEqual(client.socket.version(), word)

    def test_min_version_refuses_what_is_older(self):
        server, _ = self.start_with(self.block(', min_version: "1.3"'))
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        client = self.open(server)
        self.info(client)
        with self.assertRaises((ssl.SSLError, OSError)):
            self.secure(client, context)
        newer = self.open(server)
        self.info(newer)
        self.assert_serves(self.secure(newer))

    def test_a_reload_gives_new_connections_the_new_certificate_and_keeps_the_old_ones(self):
        server, file = self.start_with(self.block())
        old = self.open(server)
        self.info(old)
        self.assert_serves(self.secure(old))
        fresh = sp.Workspace("rubus-tls-")
        self.addCleanup(fresh.remove)
        made = certificates.make(fresh.path)
        self.rewrite(file, self.block().replace(self.made.server_cert, made.server_cert)
                     .replace(self.made.server_key, made.server_key))
        server.signal(signal.SIGHUP)
        server.wait_for("Reloaded server configuration")
        new = self.open(server)
        self.info(new)
        self.assert_serves(self.secure(new, ssl.create_default_context(cafile=made.ca)))
        old.send("PING\r\n")
        self.assertEqual(old.line_but_ping(), "PONG")

    def test_a_missing_or_unusable_certificate_stops_the_start(self):
        cases = {
            f'tls {{ cert_file: "{self.made.server_cert}" }}': "missing 'key_file'",
            'tls { cert_file: "/none.pem", key_file: "/none.key" }':
                "error parsing X509 certificate/key pair",
            f'tls {{ cert_file: "{self.made.server_cert}", key_file: "{self.made.client_key}" }}':
                "error parsing X509 certificate/key pair",
        }
        for text, message in cases.items():
            file = self.workspace.file("bad.conf", f'listen: "127.0.0.1:{sp.free_port()}"\n{text}')
            code, out, err = self.run_binary("-c", file)
            self.assertEqual(code, 1, text)
            self.assertIn(message, out + err)
            self.assertIn(f"{file}:2:", out + err)


def read_to_end(connection):
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


if __name__ == "__main__":
    process_case.main()
