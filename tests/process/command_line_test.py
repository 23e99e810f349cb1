#!/usr/bin/env python3
"""The command line: what is printed where, and with which exit code.

Usage: command_line_test.py [--server PATH] [TEST]...
"""

import os
import re
import shutil
import unittest

import process_case
import server_process as sp
from process_case import ProcessCase


class CommandLine(ProcessCase):
    def link(self):
        """The binary under the name by which package scripts and test suites start it."""
        path = self.workspace.file("nats-server")
        if not os.path.lexists(path):
            os.symlink(shutil.which(process_case.BINARY), path)
        return path

    def test_version_through_a_link_named_nats_server_is_the_line_tools_parse(self):
        for flag in ("-v", "--version", "-version", "version"):
            code, out, err = self.run_binary(flag, binary=self.link())
            self.assertEqual((code, err), (0, ""), flag)
            self.assertRegex(out, r"^nats-server: v\d+\.\d+\.\d+\n$")

    def test_a_server_started_through_the_link_serves_clients(self):
        server = self.launch("-a", "127.0.0.1", "-p", sp.free_port(), binary=self.link())
        self.assert_alive(server.wait_ready())

    def test_the_version_printed_is_the_version_in_info(self):
        _, out, _ = self.run_binary("-v", binary=self.link())
        client = self.connect(self.start())
        self.assertEqual(out.strip(), "nats-server: v" + client.info["version"])

    def test_help_goes_to_standard_output_and_names_every_flag(self):
        for flag in ("-h", "--help", "-help", "help"):
            code, out, err = self.run_binary(flag)
            self.assertEqual((code, err), (0, ""), flag)
            self.assertIn("Usage:", out)
        for name in ("--addr", "--port", "--server_name", "--pid", "--http_port", "--https_port",
                     "--config", "--signal", "--client_advertise", "--ports_file_dir", "--log",
                     "--logtime", "--logtime_utc", "--syslog", "--remote_syslog", "--debug",
                     "--trace", "-DV", "--log_size_limit", "--max_traced_msg_len", "--jetstream",
                     "--store_dir", "--user", "--pass", "--auth", "--tls", "--tlscert", "--tlskey",
                     "--tlsverify", "--tlscacert", "--routes", "--cluster", "--cluster_name",
                     "--no_advertise", "--cluster_advertise", "--connect_retries", "--profile",
                     "--help", "--version", "--help_tls"):
            self.assertIn(name, out)

    def test_help_tls_explains_and_exits_cleanly(self):
        code, out, _ = self.run_binary("--help_tls")
        self.assertEqual(code, 0)
        self.assertIn("TLS", out)

    def test_an_unknown_flag_is_named_on_standard_error_with_usage_on_standard_output(self):
        code, out, err = self.run_binary("--no-such-flag")
        self.assertEqual(code, 0, "nats-server exits 0 here, and scripts have seen that")
        self.assertIn("flag provided but not defined: -no-such-flag", err)
        self.assertIn("Usage:", out)

    def test_a_flag_without_its_value_is_named(self):
        code, _, err = self.run_binary("-c")
        self.assertEqual(code, 0)
        self.assertIn("flag needs an argument: -c", err)

    def test_a_flag_with_a_bad_value_is_named(self):
        code, _, err = self.run_binary("-p", "abc")
        self.assertEqual(code, 0)
        self.assertIn('invalid value "abc" for flag -p', err)

    def test_an_unknown_word_is_refused(self):
        code, _, err = self.run_binary("foo")
        self.assertEqual(code, 1)
        self.assertIn('nats-server: unrecognized command: "foo"', err)

    def test_flags_are_read_in_all_go_spellings(self):
        port = sp.free_port()
        for flags in (("-p", port), ("--port", port), (f"-p={port}",), (f"--port={port}",),
                      ("-port", port)):
            server = self.launch("-a", "127.0.0.1", *flags).wait_ready()
            self.assertEqual(server.port, port, flags)
            server.kill()

    def test_a_boolean_flag_can_be_switched_off(self):
        file = self.workspace.file("debug.conf", "debug: true\n")
        log = self.start("-c", file, "-D=false").log()
        self.assertNotIn("[DBG]", log)
        self.assertIn("[DBG]", self.start("-c", file).log())

    def test_flags_override_the_configuration_file(self):
        server, _ = self.start_with("", "-p", sp.free_port(), "-n", "by-flag")
        self.assertNotIn(f":{server.port}\"", self.listen)
        self.assertEqual(self.connect(server).info["server_name"], "by-flag")

    def test_user_and_password_flags_protect_the_server(self):
        server = self.start("--user", "me", "--pass", "secret")
        right = self.connect(server, {"user": "me", "pass": "secret"})
        self.assertEqual(right.flush(), [])
        wrong = self.connect(server, {"user": "me", "pass": "guess"})
        self.assertEqual(wrong.line_but_ping(), "-ERR 'Authorization Violation'")
        self.assertTrue(wrong.is_closed())

    def test_auth_flag_asks_for_the_token(self):
        server = self.start("--auth", "t0ken")
        self.assertEqual(self.connect(server, {"auth_token": "t0ken"}).flush(), [])
        wrong = self.connect(server, {"auth_token": "other"})
        self.assertEqual(wrong.line_but_ping(), "-ERR 'Authorization Violation'")


class ConfigurationCheck(ProcessCase):
    def test_a_good_file_is_called_valid_with_its_digest_and_nothing_starts(self):
        file = self.workspace.file("good.conf", "port: 16000\n")
        code, out, err = self.run_binary("-t", "-c", file)
        self.assertEqual((code, out), (0, ""))
        self.assertRegex(err, rf"^nats-server: configuration file {re.escape(file)} is valid "
                         r"\(sha256:[0-9a-f]{64}\)\n$")

    def test_t_without_a_file_is_an_error(self):
        code, _, err = self.run_binary("-t")
        self.assertEqual(code, 1)
        self.assertIn("nats-server: must specify [-c, --config] option to check configuration "
                      "file syntax", err)

    def test_every_unknown_field_is_reported_with_file_line_and_column(self):
        file = self.workspace.file("bad.conf", "port: 16000\nfoo: 1\n  bar: {a: 1}\n")
        for flags in (("-t", "-c", file), ("-c", file)):
            code, _, err = self.run_binary(*flags)
            self.assertEqual(code, 1)
            # One prefix, one error a line; nats-server gives them in the order of a Go map.
            self.assertTrue(err.startswith(f"nats-server: {file}:"), err)
            self.assertEqual(err.count("nats-server: "), 1, err)
            self.assertIn(f'{file}:2:1: unknown field "foo"\n', err)
            self.assertIn(f'{file}:3:3: unknown field "bar"\n', err)

    def test_a_wrong_type_is_reported_with_its_place(self):
        file = self.workspace.file("type.conf", "# a comment\nport: true\n")
        code, _, err = self.run_binary("-c", file)
        self.assertEqual(code, 1)
        self.assertIn(f"{file}:2:1:", err)

    def test_a_syntax_error_names_the_line(self):
        file = self.workspace.file("syntax.conf", "port: 16000\nauthorization {\n user: [\n")
        code, _, err = self.run_binary("-c", file)
        self.assertEqual(code, 1)
        self.assertRegex(err, r"nats-server: Parse error on line \d+: '")

    def test_an_error_in_an_included_file_names_that_file(self):
        self.workspace.file("part.conf", "max_payload: 1000\nnonsense: 5\n")
        file = self.workspace.file("whole.conf", "port: 16000\ninclude ./part.conf\n")
        code, _, err = self.run_binary("-c", file)
        self.assertEqual(code, 1)
        self.assertIn("part.conf:2:1: unknown field \"nonsense\"", err)

    def test_a_missing_file_is_an_error(self):
        code, _, err = self.run_binary("-c", self.workspace.file("absent.conf"))
        self.assertEqual(code, 1)
        self.assertIn("absent.conf: no such file or directory", err)

    def test_fields_that_contradict_each_other_stop_the_start(self):
        file = self.workspace.file("cross.conf", f'listen: "127.0.0.1:{sp.free_port()}"\n'
                                   "max_payload: 2mb\nmax_pending: 1mb\n")
        code, out, err = self.run_binary("-c", file)
        self.assertEqual(code, 1)
        self.assertIn("max_payload (2097152) cannot be higher than max_pending (1048576)",
                      out + err)

    def test_a_bad_file_does_not_disturb_a_running_server(self):
        server, file = self.start_with("")
        client = self.connect(server)
        client.send("SUB keep 1\r\n")
        self.assertEqual(client.flush(), [])
        bad = self.workspace.file("bad.conf", self.listen + "nonsense: 1\n")
        self.assertEqual(self.run_binary("-c", bad)[0], 1)
        self.assertEqual(self.run_binary("-t", "-c", file)[0], 0)
        client.send("PUB keep 1\r\nx\r\n")
        self.assertEqual(client.flush(), ["MSG keep 1 1", "x"])


class SignalCommand(ProcessCase):
    def pid_file(self, server):
        return self.workspace.file("server.pid", str(server.pid))

    def test_an_unknown_signal_is_refused(self):
        server = self.start()
        code, _, err = self.run_binary("--signal", f"foo={self.pid_file(server)}")
        self.assertEqual(code, 1)
        self.assertIn('unknown signal "foo"', err)
        self.assert_alive(server)

    def test_a_process_that_does_not_exist_is_an_error(self):
        code, _, err = self.run_binary("--signal", "reload=99999999")
        self.assertEqual(code, 1)
        self.assertIn('signal "reload" 99999999: no such process', err)

    def test_a_pid_file_that_does_not_exist_is_an_error(self):
        code, _, err = self.run_binary("--signal", f"reload={self.workspace.file('absent')}")
        self.assertEqual(code, 1)
        self.assertNotEqual(err, "")

    def test_quit_and_term_end_the_server_cleanly(self):
        for word, trapped in (("quit", "interrupt"), ("term", "terminated")):
            server = self.start()
            done = self.run_binary("--signal", f"{word}={self.pid_file(server)}")
            self.assertEqual(done, (0, "", ""))
            self.assertEqual(server.wait_exit(), 0, word)
            self.assertIn(f'Trapped "{trapped}" signal', server.log())

    def test_stop_kills_at_once(self):
        server = self.start()
        self.assertEqual(self.run_binary("-sl", f"stop={server.pid}"), (0, "", ""))
        self.assertEqual(server.wait_exit(), -9)

    def test_reload_reaches_the_server(self):
        server, file = self.start_with("max_payload: 1000\n")
        self.rewrite(file, "max_payload: 2000\n")
        done = self.run_binary(f"--signal=reload={self.pid_file(server)}")
        self.assertEqual(done, (0, "", ""))
        server.wait_for("Reloaded server configuration")

    def test_reopen_reaches_the_server(self):
        log = self.workspace.file("server.log")
        server = self.launch("-a", "127.0.0.1", "-p", sp.free_port(), "-l", log)
        sp.wait_until(lambda: os.path.exists(log) and "Server is ready" in read(log), "the log")
        os.rename(log, log + ".1")
        self.assertEqual(self.run_binary("--signal", f"reopen={server.pid}"), (0, "", ""))
        sp.wait_until(lambda: os.path.exists(log) and "File log re-opened" in read(log),
                      "a new log file")

    def test_ldm_reaches_the_server(self):
        server = self.start()
        done = self.run_binary("--signal", f"ldm={self.pid_file(server)}")
        self.assertEqual(done, (0, "", ""))
        server.wait_for("Entering lame duck mode, stop accepting new clients")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


if __name__ == "__main__":
    process_case.main()
