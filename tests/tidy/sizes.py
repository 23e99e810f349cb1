"""Files of at most 600 lines, functions of at most 70, lines of at most 100 columns.

size_waivers.txt names exceptions with their exact size. It may only shrink: an entry that is not
needed, or allows more than is there, or was not in an earlier commit, is an error.
"""

import ast
import re
import subprocess

from tree import Finding, line_of, read_list

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

_LEADING = re.compile(r"\s*(?:(?:public|private|protected)\s*:\s*)*")
_SIZED = (".cc", ".h", ".c", ".py", ".go", ".js", ".mjs", ".rs", ".sh")
_COLUMNED = _SIZED + ("CMakeLists.txt", ".cmake", "dev", ".ci/run")


def _bare_header(header):
    """A declaration without template<…>, attributes and what stands in parentheses."""
    header = re.sub(r"\[\[.*?\]\]", " ", header, flags=re.S)
    bare, depth = [], 0
    for char in header:
        if char == "(":
            depth += 1
            if depth == 1:
                bare.append(char)
        elif char == ")":
            depth -= 1
            if depth == 0:
                bare.append(char)
        elif depth == 0:
            bare.append(char)
    text = "".join(bare).strip()
    while re.match(r"template\s*<", text):
        level, index = 0, text.index("<")
        for index in range(text.index("<"), len(text)):
            level += {"<": 1, ">": -1}.get(text[index], 0)
            if level == 0:
                break
        text = text[index + 1:].strip()
        text = re.sub(r"^requires\b[^\n]*\n", "", text).strip()
    return re.sub(r"^(public|private|protected)\s*:", "", text).strip()


def _kind(header):
    """What a brace after `header` opens at namespace or class level."""
    bare = _bare_header(header)
    words = re.match(r"(?:(?:inline|export|typedef|static|constexpr|const)\s+)*(\w+)", bare)
    first = words.group(1) if words else ""
    if first in ("namespace", "class", "struct", "union"):
        return "scope"
    if first == "enum":
        return "skip"
    if first == "extern" and "(" not in bare:
        return "scope"
    without_names = re.sub(r"operator\s*[^\s\w(]+", "operator", bare)
    if "(" not in bare or "=" in without_names:
        return "skip"
    starts_initialisers = re.search(r"\)[^:]*[^:]:(?!:)|\)\s*:(?!:)", without_names)
    if starts_initialisers and re.search(r"[\w>]$", bare) and not bare.endswith(("noexcept",)):
        return "member"
    return "function"


def _close(code, opened):
    """The offset of the brace that closes the one at `opened`."""
    depth = 0
    for index in range(opened, len(code)):
        if code[index] == "{":
            depth += 1
        elif code[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(code) - 1


def _name(header):
    bare = _bare_header(header)
    match = re.search(r"((?:[\w:]+::)?operator\s*[^\s(]+|[\w:~]+)\s*\(", bare)
    name = match.group(1) if match else "?"
    if name.isupper() or name.startswith("RC_"):  # TEST(Suite, name)
        inside = re.search(r"\(\s*(\w+)\s*,\s*(\w+)", header)
        name = ".".join(inside.groups()) if inside else name
    return name


def cpp_functions(code):
    """(name, first line, last line) of every function body at namespace or class level."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  code, flags=re.M)
    functions, start, index, parentheses = [], 0, 0, 0
    while index < len(code):
        char = code[index]
        if char == "(":
            parentheses += 1
        elif char == ")":
            parentheses -= 1
        elif char == "{" and parentheses > 0:
            index = _close(code, index)
        elif char == "{":
            header = code[start:index]
            kind = _kind(header)
            if kind == "scope":
                start = index + 1
            else:
                closed = _close(code, index)
                if kind == "function":
                    began = start + _LEADING.match(header).end()
                    functions.append((_name(header), line_of(code, began), line_of(code, closed)))
                    start = closed + 1
                index = closed
        elif char in ";}" and parentheses <= 0:
            start = index + 1
            parentheses = 0
        index += 1
    return functions


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def _functions(tree, path):
    if path.endswith((".cc", ".h")):
        return cpp_functions(tree.code(path))
    if path.endswith(".py"):
        return python_functions(tree.text(path))
    return ()


def _earlier_waivers(tree, relative):
    """The entries of size_waivers.txt in the commits before; None if there is no such commit."""
    seen = None
    for commit in ("HEAD", "HEAD~1", "origin/main", "origin/HEAD"):
        shown = subprocess.run(["git", "-C", tree.root, "show", f"{commit}:{relative}"],
                               capture_output=True, text=True, check=False)
        if shown.returncode == 0:
            entries = _parse_waivers(enumerate(
                (line.split("#", 1)[0].strip() for line in shown.stdout.splitlines()), 1))
            seen = entries if seen is None else {
                name: max(lines, entries[name]) for name, lines in seen.items() if name in entries}
    return seen


def _parse_waivers(rows):
    waivers = {}
    for _, words in rows:
        if words:
            name, lines = words.rsplit(None, 1)
            waivers[name] = int(lines)
    return waivers


def check(tree, waiver_path, waiver_name="tests/tidy/size_waivers.txt"):
    waivers = _parse_waivers(read_list(waiver_path))
    needed = {}
    for path in tree.select(None, _SIZED):
        lines = tree.text(path).count("\n")
        if lines > FILE_LINES_MAX:
            needed[path] = lines
            if waivers.get(path, 0) < lines:
                yield Finding(path, lines, "size", f"{lines} lines, at most {FILE_LINES_MAX}")
        for name, first, last in _functions(tree, path):
            length = last - first + 1
            if length > FUNCTION_LINES_MAX:
                waiver = f"{path}:{name}"
                needed[waiver] = max(length, needed.get(waiver, 0))
                if waivers.get(waiver, 0) < length:
                    yield Finding(path, first, "size",
                                  f"{name} has {length} lines, at most {FUNCTION_LINES_MAX}")
    earlier = _earlier_waivers(tree, waiver_name)
    for name, lines in waivers.items():
        if name not in needed:
            yield Finding(waiver_name, 1, "waiver", f"{name} needs no waiver any more")
        elif lines > needed[name]:
            yield Finding(waiver_name, 1, "waiver", f"{name} needs {needed[name]}, not {lines}")
        if earlier is not None and lines > earlier.get(name, 0):
            yield Finding(waiver_name, 1, "waiver", f"{name} is new or grew; waivers only shrink")


def check_columns(tree):
    for path in tree.select(None, _COLUMNED):
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if len(line) > COLUMNS_MAX:
                what = f"{len(line)} columns, at most {COLUMNS_MAX}"
                yield Finding(path, number, "columns", what)
