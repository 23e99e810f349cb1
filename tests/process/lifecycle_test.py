#!/usr/bin/env python3
"""A life of the process: start, what it tells, stop, death and start again.

Usage: lifecycle_test.py [--server PATH] [TEST]...
"""

import json
import os
import re
import signal
import socket
import unittest

import process_case
import server_process as sp
from process_case import ProcessCase

LAME_DUCK = 'lame_duck_duration: "30s"\nlame_duck_grace_period: "1s"\n'


class Start(ProcessCase):
    def test_the_log_tells_the_address_and_then_that_the_server_is_ready(self):
        server = self.launch("-a", "127.0.0.1", "-p", "-1").wait_ready()
        lines = server.log().splitlines()
        listening = [n for n, line in enumerate(lines) if "Listening for client" in line]
        ready = [n for n, line in enumerate(lines) if line.endswith("[INF] Server is ready")]
        self.assertEqual((len(listening), len(ready)), (1, 1), lines)
        self.assertLess(listening[0], ready[0])
        self.assertRegex(lines[listening[0]],
                         r"\[INF\] Listening for client connections on 127\.0\.0\.1:\d+$")

    def test_port_minus_one_picks_a_port_that_accepts_clients(self):
        servers = [self.launch("-a", "127.0.0.1", "-p", "-1").wait_ready() for _ in range(2)]
        self.assertNotEqual(servers[0].port, servers[1].port)
        for server in servers:
            self.assertEqual(self.connect(server).info["port"], server.port)
            self.assert_alive(server)

    def test_it_listens_on_an_ipv6_address_too(self):
        port = sp.free_port()
        file = self.workspace.file("six.conf", f'listen: "[::1]:{port}"\n')
        server = self.launch("-c", file).wait_ready()
        server.wait_for(rf"Listening for client connections on \[::1\]:{port}$")
        client = sp.Client(port, host="::1")
        self.addCleanup(client.close)
        self.assertEqual(client.info["client_ip"], "::1")
        self.assertEqual(client.flush(), [])

    def test_log_lines_carry_pid_time_and_level(self):
        server = self.start()
        for line in server.log().splitlines():
            self.assertRegex(line, rf"^\[{server.pid}\] \d{{4}}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{{6}} "
                             r"\[INF\] \S|^\[\d+\] .* \[INF\]   \S")

    def test_the_log_names_the_version_the_server_and_the_configuration_file(self):
        server, file = self.start_with('server_name: "called-so"\n')
        info = self.connect(server).info
        server.wait_for(r"\[INF\] Starting nats-server$")
        server.wait_for(rf"\[INF\]   Version:  {re.escape(info['version'])}$")
        server.wait_for(r"\[INF\]   Name:     called-so$")
        server.wait_for(rf"\[INF\]   ID:       {info['server_id']}$")
        server.wait_for(rf"\[INF\] Using configuration file: {re.escape(file)} "
                        r"\(sha256:[0-9a-f]{64}\)$")

    def test_info_is_sent_before_the_client_says_anything(self):
        server = self.start()
        client = sp.Client(server.port, handshake=False)
        self.addCleanup(client.close)
        info = json.loads(client.line().removeprefix("INFO "))
        self.assertRegex(info["server_id"], r"^N[A-Z2-7]{55}$")
        self.assertEqual(info["max_payload"], 1048576)
        self.assertEqual(info["proto"], 1)

    def test_a_port_in_use_gives_a_message_and_a_failing_exit_code(self):
        first = self.start()
        code, out, err = self.run_binary("-a", "127.0.0.1", "-p", first.port)
        self.assertEqual(code, 1)
        self.assertIn("[FTL] Error listening on port: ", out + err)
        self.assertIn("address already in use", out + err)
        self.assert_alive(first)

    def test_a_monitoring_port_in_use_gives_a_message_and_a_failing_exit_code(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            code, out, err = self.run_binary("-a", "127.0.0.1", "-p", sp.free_port(),
                                             "-m", taken.getsockname()[1])
        self.assertEqual(code, 1)
        self.assertIn("address already in use", out + err)

    def test_two_ports_of_one_server_that_are_the_same_are_named_and_fail_the_start(self):
        port = sp.free_port()
        address = f"127.0.0.1:{port}"
        taken = rf"listen tcp {re.escape(address)}: bind: address already in use"
        for other, words in (
                (f'leafnodes {{ listen: "{address}" }}', rf'port: {address}, "{taken}"'),
                (f'cluster {{ name: c, listen: "{address}" }}', rf"router port: {port} - {taken}"),
                (f'http: "{address}"', rf'port: {address}, "{taken}"')):
            file = self.workspace.file("twice.conf", f'listen: "{address}"\n{other}\n')
            code, out, err = self.run_binary("-c", file)
            self.assertEqual(code, 1, other)
            self.assertRegex(out + err, rf"\[FTL\] Error listening on {words}")

    def test_a_client_advertise_address_that_is_none_fails_the_start(self):
        code, out, err = self.run_binary("-a", "127.0.0.1", "-p", sp.free_port(),
                                         "--client_advertise", "host:port")
        self.assertEqual(code, 1)
        self.assertIn('[FTL] Error setting server INFO with ClientAdvertise value of host:port, '
                      'err=strconv.Atoi: parsing "port": invalid syntax', out + err)

    def test_clients_are_told_the_advertised_address(self):
        server = self.start("--client_advertise", "[2001:db8::1]:4333")
        self.assertEqual((self.connect(server).info["host"], self.connect(server).info["port"]),
                         ("2001:db8::1", 4333))

    def test_the_pid_file_holds_digits_only(self):
        file = self.workspace.file("server.pid")
        server = self.start("-P", file)
        with open(file, "rb") as pid_file:
            self.assertEqual(pid_file.read(), str(server.pid).encode())
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait_exit(), 0)

    def test_the_ports_file_lists_all_listeners_and_goes_away_at_the_end(self):
        server = self.launch("-a", "127.0.0.1", "-p", "-1", "-m", "-1", "--ports_file_dir",
                             self.workspace.path).wait_ready()
        name = f"{os.path.basename(process_case.BINARY)}_{server.pid}.ports"
        file = self.workspace.file(name)
        sp.wait_until(lambda: os.path.exists(file), "the ports file")
        sp.wait_until(lambda: os.path.getsize(file), "its content")
        with open(file, encoding="utf-8") as ports_file:
            ports = json.load(ports_file)
        self.assertEqual(ports["nats"], [f"nats://127.0.0.1:{server.port}"])
        self.assertEqual(ports["monitoring"], [f"http://127.0.0.1:{server.monitor_port()}"])
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait_exit(), 0)
        self.assertFalse(os.path.exists(file))


class End(ProcessCase):
    def end_by(self, number, trapped):
        server = self.start()
        client = self.connect(server)
        self.assertEqual(client.flush(), [])
        server.signal(number)
        self.assertEqual(server.wait_exit(), 0)
        server.wait_for(rf'\[INF\] Trapped "{trapped}" signal$')
        server.wait_for(r"\[INF\] Initiating Shutdown\.\.\.$")
        server.wait_for(r"\[INF\] Server Exiting\.\.$")
        self.assertEqual(client.line(), "", "closed without an error line")

    def test_an_interrupt_ends_it_cleanly(self):
        self.end_by(signal.SIGINT, "interrupt")

    def test_a_terminate_ends_it_cleanly(self):
        self.end_by(signal.SIGTERM, "terminated")

    def test_a_killed_server_can_be_started_on_its_port_at_once(self):
        port = sp.free_port()
        for _ in range(3):
            server = self.launch("-a", "127.0.0.1", "-p", port).wait_ready()
            clients = [self.connect(server) for _ in range(5)]
            for client in clients:
                self.assertEqual(client.flush(), [])
            server.kill()
        self.assert_alive(self.launch("-a", "127.0.0.1", "-p", port).wait_ready())

    def test_a_stopped_server_can_be_started_on_its_port_at_once(self):
        port = sp.free_port()
        for _ in range(3):
            server = self.launch("-a", "127.0.0.1", "-p", port).wait_ready()
            self.assertEqual(self.connect(server).flush(), [])
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait_exit(), 0)


class LameDuck(ProcessCase):
    def test_clients_are_told_and_later_closed_without_an_error(self):
        server, _ = self.start_with(LAME_DUCK)
        client = self.connect(server, {"protocol": 1})
        client.send("PING\r\n")
        self.assertEqual(client.line_but_ping(), "PONG")
        self.assertTrue(json.loads(client.line_but_ping()[5:])["connect_info"])
        server.signal(signal.SIGUSR2)
        server.wait_for(r"Entering lame duck mode, stop accepting new clients$")
        info = json.loads(client.line_but_ping().removeprefix("INFO "))
        self.assertIs(info["ldm"], True)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        client.send("SUB still 1\r\nPUB still 2\r\nok\r\n")
        self.assertEqual(client.flush(), ["MSG still 1 2", "ok"])

    def test_a_client_of_protocol_0_is_told_nothing(self):
        server, _ = self.start_with(LAME_DUCK)
        client = self.connect(server, {"protocol": 0})
        self.assertEqual(client.flush(), [])
        server.signal(signal.SIGUSR2)
        server.wait_for("Entering lame duck mode")
        self.assertEqual(client.flush(), [])

    def test_without_clients_it_exits_cleanly_at_once(self):
        server, _ = self.start_with(LAME_DUCK)
        server.signal(signal.SIGUSR2)
        self.assertEqual(server.wait_exit(10), 0)

    def test_an_interrupt_cuts_it_short(self):
        server, _ = self.start_with(LAME_DUCK)
        self.assertEqual(self.connect(server).flush(), [])
        server.signal(signal.SIGUSR2)
        server.wait_for("Entering lame duck mode")
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait_exit(), 0)

    def test_it_ends_when_the_last_client_has_been_closed(self):
        server, _ = self.start_with(LAME_DUCK)
        clients = [self.connect(server) for _ in range(4)]
        for client in clients:
            self.assertEqual(client.flush(), [])
        server.signal(signal.SIGUSR2)
        for client in clients:
            self.assertTrue(client.is_closed())
        self.assertEqual(server.wait_exit(45), 0)


if __name__ == "__main__":
    process_case.main()
