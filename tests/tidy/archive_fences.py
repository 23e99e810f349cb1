"""The fences that look at compiled archives: symbols, instructions, data (architecture.md, 9).

What a pure archive takes from outside must be on allowed_symbols.txt; it holds no instruction that
reads a clock, a random source or the machine's identity, or calls the kernel; it holds no object
that can be written, because every state belongs to a shard.
"""

import os
import re
import subprocess

from tree import Finding, PURE_FOLDERS, read_list

_IMPURE = re.compile(
    r"\b(rdtscp?|rdrand|rdseed|cpuid|rdpmc|rdpid|xgetbv|syscall|sysenter|svc|hvc|smc|mrs)\b"
    r"|\bint\s+\$0x80\b|\bcnt(?:vct|pct|frq)(?:ss)?_el0\b")


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def load_patterns(list_path):
    """(regular expression, line number, text) of each entry; `*` stands for anything."""
    patterns = []
    for number, text in read_list(list_path):
        expression = ".*".join(re.escape(piece) for piece in text.split("*"))
        patterns.append((re.compile(expression), number, text))
    return patterns


def _is_allowed(name, patterns):
    return any(pattern.fullmatch(name) for pattern, _, _ in patterns)


def _named(archive, member):
    return f"{os.path.basename(archive)}({member})"


def _symbols(archive, prefix):
    """(member, kind, demangled name) of every symbol of an archive."""
    found = []
    for row in _run([prefix + "nm", "-A", "-C", archive]).splitlines():
        match = re.match(r"^.*?\.a:([^:]+):(?:[0-9a-f]+| +) (\S) (.*)$", row)
        if match:
            found.append(match.groups())
    return found


def check_symbols(archives, list_path, prefix=""):
    patterns = load_patterns(list_path)
    symbols = {archive: _symbols(archive, prefix) for archive in archives}
    defined = {name for rows in symbols.values() for _, kind, name in rows if kind not in "Uwv"}
    for archive, rows in symbols.items():
        for member, kind, name in sorted(set(rows)):
            if kind in "Uwv" and name not in defined and not _is_allowed(name, patterns):
                yield Finding(_named(archive, member), 0, "symbol",
                              f"takes {name} from outside; not on allowed_symbols.txt")


def check_instructions(archives, prefix=""):
    for archive in archives:
        member, function = "?", "?"
        listing = _run([prefix + "objdump", "-d", "-C", "--no-show-raw-insn", archive])
        for row in listing.splitlines():
            if ":     file format" in row:
                member = row.split(":", 1)[0]
            elif row.endswith(">:") and row[:1].isalnum():
                function = row.split("<", 1)[1][:-2]
            elif "\t" in row:
                instruction = row.split("\t", 1)[1].split("<", 1)[0]
                if _IMPURE.search(instruction):
                    yield Finding(_named(archive, member), 0, "instruction",
                                  f"{' '.join(instruction.split())} in {function}")


def _writable_sections(rows):
    """{index: (name, size)} of sections that stay writable after loading."""
    sections = {}
    for row in rows:
        match = re.match(r"^\s*\[\s*(\d+)\]\s+(\S+)\s+(\S+)\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)"
                         r"\s+[0-9a-f]+\s+([A-Za-z]*)\s", row)
        if not match:
            continue
        index, name, kind, size, flags = match.groups()
        if "W" in flags and kind in ("PROGBITS", "NOBITS") and not name.startswith(".data.rel.ro"):
            sections[index] = (name, int(size, 16))
    return sections


def _split_members(listing):
    member, rows = "?", []
    for row in listing.splitlines():
        if row.startswith("File: "):
            if rows:
                yield member, rows
            member, rows = re.sub(r"^File: .*\((.*)\)$", r"\1", row), []
        else:
            rows.append(row)
    if rows:
        yield member, rows


def check_data(archives, list_path, prefix=""):
    patterns = load_patterns(list_path)
    for archive in archives:
        listing = _run([prefix + "readelf", "-W", "-S", "-s", "-C", archive])
        for member, rows in _split_members(listing):
            sections = _writable_sections(rows)
            named = set()
            for row in rows:
                match = re.match(r"^\s*\d+:\s+[0-9a-f]+\s+\S+\s+(OBJECT|TLS)\s+\S+\s+\S+\s+(\d+)\s"
                                 r"+(.*)$", row)
                if not match or match.group(2) not in sections:
                    continue
                named.add(match.group(2))
                if not _is_allowed(match.group(3), patterns):
                    yield Finding(_named(archive, member), 0, "data",
                                  f"{match.group(3)} can be written; state belongs to a shard")
            for index, (name, size) in sections.items():
                if size > 0 and index not in named:
                    yield Finding(_named(archive, member), 0, "data",
                                  f"section {name} holds {size} writable bytes")


def check_cover(tree, archives, prefix=""):
    """Every source of the pure folders is in some archive, so that none escapes the fences."""
    members = set()
    for archive in archives:
        members |= set(_run([prefix + "ar", "t", archive]).split())
    for path in tree.select(PURE_FOLDERS, (".cc",)):
        if os.path.basename(path) + ".o" not in members:
            yield Finding(path, 1, "cover", "is in none of the archives that the fences look at")
