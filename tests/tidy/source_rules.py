"""Rules on the text: banned words, format, header shape, tests that nobody runs, marks that nobody
reaches, the fixed top level."""

import os
import re
import shutil
import subprocess

from tree import CODE_FOLDERS, Finding, PURE_FOLDERS, line_of

_SOURCES = (".cc", ".h", ".c", ".py", ".sh", ".go", ".js", ".mjs", ".rs", "CMakeLists.txt", "dev")
_TIMED = ("tests", "sim", "engine", "storage")

# (expression, top folders or None for all, prefixes left out, look at code only, what is wrong)
_BANNED = [
    (r"\bTODO\b(?!\s*\(?#\d+)", None, (), False, "TODO without an issue number"),
    (r"\b(?:FIXME|XXX|HACK)\b", None, (), False, "finish it, or write an issue"),
    (r"not implemented|unimplemented", None, (), False, "finish it, or say what is refused"),
    (r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|\btime\.sleep\b"
     r"|\bsleep\s*\((?!0\))|^\s*sleep\s+\d",
     _TIMED, (), True, "wait for a condition with a deadline, not for time"),
    (r"\bGTEST_SKIP\b|\bDISABLED_\w+", None, (), True, "a test that is skipped cannot fail"),
    (r"\b__(?:DATE|TIME|TIMESTAMP)__\b", None, (), True, "the build would depend on its time"),
    (r"\bstd::unordered_\w+", PURE_FOLDERS, (), True, "hash order; use LookupMap or SortedMap"),
    (r"\bstd::hash\b", PURE_FOLDERS, (), True, "use FixedHash"),
    (r"\b(?:float|double)\b", PURE_FOLDERS, (), True, "no floating point in decisions"),
    (r"(?<!operator )(?<!<)\bnew\b(?!>)", PURE_FOLDERS, ("engine/base/",), True,
     "no new outside engine/base"),
    (r"(?<!=)(?<!= )(?<!operator )\bdelete\b", PURE_FOLDERS, ("engine/base/",), True,
     "no delete outside engine/base"),
    (r"\bu?intptr_t\b", PURE_FOLDERS, ("engine/base/",), True, "no address may become a value"),
    (r"\bthread_local\b", PURE_FOLDERS, (), True, "every state belongs to a shard"),
    (r"\b(?:asm|__asm__|__asm)\b", PURE_FOLDERS, (), True, "no instructions by hand"),
    (r"\bvirtual\b|\bdynamic_cast\b|\btypeid\b", PURE_FOLDERS, (), True, "values, not inheritance"),
    (r"\b(?:throw|try|catch)\b", PURE_FOLDERS, (), True, "errors are values; only ensure() stops"),
]

_TOP_LEVEL = {
    "CMakeLists.txt", "engine", "io", "sim", "storage", "tests", "fuzz", "bench", "deploy",
    "README.md", "CHANGELOG.md", "CMakePresets.json", ".clang-format", ".clang-tidy", ".gitignore",
    ".ci", "dev"}


def check_banned_words(tree):
    for path in tree.select(None, _SOURCES):
        top = path.split("/")[0]
        if path.startswith("tests/tidy/"):  # names the words
            continue
        text = tree.text(path)
        code = tree.code(path) if path.endswith((".cc", ".h", ".c")) else text
        for expression, folders, left_out, code_only, why in _BANNED:
            if folders is not None and top not in folders or path.startswith(left_out or ("\0",)):
                continue
            looked_at = code if code_only else text
            for match in re.finditer(expression, looked_at, re.M):
                yield Finding(path, line_of(looked_at, match.start()), "banned",
                              f"'{match.group().strip()}': {why}")


def check_headers(tree):
    for path in tree.select(CODE_FOLDERS, (".h",)):
        text = tree.text(path)
        if not text.startswith("//"):
            yield Finding(path, 1, "header", "opens without saying what the file decides")
        if not re.search(r"^#pragma once$|^#ifndef (\w+_H_)\n#define \1$", text, re.M):
            yield Finding(path, 1, "header", "has no #pragma once")


def _mentions(list_text, name):
    """Whether a CMakeLists.txt names a file: in full, by `*_test.cc`, or as a `${part}_test.cc`."""
    stem, ending = name.rsplit(".", 1)
    part, kind = stem.rsplit("_", 1)
    suffix = re.escape(f"_{kind}.{ending}")
    return bool(
        re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", list_text)
        or re.search(r"\*" + suffix, list_text)
        or re.search(r"\}" + suffix, list_text)
        and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", list_text))


def check_tests_are_built(tree):
    lists = {}
    for path in tree.paths:  # a list may be split off into an included *.cmake beside it
        if os.path.basename(path) == "CMakeLists.txt" or path.endswith(".cmake"):
            folder = os.path.dirname(path)
            lists[folder] = lists.get(folder, "") + tree.text(path)
    endings = ("_test.cc", "_prop.cc", "_test.py", "_fuzz.cc", "_bench.cc")
    for path in tree.select(CODE_FOLDERS, endings):
        folder, mentioned = os.path.dirname(path), False
        while folder and not mentioned:
            mentioned = _mentions(lists.get(folder, ""), os.path.basename(path))
            folder = os.path.dirname(folder)
        if not mentioned:
            yield Finding(path, 1, "unbuilt", "no CMakeLists.txt above it names it")


def check_marks(tree):
    """Each reached("name") of the pure folders is looked for by a test or a scenario."""
    seen = "\n".join(tree.text(path) for path in tree.select(
        ("tests", "sim"), (".cc", ".h", ".py", ".scn", ".txt")) if "tests/tidy/" not in path)
    for path in tree.cpp(PURE_FOLDERS):
        text, code = tree.text(path), tree.code(path)
        for match in re.finditer(r"\breached\s*\(", code):
            name = re.search(r'"([^"]+)"', text[match.start():match.start() + 200])
            if name and not re.search(r"\b" + re.escape(name.group(1)) + r"\b", seen):
                yield Finding(path, line_of(code, match.start()), "mark",
                              f"no test or scenario reaches '{name.group(1)}'")


def check_top_level(tree):
    ignored = {"build", ".git", ".cache", "compile_commands.json", "__pycache__"}
    for name in sorted(os.listdir(tree.root)):
        if name not in _TOP_LEVEL and name not in ignored:
            yield Finding(name, 1, "top-level", "the top level is fixed; put it in a folder")
        elif os.path.isdir(tree.absolute(name)) and name in CODE_FOLDERS + ("deploy",):
            if not tree.has(f"{name}/README.md"):
                yield Finding(f"{name}/README.md", 1, "top-level", "every folder has a README.md")


def check_format(tree, notes):
    tool = shutil.which("clang-format-14")
    if tool is None:
        notes.append("format: not checked, clang-format-14 is not installed")
        return
    if not tree.has(".clang-format"):
        notes.append("format: not checked, no .clang-format")
        return
    paths = tree.cpp()
    seen = set()
    for begin in range(0, len(paths), 40):
        done = subprocess.run([tool, "--dry-run", "-Werror", *paths[begin:begin + 40]],
                              cwd=tree.root, capture_output=True, text=True, check=False)
        for match in re.finditer(r"^(\S+?):(\d+):\d+: error: code should be", done.stderr, re.M):
            if match.group(1) not in seen:
                seen.add(match.group(1))
                yield Finding(match.group(1), match.group(2), "format", "run ./dev format")
