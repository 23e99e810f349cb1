#!/usr/bin/env python3
"""Starts a server each of whose threads gets the same share of a processor and no more.

Usage: thread_quota.py PERCENT COMMAND [ARGUMENT]...

For comparing shards on a machine that has no processor left beside the load generator: with a
quota of 30 each shard has a small processor of its own, and the generator has the rest. Needs root
and the cpu controller of cgroup v1 (threads of one process in groups of their own). The server
replaces this process; a child moves its threads and takes the groups away when it has ended.
"""

import os
import select
import sys

PERIOD_US = 10_000
ROOT = "/sys/fs/cgroup/cpu"


def fail(text):
    sys.exit(f"thread_quota: {text}")


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def make_group(name, percent):
    path = os.path.join(ROOT, name)
    os.makedirs(path, exist_ok=True)
    write(os.path.join(path, "cpu.cfs_period_us"), str(PERIOD_US))
    write(os.path.join(path, "cpu.cfs_quota_us"), str(PERIOD_US * percent // 100))
    return path


def watch(server, percent):
    """Gives each thread that the server has, or comes to have, a group; until it ends."""
    ended = os.pidfd_open(server)
    groups = {}
    while True:
        try:
            threads = os.listdir(f"/proc/{server}/task")
        except FileNotFoundError:
            threads = []
        for thread in threads:
            if thread not in groups:
                path = make_group(f"rubus-quota-{server}-{thread}", percent)
                groups[thread] = path
                try:
                    write(os.path.join(path, "tasks"), thread)
                except ProcessLookupError:
                    pass  # it has ended meanwhile
        # New threads come at the start; later a look now and then is enough.
        if select.select([ended], [], [], 0.005 if len(groups) < 4 else 0.2)[0]:
            break
    for path in groups.values():
        os.rmdir(path)


def main():
    if len(sys.argv) < 3 or not sys.argv[1].isdigit() or not 1 <= int(sys.argv[1]) <= 100:
        fail("needs a percentage from 1 to 100 and a command")
    if not os.path.exists(os.path.join(ROOT, "tasks")):
        fail(f"no cpu controller of cgroup v1 at {ROOT}")
    server = os.getpid()
    if os.fork() == 0:
        os.setsid()
        # Not the server's output: whoever reads it would wait for this child, too.
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        watch(server, int(sys.argv[1]))
        os._exit(0)
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
