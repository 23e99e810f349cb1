#!/usr/bin/env python3
"""Asks the real `nats server mapping` every case of transform_cases.tsv and fails where it differs.

Columns: source, destination, subject, and "= result", "-" (does not match) or "! error". With
--write the file is written anew instead.
"""

import argparse
import subprocess
import sys

ERROR = "nats: error: "


def answer(nats, source, destination, subject):
    done = subprocess.run([nats, "server", "mapping", source, destination, subject],
                          capture_output=True, text=True, check=False, timeout=20)
    if done.returncode != 0:
        text = done.stderr.strip()
        return "! " + (text[len(ERROR):] if text.startswith(ERROR) else text)
    text = done.stdout.rstrip("\n")
    return "-" if text.startswith("Error: no matching") else "= " + text


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--nats", required=True)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("table")
    given = arguments.parse_args()
    with open(given.table, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    differing = 0
    for row in rows:
        real = answer(given.nats, *row[:3])
        if real != row[3]:
            print(f"{row[:3]}: the table says {row[3]!r}, nats {real!r}")
            differing += 1
            row[3] = real
    if given.write:
        with open(given.table, "w", encoding="utf-8") as file:
            file.write("".join("\t".join(row) + "\n" for row in rows))
        return 0
    print(f"{len(rows)} cases, {differing} differ")
    return 1 if differing or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
