"""The shape of a JSON document: every key, in order, with the JSON type of its value.

Only the shape is compared with nats-server, never the numbers. Left out: the members of
feature_flags (they belong to a version) and git_commit and gomemlimit, which depend on how that
server was built and started.
"""

LEFT_OUT = {"git_commit", "gomemlimit"}
OPAQUE = {"feature_flags"}


def shape_lines(value, path=""):
    """One line per key: its path and type. Of a list the longest element stands for all, because
    the order of some lists (subscriptions) is the order of a Go map."""
    if isinstance(value, dict):
        lines = [f"{path or '.'} object"]
        for key, member in value.items():
            if key in LEFT_OUT:
                continue
            if key in OPAQUE:
                lines.append(f"{path}.{key} object")
            else:
                lines += shape_lines(member, f"{path}.{key}")
        return lines
    if isinstance(value, list):
        lists = [shape_lines(member, path + "[]") for member in value]
        return [f"{path} list"] + max(lists, key=len, default=[])
    if isinstance(value, bool):
        return [f"{path} bool"]
    if isinstance(value, (int, float)):
        return [f"{path} number"]
    return [f"{path} {'null' if value is None else 'string'}"]
