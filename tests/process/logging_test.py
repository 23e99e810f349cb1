#!/usr/bin/env python3
"""Where log lines go and what they look like: file, re-opening, rotation, trace, secrets.

Usage: logging_test.py [--server PATH] [TEST]...
"""

import glob
import os
import re
import signal
import socket

import process_case
import server_process as sp
from process_case import ProcessCase


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as text:
            return text.read()
    except FileNotFoundError:
        return ""


class LogFile(ProcessCase):
    def start_logging(self, configuration="", *flags):
        """A server that logs into self.log_file and nowhere else."""
        self.log_file = self.workspace.file("server.log")
        self.port = sp.free_port()
        text = f'listen: "127.0.0.1:{self.port}"\nlog_file: "{self.log_file}"\n{configuration}'
        file = self.workspace.file("server.conf", text)
        server = self.launch("-c", file, *flags)
        sp.wait_until(lambda: "Server is ready" in read(self.log_file), "the log file")
        return server

    def client(self, connect=None):
        client = sp.Client(self.port, connect)
        self.addCleanup(client.close)
        return client

    def test_everything_goes_to_the_file_and_nothing_to_the_terminal(self):
        server = self.start_logging()
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait_exit(), 0)
        self.assertEqual(server.log(), "")
        self.assertIn("Starting nats-server", read(self.log_file))
        self.assertIn("Server Exiting..", read(self.log_file))

    def test_the_flag_names_the_file_too_and_an_old_file_is_continued(self):
        log = self.workspace.file("flag.log", "an old line\n")
        server = self.launch("-a", "127.0.0.1", "-p", sp.free_port(), "-l", log)
        sp.wait_until(lambda: "Server is ready" in read(log), "the log file")
        self.assertTrue(read(log).startswith("an old line\n"))
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait_exit(), 0)

    def test_sigusr1_writes_to_a_new_file_after_the_old_one_was_moved(self):
        server = self.start_logging()
        moved = self.log_file + ".moved"
        os.rename(self.log_file, moved)
        server.signal(signal.SIGUSR1)
        sp.wait_until(lambda: "File log re-opened" in read(self.log_file), "the new file")
        self.assertIn('Trapped "user defined signal 1" signal', read(moved))
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait_exit(), 0)
        self.assertIn("Server Exiting..", read(self.log_file))
        self.assertNotIn("Server Exiting..", read(moved))

    def test_a_file_over_the_limit_is_rotated_and_old_backups_are_purged(self):
        server = self.start_logging("log_size_limit: 1000\nlog_max_num: 3\ndebug: true\n")

        def backups():
            return sorted(glob.glob(self.log_file + ".*"))

        seen = set()

        def busy():
            with sp.Client(self.port) as client:
                client.flush()
            seen.update(backups())
            return len(seen) >= 4

        sp.wait_until(busy, "four rotations")
        for name in seen:
            self.assertRegex(name, r"server\.log\.\d{4}(\.\d\d){5}\.\d{9}$")
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait_exit(), 0)
        self.assertEqual(len(backups()), 2, "three files in all")
        self.assertIn('Rotated log, backup saved as "', read(backups()[-1]) + read(self.log_file))
        for name in backups():
            self.assertLess(os.path.getsize(name), 1000 + 500)

    def test_a_directory_that_does_not_exist_stops_the_start(self):
        code, out, err = self.run_binary("-a", "127.0.0.1", "-p", sp.free_port(), "-l",
                                         self.workspace.file("none/at/all.log"))
        self.assertEqual(code, 1)
        self.assertIn("no such file or directory", out + err)


class Lines(ProcessCase):
    def test_without_logtime_a_line_has_only_pid_and_level(self):
        server = self.start("-T=false")
        server.wait_for(rf"^\[{server.pid}\] \[INF\] Server is ready$")

    def test_logtime_utc_stamps_in_utc(self):
        server = self.start("--logtime_utc", env={**os.environ, "TZ": "Asia/Kolkata"})
        local = self.start(env={**os.environ, "TZ": "Asia/Kolkata"})
        stamp = r"^\[\d+\] \S+ (\d\d):(\d\d):\d\d\.\d{6} \[INF\] Server is ready$"

        def minutes(of):
            hour, minute = of.wait_for(stamp).groups()
            return int(hour) * 60 + int(minute)

        self.assertIn((minutes(local) - minutes(server)) % 1440, (329, 330, 331))

    def test_debug_shows_clients_coming_and_going(self):
        server = self.start("-D")
        client = self.connect(server, {"name": "me", "lang": "test", "version": "7"})
        self.assertEqual(client.flush(), [])
        client.close()
        prefix = r"\[DBG\] 127\.0\.0\.1:\d+ - cid:\d+ - "
        server.wait_for(prefix + "Client connection created$")
        server.wait_for(prefix + r'"v7:test:me" - Client connection closed: Client Closed$')

    def test_trace_shows_verbs_in_both_directions(self):
        server = self.start("-V")
        client = self.connect(server)
        client.send("SUB foo 1\r\nPUB foo 5\r\nhello\r\n")
        client.flush()
        client.send("bad\r\n")
        arrow = r"\[TRC\] 127\.0\.0\.1:\d+ - cid:\d+ - .*"
        for line in (r"<<- \[SUB foo 1\]", r"<<- \[PUB foo 5\]", r'<<- MSG_PAYLOAD: \["hello"\]',
                     r"->> \[MSG foo 1 5\]", r"<<- \[PING\]", r"->> \[PONG\]",
                     r"->> \[-ERR Unknown Protocol Operation\]"):
            server.wait_for(arrow + line + "$")

    def test_trace_hides_passwords_and_tokens(self):
        server = self.start("-DV", "--user", "me", "--pass", "hunter2")
        client = self.connect(server, {"user": "me", "pass": "hunter2", "auth_token": "t0ps3cret"})
        self.assertEqual(client.flush(), [])
        found = server.wait_for(r"<<- \[CONNECT (.*)\]$").group(1)
        self.assertIn("[REDACTED]", found)
        self.assertNotIn("hunter2", server.log())
        self.assertNotIn("t0ps3cret", server.log())

    def test_a_traced_message_is_cut_at_the_configured_length(self):
        server = self.start("-V", "--max_traced_msg_len", "4")
        client = self.connect(server)
        client.send("PUB foo 10\r\n0123456789\r\n")
        client.flush()
        server.wait_for(r'<<- MSG_PAYLOAD: \["0123\.\.\."\]$')

    def test_a_refused_login_is_logged_as_an_error(self):
        server = self.start("--auth", "t0ken")
        client = self.connect(server, {"auth_token": "wrong"})
        self.assertTrue(client.is_closed())
        server.wait_for(r"\[ERR\] 127\.0\.0\.1:\d+ - cid:\d+ - .*authentication error")
        self.assertIsNone(re.search("wrong", server.log()))


class RemoteSyslog(ProcessCase):
    def test_lines_arrive_as_datagrams_at_the_remote_syslog_address(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
            daemon.bind(("127.0.0.1", 0))
            daemon.settimeout(sp.DEADLINE_S)
            self.launch("-a", "127.0.0.1", "-p", sp.free_port(), "-r",
                        f"udp://127.0.0.1:{daemon.getsockname()[1]}")
            text = ""
            while "Server is ready" not in text:
                text = daemon.recv(65536).decode()
        self.assertRegex(text, r"^<\d+>")


if __name__ == "__main__":
    process_case.main()
