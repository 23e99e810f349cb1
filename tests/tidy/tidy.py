#!/usr/bin/env python3
"""tidy: the rules that a machine can hold the tree to; prints `file:line: rule: what`.

Usage: tidy.py [--root DIR] [--rules a,b] [--cache DIR] [--archive FILE.a]… [--tool-prefix P]
Without --rules all rules run but those whose input is not given (archives, headers: a cache).
"""

import argparse
import os
import sys

import archive_fences
import headers_alone
import include_fence
import sizes
import source_rules
from tree import Tree

HERE = os.path.dirname(os.path.abspath(__file__))
ARCHIVE_RULES = ("symbols", "instructions", "data", "cover")
TEXT_RULES = ("includes", "sizes", "columns", "format", "banned", "headers", "unbuilt", "marks",
              "top-level")
RULES = TEXT_RULES + ARCHIVE_RULES + ("headers-alone",)


def list_file(name):
    return os.path.join(HERE, name)


def runners(tree, options, notes):
    archives, prefix = options.archive, options.tool_prefix
    return {
        "includes": lambda: include_fence.check(tree, list_file("allowed_includes.txt")),
        "sizes": lambda: sizes.check(tree, options.waivers),
        "columns": lambda: sizes.check_columns(tree),
        "format": lambda: source_rules.check_format(tree, notes),
        "banned": lambda: source_rules.check_banned_words(tree),
        "headers": lambda: source_rules.check_headers(tree),
        "unbuilt": lambda: source_rules.check_tests_are_built(tree),
        "marks": lambda: source_rules.check_marks(tree),
        "top-level": lambda: source_rules.check_top_level(tree),
        "symbols": lambda: archive_fences.check_symbols(
            archives, list_file("allowed_symbols.txt"), prefix),
        "instructions": lambda: archive_fences.check_instructions(archives, prefix),
        "data": lambda: archive_fences.check_data(archives, list_file("allowed_data.txt"), prefix),
        "cover": lambda: archive_fences.check_cover(tree, archives, prefix),
        "headers-alone": lambda: headers_alone.check(tree, options.cache),
    }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(HERE)))
    parser.add_argument("--rules", help="comma-separated; known: " + " ".join(RULES))
    parser.add_argument("--archive", action="append", default=[])
    parser.add_argument("--need-archives", action="store_true", help="fail if none is given")
    parser.add_argument("--tool-prefix", default="", help="e.g. aarch64-linux-gnu-")
    parser.add_argument("--cache", help="folder that remembers which headers compiled alone")
    parser.add_argument("--waivers", default=list_file("size_waivers.txt"))
    options = parser.parse_args()
    if options.rules:
        options.rules = options.rules.split(",")
        unknown = [rule for rule in options.rules if rule not in RULES]
        if unknown:
            parser.error(f"unknown rule {unknown[0]}")
    else:
        options.rules = list(TEXT_RULES) + (list(ARCHIVE_RULES) if options.archive else [])
        options.rules += ["headers-alone"] if options.cache else []
    needed = options.need_archives or set(options.rules) & set(ARCHIVE_RULES)
    if needed and not options.archive:
        parser.error("these rules look at archives: give --archive")
    if "headers-alone" in options.rules and not options.cache:
        parser.error("headers-alone needs --cache")
    return options


def main():
    options = parse_arguments()
    tree, notes, count = Tree(options.root), [], 0
    known = runners(tree, options, notes)
    for rule in options.rules:
        for finding in known[rule]():
            print(finding)
            count += 1
    for note in notes:
        print("tidy: note:", note)
    print(f"tidy: {len(options.rules)} rules, {len(tree.paths)} files, {count} findings")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
