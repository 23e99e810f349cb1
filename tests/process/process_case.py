"""Base of the process tests: one binary under test, a scratch directory and clean-up per test."""

import argparse
import os
import sys
import unittest

import server_process as sp

BINARY = os.environ.get("RUBUS_SERVER", "nats-server")


class ProcessCase(unittest.TestCase):
    """Every server a test starts is killed at its end, whatever happened."""

    def setUp(self):
        self.workspace = sp.Workspace("rubus-process-")
        self.addCleanup(self.workspace.remove)

    def launch(self, *arguments, binary=None, **options):
        """Starts the binary without waiting for anything."""
        server = sp.Server(binary or BINARY, arguments, **options)
        self.addCleanup(server.kill)
        return server

    def start(self, *arguments, **options):
        """A ready server on 127.0.0.1 with a port of the test range."""
        port = sp.free_port()
        return self.launch("-a", "127.0.0.1", "-p", port, *arguments, **options).wait_ready()

    def start_with(self, configuration, *arguments, name="server.conf", **options):
        """A ready server with this configuration text; adds a listen line. (server, file)"""
        port = sp.free_port()
        self.listen = f'listen: "127.0.0.1:{port}"\n'
        file = self.workspace.file(name, self.listen + configuration)
        return self.launch("-c", file, *arguments, **options).wait_ready(), file

    def rewrite(self, file, configuration):
        """New text for a configuration file made by start_with, same listen line."""
        with open(file, "w", encoding="utf-8") as out:
            out.write(self.listen + configuration)

    def run_binary(self, *arguments, **options):
        """Runs the binary to its end: (exit code, stdout, stderr)."""
        return sp.run_to_exit(options.pop("binary", BINARY), arguments, **options)

    def connect(self, server, connect=None, **options):
        client = sp.Client(server.port, connect, **options)
        self.addCleanup(client.close)
        return client

    def assert_alive(self, server):
        """A new client can publish to itself."""
        with sp.Client(server.port) as client:
            client.send("SUB alive 1\r\nPUB alive 2\r\nhi\r\n")
            self.assertEqual(client.flush(), ["MSG alive 1 2", "hi"])


def main():
    """Runs the tests of the calling script against --server; the rest is for unittest."""
    global BINARY
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--server", default=BINARY)
    arguments, rest = parser.parse_known_args()
    # The tests import this module by name; the script itself is __main__, not this module.
    sys.modules["process_case"].BINARY = os.path.abspath(arguments.server) if os.path.sep in (
        arguments.server) else arguments.server
    result = unittest.main(module="__main__", argv=[sys.argv[0], "-v", *rest], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
