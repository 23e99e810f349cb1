#!/usr/bin/env python3
"""`rubus top`: what it prints of a running server, in a terminal and outside of one.

Usage: top_test.py [--server PATH] [TEST]...
The terminal is a pseudo-terminal; what arrives there is what a person's terminal would obey.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import process_case
import server_process as sp
from monitor_stub import MonitorStub
from process_case import ProcessCase

ENTERED = b"\x1b[?1049h"
LEFT = b"\x1b[?1049l"


class Terminal:
    """`rubus top` with a terminal of its own."""

    def __init__(self, binary, arguments, rows=24, columns=160):
        self.ours, self.theirs = pty.openpty()
        self.resize(rows, columns)
        self.settings = termios.tcgetattr(self.theirs)
        self.output = b""
        self.process = subprocess.Popen(
            [binary, "top", *map(str, arguments)], stdin=self.theirs, stdout=self.theirs,
            stderr=self.theirs, preexec_fn=self._own_session)

    def _own_session(self):
        os.setsid()
        fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.ours, keys)

    def read(self, seconds=0.05):
        while select.select([self.ours], [], [], seconds)[0]:
            self.output += os.read(self.ours, 65536)
            seconds = 0
        return self.output

    def wait_for(self, pattern, after=0):
        """The match in the output from byte `after` on."""
        return sp.wait_until(lambda: re.search(pattern, self.read()[after:]), pattern)

    def last_screen(self):
        """The lines of the newest complete screen, without their looks."""
        screen = self.read().split(b"\x1b[H")[-1].decode("utf-8", "replace")
        return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in re.split("\r+\n", screen)]

    def wait_exit(self):
        def is_over():
            self.read(0.01)
            return self.process.poll() is not None
        sp.wait_until(is_over, "rubus top ends")
        self.read(0)
        return self.process.returncode

    def is_as_before(self):
        """The line discipline has its settings back and the first screen is shown."""
        return (termios.tcgetattr(self.theirs) == self.settings
                and self.output.count(ENTERED) == self.output.count(LEFT) > 0)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


class Top(ProcessCase):
    def start_watched(self, configuration="server_name: himbeere\n"):
        self.server, _ = self.start_with('http: "127.0.0.1:-1"\n' + configuration)
        self.url = f"http://127.0.0.1:{self.server.monitor_port()}"

    def client(self, name, commands=""):
        client = self.connect(self.server, {"name": name})
        client.send(commands)
        client.flush()
        return client

    def top(self, *arguments):
        return self.run_binary("top", *arguments)

    def terminal(self, *arguments, **size):
        terminal = Terminal(process_case.BINARY, ("-m", self.url, "-d", "0.1", *arguments), **size)
        self.addCleanup(terminal.close)
        terminal.wait_for(b"himbeere")
        return terminal

    def test_once_prints_the_server_its_rates_and_its_connections(self):
        self.start_watched()
        subscriber = self.client("reader", "SUB a.> 1\r\n")
        publisher = self.client("writer")
        top = subprocess.Popen(
            [process_case.BINARY, "top", "-m", self.url, "--once", "--delay=0.5"],
            stdout=subprocess.PIPE, text=True)
        while top.poll() is None:  # some of it falls between the two looks
            publisher.send("PUB a.b 5\r\nhello\r\n" * 10)
            publisher.flush()
            subscriber.flush()
        out = top.communicate()[0]
        self.assertEqual(top.returncode, 0)
        self.assertRegex(out, r"^rubus top - himbeere, version \S+, up \d+s\n")
        self.assertIn("\nHealth: ok\n", out)
        self.assertIn("\nSlow consumers: 0\n", out)
        rates = re.search(r"\nIn: (\S+) msgs/s, (\S+)/s   Out: (\S+) msgs/s", out)
        self.assertNotIn("0", rates.groups())
        rows = {line.split()[1]: line.split() for line in out.splitlines() if "127.0.0.1:" in line}
        self.assertEqual(set(rows), {"reader", "writer"})
        self.assertEqual((rows["reader"][2], rows["writer"][3]), ("0", "0"))
        self.assertNotIn(rows["writer"][2], ("0", "-"))
        self.assertEqual(rows["writer"][2], rows["reader"][3])
        self.assertNotIn("\x1b", out)

    def test_rows_and_sort_are_obeyed(self):
        self.start_watched()
        for name, subscriptions in (("few", 1), ("most", 9), ("some", 4)):
            self.client(name, "".join(f"SUB s.{at} {at}\r\n" for at in range(subscriptions)))
        for arguments, wanted in ((("--sort", "subs"), ["most", "some", "few"]),
                                  (("--sort=name",), ["few", "most", "some"]),
                                  (("--sort", "cid", "-n", "2"), ["few", "most"]),
                                  (("--rows=0",), [])):
            code, out, err = self.top("-m", self.url, "-o", "-d", "0.1", *arguments)
            self.assertEqual((code, err), (0, ""))
            rows = [line.split()[1] for line in out.splitlines() if "127.0.0.1:" in line]
            self.assertEqual(rows, wanted, arguments)

    def test_what_is_not_understood_is_refused_by_name(self):
        for arguments, words in (
                (("--frequency", "2"), 'unknown option "--frequency"'),
                (("-x",), 'unknown option "-x"'), (("--once=yes",), 'unknown option "--once"'),
                (("now",), 'unexpected word "now"'), (("--sort",), "--sort needs a value"),
                (("--sort", "size"), '--sort "size": not one of traffic, in, out, pending, subs, '
                                     "rtt, idle, cid, name"),
                (("--rows", "-1"), '--rows "-1"'), (("-n", "1e3"), '--rows "1e3"'),
                (("-d", "0"), '--delay "0"'), (("-d", "1."), '--delay "1."'),
                (("-d", "0.0500"), '--delay "0.0500"'), (("-d", "2s"), '--delay "2s"'),
                (("-m", "127.0.0.1:8222"), '--monitor "127.0.0.1:8222"'),
                (("-m", "https://h:1"), '--monitor "https://h:1"'),
                (("-m", "http://u:p@h"), '--monitor "http://u:p@h"'),
                (("-m", "http://h:0"), '--monitor "http://h:0"'),
                (("-m", "http://h:65536/x"), '--monitor "http://h:65536/x"'),
                (("-m", "http://::1"), '--monitor "http://::1"')):
            code, out, err = self.top(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertIn(f"rubus top: {words}", err)

    def test_help_names_every_option_and_order(self):
        for flag in ("-h", "--help"):
            code, out, err = self.top(flag)
            self.assertEqual((code, err), (0, ""))
            for word in ("-m, --monitor", "-d, --delay", "-n, --rows", "--sort", "-o, --once",
                         "pending", "traffic", "quit"):
                self.assertIn(word, out)
        self.assertIn(" top ", self.run_binary("--help")[1])

    def test_a_silent_server_is_said_and_the_exit_code_tells(self):
        url = f"http://127.0.0.1:{sp.free_port()}"
        code, out, err = self.top("-m", url, "-o")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, rf"rubus top: {url} does not answer: .*refused")

    def test_a_port_that_is_no_monitor_is_said(self):
        server = self.start()
        code, _, err = self.top("-m", f"http://127.0.0.1:{server.port}", "-o")
        self.assertEqual(code, 1)
        self.assertRegex(err, "does not answer: bad")

    def test_a_base_path_is_part_of_the_address(self):
        self.start_watched('server_name: himbeere\nhttp_base_path: "/nats"\n')
        for slash in ("", "/"):
            self.assertEqual(self.top("-m", self.url + "/nats" + slash, "-o", "-d", "0.1")[0], 0)
        code, _, err = self.top("-m", self.url, "-o")
        self.assertEqual(code, 1)
        self.assertIn("no monitoring port", err)

    def test_odd_documents_are_survived(self):
        for documents in ({}, {"/varz": "[]"}, {"/varz": "{"}, {"/varz": "{}", "/connz": "null"}):
            with MonitorStub(documents) as url:
                code, _, err = self.top("-m", url, "-o", "-d", "0.1")
            self.assertEqual(code, 1, documents)
            self.assertIn("no monitoring port", err)
        odd = '{"ip": 7, "rtt": "nans", "idle": "1e999s", "in_msgs": -1, "subscriptions": 1e300}'
        with MonitorStub({
                "/varz": '{"cpu": 1e308, "mem": -5, "server_name": ["x"], "cluster": 1}',
                "/connz": f'{{"connections": [{odd}, 7, {{}}]}}',
                "/routez": f'{{"routes": [{odd}, {odd}, null]}}',
                "/leafz": f'{{"leafs": [{odd}]}}', "/healthz": "[1]"}) as url:
            code, out, err = self.top("-m", url, "-o", "-d", "0.1")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("Health: -\n", out)
        self.assertIn("rubus top - -, version , up\n", out)

    def test_names_cannot_command_the_terminal(self):
        self.start_watched()
        self.client("\x1b]0;owned\x07\x1b[2J\u202eevil\u009b1m\r\n")
        code, out, _ = self.top("-m", self.url, "-o", "-d", "0.1")
        self.assertEqual(code, 0)
        self.assertIn("?]0;owned??[2J?evil", out)
        self.assertFalse([letter for letter in out if letter != "\n" and not letter.isprintable()])

    def test_without_a_terminal_it_goes_on_in_plain_lines_until_nobody_reads(self):
        self.start_watched()
        top = subprocess.Popen([process_case.BINARY, "top", "-m", self.url, "-d", "0.1"],
                               stdout=subprocess.PIPE, text=True)
        self.addCleanup(top.wait)
        self.addCleanup(top.kill)
        seen = 0
        while seen < 3:
            line = top.stdout.readline()
            self.assertNotIn("\x1b", line)
            seen += line.startswith("rubus top - himbeere")
        top.stdout.close()
        self.assertEqual(top.wait(sp.DEADLINE_S), 0)

    def test_q_quits_and_gives_the_terminal_back(self):
        self.start_watched()
        terminal = self.terminal()
        self.assertTrue(terminal.output.startswith(ENTERED))
        terminal.type(b"q")
        self.assertEqual(terminal.wait_exit(), 0)
        self.assertTrue(terminal.is_as_before())

    def test_signals_give_the_terminal_back(self):
        self.start_watched()
        for number, code in ((signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            terminal = self.terminal()
            terminal.process.send_signal(number)
            self.assertEqual(terminal.wait_exit(), code)
            self.assertTrue(terminal.is_as_before(), number)

    def test_stopped_it_gives_the_terminal_back_until_it_goes_on(self):
        self.start_watched()
        terminal = self.terminal()
        terminal.process.send_signal(signal.SIGTSTP)
        stopped = sp.wait_until(lambda: os.waitpid(terminal.process.pid,
                                                   os.WUNTRACED | os.WNOHANG)[1], "it stops")
        self.assertTrue(os.WIFSTOPPED(stopped))
        terminal.read()
        self.assertTrue(terminal.is_as_before())
        before = len(terminal.output)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(re.escape(ENTERED) + rb"(.|\n)*himbeere", before)
        terminal.type(b"q")
        self.assertEqual(terminal.wait_exit(), 0)
        self.assertTrue(terminal.is_as_before())

    def test_keys_change_the_order(self):
        self.start_watched()
        self.client("few", "SUB a 1\r\n")
        self.client("many", "SUB a 1\r\nSUB b 2\r\n")
        terminal = self.terminal("--sort", "name")
        def names():
            return [line.split()[1] for line in terminal.last_screen() if "127.0.0.1:" in line]
        sp.wait_until(lambda: names() == ["few", "many"], "order by name")
        terminal.type(b"s")
        sp.wait_until(lambda: names() == ["many", "few"], "order by subscriptions")
        self.assertIn("[s subs]", terminal.last_screen()[-1])
        terminal.type(b"?x")
        terminal.type(b"c")
        sp.wait_until(lambda: names() == ["few", "many"], "order by id")

    def test_the_screen_is_filled_and_never_exceeded(self):
        self.start_watched()
        for at in range(8):
            self.client("c" * 40 + str(at))
        terminal = self.terminal(rows=12, columns=50)

        def fits(rows, columns):
            screen = terminal.last_screen()
            return len(screen) == rows and max(map(len, screen)) <= columns
        sp.wait_until(lambda: fits(12, 50) and "q quit" in terminal.last_screen()[-1], "12 x 50")
        terminal.resize(30, 100)
        sp.wait_until(lambda: fits(30, 100) and len(terminal.last_screen()[0]) < 100, "30 x 100")
        self.assertEqual(sum(line.rstrip().endswith("0B") or "ccc" in line
                             for line in terminal.last_screen()), 8)

    def test_a_server_that_goes_and_comes_back_is_shown_as_such(self):
        self.start_watched()
        monitor_port = self.server.monitor_port()
        terminal = self.terminal()
        self.server.kill()
        sp.wait_until(lambda: "does not answer" in terminal.last_screen()[0], "the alarm")
        self.launch("-a", "127.0.0.1", "-p", sp.free_port(), "-m", monitor_port, "-n",
                    "brombeere").wait_ready()
        sp.wait_until(lambda: terminal.last_screen()[0].startswith("rubus top - brombeere"),
                      "the next server")


if __name__ == "__main__":
    process_case.main()
