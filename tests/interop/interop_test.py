#!/usr/bin/env python3
"""Plays the interoperability scenarios of one official client against a server binary.

Usage: interop_test.py --language go|python|javascript|c [--server PATH]
For each configuration it starts the server, runs the client program once per scenario and reads
its "ok NAME" / "FAIL NAME: why" lines. Every check that a scenario must make is named here, so a
client that leaves one out fails. Ends with "N passed, N failed"; exit code 1 if any failed.
"""

import argparse
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "process"))
import certificates  # noqa: E402
import server_process as sp  # noqa: E402

CORE = ("connect", "wildcard", "queue", "headers", "request_many", "request_scatter",
        "no_responders", "drain")
PERMISSIONS = ("permission_publish", "permission_subscribe", "permission_allowed")

# Key pairs and passwords made for this test only; they open nothing else.
SEED = "SUAN4WT7CDRYZEVOGPD4FGQEUCOYHIMMBILONJEJ7FANTHQJOPVTYHHJ6I"
NKEY = "UCQUL27VJSGJE5RNNGYGTLL7NIOSLGAHVW5BW6AAGUUOQVIN3BIPUKXN"
OTHER_SEED = "SUAOIY55FCBSZZR2DY32ZTHLV4XDUKGDL6JV76AZPR2NXE2UCELVA4RTJA"
OTHER_NKEY = "UASPUNL4VIILSY6DDOSULUOJIH73KGRHIBSJC6KN4EKKZE26WVCMPM4W"
HASHED_PASSWORD = "bcrypt-password-of-the-interop-test"
HASH = "$2a$10$l4nMvHHMfBOstOGp3AOk0esD6gw0Lx4M.Hpw0yTZmrFlu8AzsRl3G"


def tools_directory():
    return os.environ.get("RUBUS_TOOLS") or os.path.expanduser("~/.cache/rubus")


def client_command(language):
    cache = os.path.join(tools_directory(), "interop")
    environment = dict(os.environ)
    if language == "go":
        command = [os.path.join(cache, "interop_go")]
    elif language == "c":
        command = [os.path.join(cache, "interop_c")]
    elif language == "python":
        command = [os.path.join(cache, "venv", "bin", "python"),
                   os.path.join(HERE, "python", "interop_python.py")]
    else:
        environment["NODE_PATH"] = os.path.join(cache, "javascript", "node_modules")
        command = ["node", os.path.join(HERE, "javascript", "interop_javascript.cjs")]
    return command, environment


class Tally:
    """One line per check, and the sum at the end."""

    def __init__(self, language):
        self.language, self.passed, self.failed = language, 0, 0

    def check(self, place, name, problem=None):
        if problem is None:
            self.passed += 1
        else:
            self.failed += 1
        mark = "ok  " if problem is None else "FAIL"
        suffix = "" if problem is None else f": {problem}"
        print(f"{mark} {self.language} {place} {name}{suffix}", flush=True)


class Session:
    """All scenarios of one language."""

    def __init__(self, language, binary, workspace):
        self.command, self.environment = client_command(language)
        self.binary, self.workspace = binary, workspace
        self.tally = Tally(language)
        self.language = language

    def start(self, place, configuration):
        """A server with that configuration; the port is chosen here and can be used again."""
        port = sp.free_port()
        text = f'listen: "127.0.0.1:{port}"\n{configuration}\n'
        file = self.workspace.file(f"{place}.conf", text)
        return sp.Server(self.binary, ["-c", file]).wait_ready(), port, file

    def client(self, scenario, url, *keys, **options):
        return subprocess.Popen(
            [*self.command, scenario, url, *keys], env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            **options)

    def judge(self, place, names, output, exit_code):
        """Compares what the client said with the checks it had to make."""
        said = {}
        for line in output.splitlines():
            if line.startswith("ok "):
                said[line[3:].strip()] = None
            elif line.startswith("FAIL "):
                name, _, problem = line[5:].partition(":")
                said[name.strip()] = problem.strip() or "no reason given"
        for name in names:
            missing = f"not reported (exit code {exit_code}): {output.strip()[-800:]}"
            self.tally.check(place, name, said.pop(name, missing))
        for name, problem in said.items():
            self.tally.check(place, name, problem or "a check this driver does not know")
        if exit_code != 0 and "FAIL " not in output:
            self.tally.check(place, "exit", f"exit code {exit_code} without a failed check")

    def run(self, place, scenario, url, *keys, names=None):
        process = self.client(scenario, url, *keys)
        try:
            output, _ = process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            output += "\n(killed: it ran for 90 s)"
        self.judge(place, names or (scenario,), output, process.returncode)

    def reconnect(self):
        """SIGKILL, then the same port again: the subscription made before still delivers."""
        server, port, file = self.start("reconnect", "")
        process = self.client("reconnect", f"nats://127.0.0.1:{port}")
        try:
            first = process.stdout.readline()
            if first.strip() != "ready":
                server.kill()
                output, _ = process.communicate(timeout=30)
                self.judge("restart", ("reconnect",), first + output, process.returncode)
                return
            server.kill()
            server = sp.Server(self.binary, ["-c", file]).wait_ready()
            output, _ = process.communicate("restarted\n", timeout=60)
            self.judge("restart", ("reconnect",), output, process.returncode)
        finally:
            process.kill()
            server.kill()

    def plain(self):
        server, port, _ = self.start("plain", "")
        with server:
            self.run("plain", "core", f"nats://127.0.0.1:{port}", names=CORE)

    def token(self):
        server, port, _ = self.start("token", 'authorization { token: "s3cr3t-token" }')
        url = f"nats://127.0.0.1:{port}"
        with server:
            self.run("token", "login", url, "token=s3cr3t-token")
            self.run("token-wrong", "refused", url, "token=another")
            self.run("token-none", "refused", url)

    def users(self):
        server, port, _ = self.start("users", f"""
            authorization {{ users: [
              {{ user: alice, password: "plain" }}
              {{ user: bob, password: "{HASH}" }}
              {{ nkey: {NKEY} }}
              {{ user: carol, password: "c", permissions: {{
                  publish: {{ allow: "ok.>" }}, subscribe: {{ allow: "ok.>" }} }} }}
            ] }}""")
        url = f"nats://127.0.0.1:{port}"
        with server:
            self.run("password", "login", url, "user=alice", "pass=plain")
            self.run("password-wrong", "refused", url, "user=alice", "pass=plain2")
            self.run("user-unknown", "refused", url, "user=mallory", "pass=plain")
            self.run("bcrypt", "login", url, "user=bob", f"pass={HASHED_PASSWORD}")
            self.run("bcrypt-wrong", "refused", url, "user=bob", f"pass={HASHED_PASSWORD}x")
            self.run("nkey", "login", url, f"seed={SEED}", f"nkey={NKEY}")
            self.run("nkey-unknown", "refused", url, f"seed={OTHER_SEED}", f"nkey={OTHER_NKEY}")
            self.run("login-none", "refused", url)
            self.run("permissions", "permissions", url, "user=carol", "pass=c",
                     names=PERMISSIONS)

    def no_auth_user(self):
        server, port, _ = self.start("no_auth_user", """
            authorization { users: [ { user: alice, password: a }, { user: guest, password: g,
              permissions: { publish: "ok.>", subscribe: "ok.>" } } ] }
            no_auth_user: guest""")
        url = f"nats://127.0.0.1:{port}"
        with server:
            self.run("no_auth_user", "login", url)
            self.run("no_auth_user-rights", "permissions", url, names=PERMISSIONS)
            self.run("no_auth_user-other", "login", url, "user=alice", "pass=a")
            self.run("no_auth_user-wrong", "refused", url, "user=alice", "pass=b")

    def tls(self):
        made = certificates.make(self.workspace.path)
        files = f'cert_file: "{made.server_cert}", key_file: "{made.server_key}"'
        client = (f"ca={made.ca}", f"cert={made.client_cert}", f"key={made.client_key}")

        server, port, _ = self.start("tls", f"tls {{ {files} }}")
        with server:
            self.run("tls", "tls", f"tls://localhost:{port}", f"ca={made.ca}")
            self.run("tls-other-ca", "tls_refused", f"tls://localhost:{port}",
                     f"ca={made.other_ca}")
        server, port, _ = self.start("verify", f'tls {{ {files}, ca_file: "{made.ca}", '
                                     "verify: true }")
        with server:
            self.run("tls-client-cert", "tls", f"tls://localhost:{port}", *client)
            self.run("tls-no-client-cert", "tls_refused", f"tls://localhost:{port}",
                     f"ca={made.ca}")
        server, port, _ = self.start(
            "map", f'tls {{ {files}, ca_file: "{made.ca}", verify_and_map: true }}\n'
            f'authorization {{ users: [ {{ user: "{certificates.CLIENT_EMAIL}", '
            'permissions: { publish: "ok.>", subscribe: "ok.>" } } ] }')
        with server:
            self.run("tls-map", "tls", f"tls://localhost:{port}", *client)
            self.run("tls-map-rights", "permissions", f"tls://localhost:{port}", *client,
                     names=PERMISSIONS)
        if self.language != "c":  # libnats 3.4 of Debian 12 cannot begin with the handshake
            server, port, _ = self.start("first", f"tls {{ {files}, handshake_first: true }}")
            with server:
                self.run("tls-first", "tls", f"tls://localhost:{port}", f"ca={made.ca}",
                         "first=1")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default=os.environ.get("RUBUS_SERVER", "nats-server"))
    parser.add_argument("--language", required=True,
                        choices=("go", "python", "javascript", "c"))
    arguments = parser.parse_args()
    with sp.Workspace("rubus-interop-") as workspace:
        session = Session(arguments.language, arguments.server, workspace)
        parts = (session.plain, session.reconnect, session.token, session.users,
                 session.no_auth_user, session.tls)
        for part in parts:
            try:
                part()
            except Exception as error:  # the other parts still run
                session.tally.check(part.__name__, "driver", f"{type(error).__name__}: {error}")
    tally = session.tally
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
