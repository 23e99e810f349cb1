#!/usr/bin/env python3
"""`shards`, a directive of Rubus alone: what the whole process makes of several engines.

Usage: shards_test.py [--server PATH] [TEST]...
"""

import resource

import process_case
import server_process as sp
from process_case import ProcessCase


def no_thread_fits():
    """Run in the child: the stack of a thread would be larger than all addresses."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 47, hard))


class Shards(ProcessCase):
    def test_a_server_that_may_have_no_threads_says_so_and_fails(self):
        file = self.workspace.file("shards.conf", "shards: 2\n")
        code, out, err = self.run_binary("-c", file, "-a", "127.0.0.1", "-p", sp.free_port(),
                                         preexec_fn=no_thread_fits)
        self.assertEqual(code, 1)
        self.assertIn("[FTL] Can't start a shard: ", out + err)


if __name__ == "__main__":
    process_case.main()
