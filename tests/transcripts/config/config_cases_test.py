#!/usr/bin/env python3
"""Goal: a configuration file gets the verdict nats-server gives it, with the same exit code and the
same words, both from `-t` and from a real start.

Method: each row of test_cases.tsv is a file given to `SERVER -t -c f.conf`; each row of
start_cases.tsv is a file a server is started with. The server is a parameter: rubus, or nats-server
as the control, which must reproduce its own record. rubus may differ only where deviations.tsv
says so and why; a deviation that is no longer one is a failure too, so the list can only shrink.

The binary is started through a link named nats-server, because messages begin with that name.
"""

import argparse
import os
import pathlib
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_S = 20.0
LINES_DEADLINE_S = 3.0  # for log lines after the server said that it is ready
PORT_FIRST, PORT_LAST = 17000, 17989  # below the ephemeral range: nobody gets them by chance
RECORDED_PORT_FIRST = 15970  # the start cases use this one and the nine after it

INCLUDED_FILES = {
    "inc.conf": "port: 4333\n",
    "incmap.conf": "name: x\n",
    "incbad.conf": "port:\n4\n",
    "incunk.conf": "port: 4222\n  zzz: 1\n",
    "self_inc.conf": "include ./self_inc.conf\n",
}
VARIABLES = {"TPORT": "4777", "TSTR": "foo.bar", "TCYC": "$TCYC"}

# A file that includes itself makes nats-server fill a gigabyte of stack and crash.
NOT_ON_THE_CONTROL = {"include self"}

LOG_LINE = re.compile(r"^\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d+ \[(...)\] (.*)$")


def read_table(path):
    """Rows of a table as dictionaries; `#` lines are remarks."""
    lines = [l for l in path.read_text("utf-8").split("\n") if l and not l.startswith("#")]
    names = lines[0].split("\t")
    rows = [line.split("\t") for line in lines[1:]]
    for row in rows:
        if len(row) != len(names):
            raise SystemExit(f"{path.name}: a row has {len(row)} columns: {row[0]}")
    return [dict(zip(names, row)) for row in rows]


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)


def free_port_block():
    """The first of ten neighbouring ports nobody listens on."""
    for _ in range(500):
        first = random.randrange(PORT_FIRST, PORT_LAST, 10)
        try:
            for port in range(first, first + 10):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise SystemExit("no ten free ports in a row")


class Bench:
    """A folder with everything the cases refer to, and a way to run the server in it."""

    def __init__(self, server, root):
        self.root = pathlib.Path(root)
        self.program = self.root / "nats-server"
        self.program.symlink_to(pathlib.Path(server).resolve())
        make_certificate(self.root)
        self.environment = {**os.environ, **VARIABLES}

    def folder(self, name):
        folder = self.root / name
        folder.mkdir()
        for file, content in INCLUDED_FILES.items():
            (folder / file).write_text(content)
        return folder

    def start(self, folder, arguments):
        return subprocess.Popen([self.program, *arguments], cwd=folder, env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)


# ---- the verdict of -t -----------------------------------------------------------------------


def test_verdicts(bench):
    """Yields (row, exit code, message) for each file given to -t."""
    folder = bench.folder("test")
    for row in read_table(HERE / "test_cases.tsv"):
        if row["name"] in bench.left_out:
            continue
        (folder / "f.conf").write_bytes(unescaped_bytes(row["content"]))
        process = bench.start(folder, ["-t", "-c", "f.conf"])
        output = process.communicate(timeout=DEADLINE_S)[0].decode("utf-8", "backslashreplace")
        message = re.sub(r"sha256:[0-9a-f]{64}", "sha256:{digest}", output)
        yield row, str(process.returncode), message


def unescaped_bytes(text):
    """The table's escapes undone; other characters are UTF-8 as they stand."""
    names = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\"}
    undone = re.sub(r"\\(ufeff|[ntr0\\])",
                    lambda m: "\ufeff" if m[1] == "ufeff" else names[m[1]], text)
    return undone.encode("utf-8")


# ---- the verdict of a start ------------------------------------------------------------------


class Started:
    """A server that was started for one case: its output, and whether it stays."""

    def __init__(self, process, client_port):
        self.process = process
        self.client_port = client_port
        self.output = ""
        self.selector = selectors.DefaultSelector()
        self.selector.register(process.stdout, selectors.EVENT_READ)
        os.set_blocking(process.stdout.fileno(), False)

    def wait(self, condition, deadline_s=DEADLINE_S):
        """Reads output until the condition holds, the server closes it, or time is up."""
        end = time.monotonic() + deadline_s
        while not condition() and time.monotonic() < end:
            if not self.selector.select(end - time.monotonic()):
                return
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                return
            self.output += chunk.decode("utf-8", "backslashreplace")

    def greet(self):
        """What a first client does: connect, read what comes, go."""
        with socket.create_connection(("127.0.0.1", self.client_port), DEADLINE_S) as client:
            return client.recv(4096)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.wait(lambda: False)
        return self.process.wait(DEADLINE_S)


def notable_lines(output):
    """Warnings, errors and lines that are no log lines, as the table writes them."""
    lines = []
    for line in output.splitlines():
        matched = LOG_LINE.match(line)
        if matched is None:
            lines.append(line)
        elif matched[1] in ("WRN", "ERR", "FTL"):
            lines.append(f"[{matched[1]}] {matched[2]}")
    text = "\n".join(lines)
    # Which number the first connection has is nobody's business here.
    text = re.sub(r"127\.0\.0\.1:\d+ - cid:\d+", "{client} - cid:5", text)
    return text


def start_verdicts(bench):
    """Yields (row, exit code or "runs", notable lines) for each file a server is started with."""
    for number, row in enumerate(read_table(HERE / "start_cases.tsv")):
        if row["name"] in bench.left_out:
            continue
        folder = bench.folder(f"start{number}")
        first = free_port_block()

        def to_ours(text):
            return re.sub(r"\b1597(\d)\b", lambda m: str(first + int(m[1])), text)

        def to_recorded(text):
            return re.sub(rf"\b{first // 10}(\d)\b", lambda m: f"1597{m[1]}", text)

        content = unescaped_bytes(row["content"]).decode("utf-8")
        (folder / "g.conf").write_text(to_ours(content))
        started = Started(bench.start(folder, ["-c", "g.conf"]), first)
        started.wait(lambda: "Server is ready" in started.output)
        result = "runs" if "Server is ready" in started.output else "exits"
        if result == "runs":
            greeting = started.greet()
            if not greeting.startswith(b"INFO ") and "tls" not in content:
                result = "runs but does not greet"
            expected = bench.expected_messages("start", row)
            started.wait(lambda: expected(to_recorded(notable_lines(started.output))),
                         LINES_DEADLINE_S)
            started.stop()
        else:
            result = str(started.process.wait(DEADLINE_S))
        started.process.stdout.close()
        yield row, result, to_recorded(notable_lines(started.output))


# ---- comparison ------------------------------------------------------------------------------


class Deviations:
    """Where rubus differs on purpose: (table, name) -> what it says instead."""

    def __init__(self, rows):
        self.rows = {(row["table"], row["name"]): row for row in rows}
        self.used = set()

    def find(self, table, name):
        return self.rows.get((table, name))


def recorded_message(row):
    """The recorded words as a regular expression. {addr} is an address; {or} stands between the
    words nats-server chooses from at random, because it walks through maps."""
    text = unescaped_bytes(row.get("message", row.get("messages", ""))).decode("utf-8")
    choices = [re.escape(choice.strip()) for choice in text.split("{or}")]
    return "|".join(choices).replace(r"\{addr\}", "[0-9a-f]+")


def check(table, verdicts, deviations):
    failures = []
    count = 0
    for row, result, message in verdicts:
        count += 1
        name = row["name"]
        recorded = (row.get("exit", row.get("result")), recorded_message(row))
        message = message.strip()
        agrees = result == recorded[0] and re.fullmatch(recorded[1], message) is not None
        deviation = deviations.find(table, name)
        if deviation is None:
            if not agrees:
                failures.append((name, row["content"], recorded, (result, message), ""))
            continue
        deviations.used.add((table, name))
        wanted = (deviation["exit"], deviation["message"])
        if agrees:
            failures.append((name, row["content"], wanted, (result, message),
                             "agrees with the record now: remove the deviation"))
        elif result != wanted[0] or not re.fullmatch(wanted[1], message, re.S):
            failures.append((name, row["content"], wanted, (result, message), "deviation"))
    return count, failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--server", required=True)
    arguments.add_argument("--table", choices=["test", "start"], required=True)
    arguments.add_argument("--deviations", action="store_true",
                           help="the differences of deviations.tsv are expected (rubus)")
    chosen = arguments.parse_args()
    rows = read_table(HERE / "deviations.tsv") if chosen.deviations else []
    deviations = Deviations(rows)
    verdicts = {"test": test_verdicts, "start": start_verdicts}[chosen.table]
    with tempfile.TemporaryDirectory(prefix="config-cases-") as root:
        bench = Bench(chosen.server, root)
        bench.left_out = set() if chosen.deviations else NOT_ON_THE_CONTROL

        def expected_messages(table, row):
            deviation = deviations.find(table, row["name"])
            wanted = deviation["message"] if deviation else recorded_message(row)
            return lambda text: re.fullmatch(wanted, text.strip(), re.S)

        bench.expected_messages = expected_messages
        count, failures = check(chosen.table, verdicts(bench), deviations)
    for table, name in sorted(set(deviations.rows) - deviations.used):
        if table == chosen.table:
            failures.append((name, "", "", "", "deviation of a case that does not exist"))
    for name, content, wanted, got, remark in failures:
        print(f"FAIL {name} {remark}\n  file:     {content}\n  expected: {wanted}\n"
              f"  got:      {got}")
    print(f"{count} cases, {len(failures)} failures")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
