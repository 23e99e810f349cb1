"""Each header compiles alone, so that no file depends on what its includer included before.

A header that compiled is remembered by the hash of itself, everything own it includes, and the
compiler, so a second run takes no time.
"""

import concurrent.futures
import hashlib
import os
import re
import subprocess

from tree import CODE_FOLDERS, Finding

_OWN = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def _closure(tree, path, seen):
    if path in seen or not tree.has(path):
        return
    seen.add(path)
    for header in _OWN.findall(tree.text(path)):
        _closure(tree, header, seen)


def _key(tree, path, compiler):
    seen = set()
    _closure(tree, path, seen)
    digest = hashlib.sha256(compiler.encode())
    for name in sorted(seen):
        digest.update(f"{name}\0{tree.text(name)}\0".encode())
    return digest.hexdigest()


def check(tree, cache, compiler="g++", folders=CODE_FOLDERS):
    os.makedirs(cache, exist_ok=True)
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True,
                             check=True).stdout
    folders = [name for name in folders if name != "fuzz"]

    def compile_one(path):
        remembered = os.path.join(cache, _key(tree, path, version))
        if os.path.exists(remembered):
            return None
        # Fed through standard input: a header as main file warns about its #pragma once.
        done = subprocess.run(
            [compiler, "-std=c++20", "-fsyntax-only", "-fsigned-char", "-I", tree.root,
             "-x", "c++", "-"],
            input=f'#include "{path}"\n', capture_output=True, text=True, check=False)
        if done.returncode == 0:
            with open(remembered, "w", encoding="utf-8"):
                return None
        error = re.search(r"^.*error: (.*)$", done.stderr, re.M)
        return Finding(path, 1, "header-alone",
                       error.group(1) if error else "does not compile alone")

    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for finding in pool.map(compile_one, tree.select(folders, (".h",))):
            if finding is not None:
                yield finding
