"""The include fence: who may include what (architecture.md, sections 1 and 9).

On Debian every header lies in /usr/include, so any target can include any library; link rules
prove nothing. Pure folders may include the headers of allowed_includes.txt and own headers by
layer; io and sim never include each other.
"""

import re

from tree import Finding, PURE_FOLDERS, line_of, read_list

_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(include|include_next|import)\b[ \t]*([^\n]*)", re.M)

# What the simulator must not know of: it is pure but for its main files.
_SIM_REFUSED = re.compile(
    r"<(boost/|openssl/|thread>|mutex>|shared_mutex>|condition_variable>|future>|atomic>|random>"
    r"|ctime>|time\.h>|sys/|netinet/|pthread\.h>|unistd\.h>)")


def _own_layers(path):
    """The prefixes of own headers that `path` may include; None: no rule for this folder."""
    if path.startswith("engine/base/"):
        return ("engine/base/",)
    if path.startswith("engine/seam/"):
        return ("engine/base/", "engine/seam/")
    if path.startswith("engine/"):
        return ("engine/",)
    if path.startswith("storage/durable_shard."):
        return ("engine/", "storage/")
    if path.startswith("storage/"):
        return ("engine/base/", "engine/seam/", "storage/")
    if path.startswith("io/"):
        return ("engine/", "storage/", "io/")
    if path.startswith("sim/"):
        return ("engine/", "storage/", "sim/")
    return None


def allowed_headers(list_path):
    """{header: prefixes it is allowed under} from lines `<header> [prefix…]`."""
    allowed = {}
    for _, words in read_list(list_path):
        header, *prefixes = words.split()
        allowed[header] = tuple(prefixes) or PURE_FOLDERS
    return allowed


def _check_system(path, line, header, allowed):
    if path.split("/")[0] in PURE_FOLDERS:
        if not path.startswith(allowed.get(header, ())):
            yield Finding(path, line, "include", f"{header} is not allowed in a pure folder here")
    elif path.startswith("sim/"):
        is_main = path.endswith("_main.cc")
        if _SIM_REFUSED.match(header) and not is_main:
            yield Finding(path, line, "include", f"{header} is not for the simulator")
        if header.startswith("<rapidcheck") and "_gen." not in path and not is_main:
            yield Finding(path, line, "include", "RapidCheck only in sim/*_gen and *_main")


def _check_own(tree, path, line, header):
    if not tree.has(header):
        yield Finding(path, line, "include", f'"{header}" is no file (paths start at the root)')
    layers = _own_layers(path)
    if layers is not None and not header.startswith(layers):
        yield Finding(path, line, "include",
                      f'"{header}" is not below {path} (allowed: {" ".join(layers)})')


def check(tree, list_path):
    allowed = allowed_headers(list_path)
    for path in tree.cpp():
        # Directives are found in the bare code, their targets read in the full text, because
        # blanking comments blanks quoted names too.
        text, code = tree.text(path), tree.code(path)
        for match in _DIRECTIVE.finditer(code):
            line = line_of(code, match.start())
            target = text[match.start(2):].split("\n", 1)[0].split("//")[0].strip()
            if match.group(1) != "include":
                yield Finding(path, line, "include", f"#{match.group(1)} is not used here")
            elif re.fullmatch(r"<[^>]+>", target):
                yield from _check_system(path, line, target, allowed)
            elif re.fullmatch(r'"[^"]+"', target):
                yield from _check_own(tree, path, line, target[1:-1])
            else:
                yield Finding(path, line, "include", f"cannot tell what {target} includes")
