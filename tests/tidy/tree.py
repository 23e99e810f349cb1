"""What the rules of tidy stand on: findings, the list of files, and C++ text without its comments.

Every path is relative to the root and written with slashes. Files are read once.
"""

import functools
import os
import re

SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__", "node_modules", ".ccache"}
CODE_FOLDERS = ("engine", "storage", "io", "sim", "tests", "fuzz", "bench")
PURE_FOLDERS = ("engine", "storage")


class Finding:
    """One thing that is wrong, where, and by which rule; prints as `file:line: rule: what`."""

    def __init__(self, path, line, rule, what):
        self.path, self.line, self.rule, self.what = path, line, rule, what

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


class Tree:
    """The files under one root."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.paths = sorted(self._walk())

    def _walk(self):
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            for name in files:
                yield os.path.relpath(os.path.join(folder, name), self.root).replace(os.sep, "/")

    def absolute(self, path):
        return os.path.join(self.root, path)

    def has(self, path):
        return os.path.isfile(self.absolute(path))

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        with open(self.absolute(path), encoding="utf-8", errors="replace") as file:
            return file.read()

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        """C++ text with comments and the insides of literals blanked; lines keep their numbers."""
        return without_comments(self.text(path))

    def select(self, folders, endings):
        """The paths in the named top folders (None: all) that end in one of `endings`."""
        return [path for path in self.paths if path.endswith(tuple(endings))
                and (folders is None or path.split("/")[0] in folders)]

    def cpp(self, folders=CODE_FOLDERS):
        return self.select(folders, (".cc", ".h"))


_TOKEN = re.compile(
    r"""(?P<number>\b[0-9](?:'?[0-9a-zA-Z_.])*)
      | (?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])+')""",
    re.VERBOSE | re.DOTALL)


def without_comments(text):
    def blank(match):
        if match.group("number"):
            return match.group()
        kept = "".join(char if char == "\n" else " " for char in match.group())
        if match.group("comment"):
            return kept
        return '""' + kept[2:] if len(kept) >= 2 else kept
    return _TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def read_list(path):
    """The lines of a list file, without comments: (line number, words)."""
    entries = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split("#", 1)[0].strip()
            if words:
                entries.append((number, words))
    return entries
