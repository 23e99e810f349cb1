"""Asks two running servers for their monitoring documents and compares keys, order and types.

Usage: compare_keys.py CONTROL_HTTP_PORT OUR_HTTP_PORT
Both must have the same configuration and no clients; lists are compared by their first element.
"""

import json
import sys
import urllib.error
import urllib.request

QUESTIONS = [
    "/varz", "/connz", "/connz?state=closed", "/connz?acc=NOPE", "/subsz", "/subscriptionsz",
    "/healthz", "/healthz?stream=S", "/healthz?consumer=C&details=1", "/connz?limit=x",
    "/connz?sort=foo", "/connz?state=foo", "/connz?cid=-1", "/subsz?test=a.*", "/nope", "/VARZ",
]


def ask(port, path):
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers.get("Content-Type"), answer.read().decode()


def shape(value):
    if isinstance(value, dict):
        return [(key, shape(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def compare(path, control, ours):
    if control[:2] != ours[:2]:
        return f"{path}: status and type {control[:2]} against {ours[:2]}"
    if "json" not in control[1]:
        return None if control[2] == ours[2] else f"{path}: {control[2]!r} against {ours[2]!r}"
    left, right = (shape(json.loads(text)) for text in (control[2], ours[2]))
    return None if left == right else f"{path}: {left}\n  against {right}"


def main():
    control_port, our_port = sys.argv[1:3]
    faults = [compare(path, ask(control_port, path), ask(our_port, path)) for path in QUESTIONS]
    faults = [fault for fault in faults if fault is not None]
    print("\n".join(faults) or f"{len(QUESTIONS)} questions: same keys, order and types")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
