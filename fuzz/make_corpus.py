#!/usr/bin/env python3
"""Writes the seed files fuzz/corpus/NAME/seed_*, from the recorded conversations and verdicts in
tests/transcripts and from a few lines of its own. Files that people or fuzzers added (regression_*,
found_*) are left alone. Run it again when the transcripts change; it is not part of the build.
"""

import base64
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TRANSCRIPTS = os.path.join(HERE, "..", "tests", "transcripts")
CAPTURES = os.path.join(HERE, "..", "tests", "engine", "peer", "captures")
SLOTS = 6
# Numbers of the deeds in shard_inputs_fuzz.cc.
OPEN, RAW, PHRASE, LARGE, ACKNOWLEDGE, ACKNOWLEDGE_ALL, TIME, CLOSE = range(8)
TLS, JOB, RELOAD, MONITOR, END, STEP, LINE, STEP_AND_ACKNOWLEDGE = range(8, 16)


def write(target, name, content):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "seed_" + re.sub(r"\W+", "_", name)), "wb") as file:
        file.write(content)


def remove_old_seeds():
    for path in glob.glob(os.path.join(HERE, "corpus", "*", "seed_*")):
        os.remove(path)


def unescaped(text):
    """The bytes of one transcript line, with its line end."""
    ending = b"\r\n"
    if text.endswith("\\c"):
        text, ending = text[:-2], b""
    text = re.sub(r"\{(.)\*(\d+)\}", lambda match: match.group(1) * int(match.group(2)), text)
    escapes = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\", "0": b"\0"}
    pieces = re.split(r"(\\x[0-9a-fA-F]{2}|\\[nrt\\0])", text)
    content = b""
    for piece in pieces:
        if re.fullmatch(r"\\x[0-9a-fA-F]{2}", piece):
            content += bytes([int(piece[2:], 16)])
        elif len(piece) == 2 and piece[0] == "\\":
            content += escapes[piece[1]]
        else:
            content += piece.encode("latin-1", "replace")
    return content + ending


def conversations():
    """(name, [(connection, bytes)]) of each recorded client conversation."""
    for path in sorted(glob.glob(os.path.join(TRANSCRIPTS, "client", "*.txt"))):
        lines = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                match = re.match(r"C(\d*)> ?(.*)\n", line)
                if match and len(match.group(2)) < 3000:
                    lines.append((int(match.group(1) or 1), unescaped(match.group(2))))
        if lines:
            yield os.path.basename(path)[:-4], lines


def client_parser_seeds():
    for name, lines in conversations():
        for connection in sorted({number for number, _ in lines}):
            content = b"".join(text for number, text in lines if number == connection)
            write("client_parser", f"{name}_{connection}", bytes([0, 6, 2, 11]) + content)
    limits = {"payload_at_limit": (0x08, b"PUB a 20\r\n" + b"x" * 20 + b"\r\n"),
              "payload_over_limit": (0x08, b"PUB a 21\r\n" + b"x" * 21 + b"\r\n"),
              "line_at_limit": (0x30, b"SUB " + b"a" * 14 + b" 1\r\n"),
              "line_over_limit": (0x30, b"SUB " + b"a" * 15 + b" 1\r\n"),
              "gate": (0x80, b"PING\r\nCONNECT {}\r\nPING\r\n"),
              "same_subject": (0, b"PUB a 1\r\nx\r\nPUB a 2\r\nxy\r\nPUB a r 0\r\n\r\n")}
    for name, (choice, content) in limits.items():
        write("client_parser", name, bytes([choice, 6, 2, 11]) + content)


def header_block_seeds():
    block = b"NATS/1.0\r\nA: 1\r\n\r\n"
    write("header_block", "plain", bytes([9, 180, 0]) + block + b"hello")
    write("header_block", "all_header", bytes([0, 255, 4]) + block)
    write("header_block", "no_header", bytes([60, 0, 2]) + b"hello")
    write("header_block", "large", bytes([200, 2, 5]) + block + b"x" * 50)
    write("header_block", "status", bytes([1, 255, 0]) + b"NATS/1.0 503 No Responders\r\n\r\n")
    write("header_block", "no_block_at_all", bytes([3, 128, 6]) + bytes(range(256)))


def json_seeds():
    seen = set()
    for name, lines in conversations():
        for _, text in lines:
            match = re.match(rb"CONNECT\s*(.*)\r\n", text)
            if match and match.group(1) not in seen:
                seen.add(match.group(1))
                write("json", f"{name}_{len(seen)}", match.group(1))
    own = [b'{"a":[1,-0.5e+7,true,false,null,"\\u00e9\\ud83d\\ude00\\ud800x"]}', b"[[[[[]]]]]",
           b"null",
           b'{"user":null,"verbose":1}', b"9223372036854775808", b"-9223372036854775808",
           b'"\xed\xa0\x80\xf0\x9f\x98\x80\xe2\x80\xa8"', b'{"a":1,}', b"01", b'"\\uD83D\\u0041"',
           b"[" * 65 + b"]" * 65, b"[" * 64 + b"]" * 64, b' {"protocol" : 1 } ',
           b'{"a":' * 65 + b"1" + b"}" * 65, b'{"a":' * 64 + b"1" + b"}" * 64]
    for number, content in enumerate(own):
        write("json", f"own_{number}", content)


def nkey_seeds():
    def key_text(prefix, key):
        raw = bytes([prefix]) + key
        crc = 0
        for byte in raw:
            crc ^= byte << 8
            for _ in range(8):
                crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        return base64.b32encode(raw + crc.to_bytes(2, "little")).rstrip(b"=")
    for prefix in (20, 13, 0, 23, 1):
        write("nkey", f"text_{prefix}", b"\0" + key_text(prefix << 3, bytes(range(32))))
        write("nkey", f"bytes_{prefix}", bytes([1, prefix % 4, prefix, 3]) + bytes(range(32)))
    signature = bytes(range(190, 254))
    write("nkey", "signature_raw_url", b"\2" + base64.urlsafe_b64encode(signature).rstrip(b"="))
    write("nkey", "signature_padded", b"\2" + base64.b64encode(signature))
    write("nkey", "signature_url_padded", b"\2" + base64.urlsafe_b64encode(signature))
    for size in (0, 1, 2, 3, 11):
        write("nkey", f"base64_{size}", b"\3" + bytes(range(250 - size, 250)))


def subject_seeds():
    stories = {
        "laws": "foo.bar\nfoo.*\nfoo.>\n>\n*\n*.*\nfoo\n\n.\nfoo..bar\n.foo\nfoo.\n>.a\nfoo.>.b\n"
                "a b\n",
        "odd_tokens": "foo*\n*bar\nf>o\n>>\n**\n*>\na.>*\n",
        "cache": "?a.b\n+a.b\n+a.*\n+a.> q\n+> q\n-\1\n+a.b q\n-\0\n?a.*\n?a.>\n?a..b\n?\n",
        "same_subject": "+a 1\n+a\n+a q\n+a q\n?a\n-\1\n-\0\n-\1\n-\0\n",
        "queue_over_patterns": "+a.b q\n+a.* q\n+*.b q\n+> q\n?a.b\n-\2\n-\1\n?a.c\n",
        "deep": "+a.b.c.d.e.f.g.h.i.j\n+*.*.*.*.*.*.*.*.*.*\n+*.*.*.>\n?a.b.c.d.e.f.g.h.i.j\n"}
    for name, story in stories.items():
        write("subject", name, story.encode())


def config_seeds():
    includes = b"\x1eport: 4333\n\x1ename: x\n\x1einclude ./c.conf\n\x1ezzz: 1\n"
    for table in ("test_cases", "start_cases"):
        path = os.path.join(TRANSCRIPTS, "config", table + ".tsv")
        with open(path, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
        for number, row in enumerate(rows[1:]):
            content = row[1].replace("\\ufeff", "\ufeff").encode()
            text = unescaped(content.decode("latin-1") + "\\c")
            if len(text) < 4000:
                text = text.replace(b"inc.conf", b"a.conf")
                needs_files = b".conf" in text
                write("config", f"{table}_{number:03d}_{row[0][:40]}",
                      text + (includes if needs_files else b""))
    own = {  # directives that nats-server does not have
        "prometheus": "shards: 2\nprometheus { listen: \"127.0.0.1:7777\", server_id: s\n"
                      "  prefix { core: gnatsd, jetstream: jetstream } }\n",
        "prometheus_word": "prometheus { host: a, port: -1, prefix: nats }\nshards: 17\n"}
    for name, text in own.items():
        write("config", name, text.encode())


def story_of(lines, options=bytes(4), between=bytes([STEP_AND_ACKNOWLEDGE])):
    story, opened = bytearray(options + b"\1"), set()
    for connection, text in lines:
        slot = connection % SLOTS
        if slot not in opened:
            opened.add(slot)
            story += bytes([OPEN, slot]) + between
        for begin in range(0, len(text), 255):
            piece = text[begin:begin + 255]
            story += bytes([RAW, slot, len(piece)]) + piece
        story += between
    return bytes(story)


def subject_mapping_seeds():
    """Each recorded transform as a mapping of its own, those of one source in one file."""
    table = os.path.join(HERE, "..", "tests", "engine", "auth", "transform_cases.tsv")
    stories = {}
    with open(table, encoding="utf-8") as file:
        for line in file:
            source, destination, subject, _ = line.rstrip("\n").split("\t")
            stories.setdefault(source, {}).setdefault(destination, []).append(subject)
    sources = list(stories)
    for number, mappings in enumerate(stories.values()):
        items = list(mappings.items())
        for first in range(0, len(items), 8):
            lines = []
            for destination, subjects in items[first:first + 8]:
                lines += [f"S{sources[number]}", f"Dd.{destination}", *subjects[:2]]
            write("subject_mapping", f"{number}_{first}", "\n".join(lines).encode() + b"\n")
    weights = "Sw\nD2.a\nD\x14.b\nw\nw\nSe\nDdEeast\nDd.all\nCE\ne\nSl\nD\x0a.l\nl\nl\n"
    write("subject_mapping", "weights", weights.encode())


def shard_inputs_seeds():
    for name, lines in conversations():
        if sum(len(text) for _, text in lines) < 4000:
            options = bytes(4)
            if name.startswith(("auth", "permissions", "default_perm")):
                options = bytes([0, 0, 5, 0])
            elif name.startswith("tls"):
                options = bytes([0, 0, 16, 0])
            write("shard_inputs", name, story_of(lines, options))
    phrases = [(0, 0), (0, 7), (0, 8), (1, 0), (1, 10), (1, 13), (1, 16), (0, 15), (1, 18), (0, 12),
               (1, 22), (0, 19)]
    story = bytes([OPEN, 0, OPEN, 1, STEP_AND_ACKNOWLEDGE])
    for slot, phrase in phrases:
        story += bytes([PHRASE, slot, phrase, STEP_AND_ACKNOWLEDGE])
    questions = b"".join(bytes([MONITOR, path]) + b"subs=1&sort=bytes_to&limit=2&auth=1\n"
                         for path in range(8)) + bytes([STEP])
    write("shard_inputs", "phrases", bytes([0, 0, 0, 0, 1]) + story + questions)
    write("shard_inputs", "traced", bytes([0, 0, 0, 8, 1]) + story + questions)
    write("shard_inputs", "no_cache_no_headers", bytes([0, 0, 0, 5, 1]) + story)
    slow = bytes([OPEN, 0, OPEN, 1, STEP, PHRASE, 0, 9, PHRASE, 1, 6, STEP]) + bytes(
        [LARGE, 1, 20, 3, STEP, ACKNOWLEDGE, 0, 1, STEP]) * 4
    for pending in range(4):
        write("shard_inputs", f"slow_consumer_{pending}", bytes([pending * 4, 0, 0, 0, 1]) + slow
              + bytes([TIME, 2, TIME, 7, TIME, 7]))
    for times in range(0, 256, 17):
        write("shard_inputs", f"times_{times}", bytes([0, times, 0, 0, 1]) + story
              + bytes([TIME, 1, TIME, 7, TIME, 7, TIME, 4, END, ord("L"), STEP, TIME, 7, TIME, 4]))
    for login in range(8):
        write("shard_inputs", f"login_{login}", bytes([0, 0, login, 0, 1]) + b"".join(
            bytes([OPEN, slot, STEP, PHRASE, slot, slot, STEP_AND_ACKNOWLEDGE, JOB, 1, STEP,
                   PHRASE, slot, 8, PHRASE, slot, 16, STEP_AND_ACKNOWLEDGE])
            for slot in range(6)) + bytes([RELOAD, 0, 0, (login + 1) % 8, 0, STEP, END, ord("S")]))
    for tls in range(2, 32):
        write("shard_inputs", f"tls_{tls}", bytes([0, 0, tls * 8, 0, 1]) + b"".join(
            bytes([OPEN, slot, STEP, TLS, slot, slot, STEP, TLS, slot, slot, PHRASE, slot, 0, STEP])
            for slot in range(5)) + bytes([TIME, 7, TIME, 1, TIME, 7, CLOSE, 1, CLOSE, 66, STEP]))


def captured_sides(path):
    """What each end said on each connection of a recorded peer conversation."""
    sides = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = re.match(r"([AB]\d*)> (.*)\n", line)
            if not match or match.group(2).startswith("MSG "):
                continue
            content = unescaped(match.group(2))
            sides[match.group(1)] = sides.get(match.group(1), b"") + content
    return sides


def peer_json_seeds():
    """One seed for each different set of keys in the recorded greetings."""
    seen = set()
    for path in sorted(glob.glob(os.path.join(CAPTURES, "*.txt"))):
        name = os.path.basename(path)[:-4]
        kind = 0 if name.startswith("leaf") else 2
        with open(path, encoding="utf-8") as file:
            for line in file:
                match = re.match(r"[AB]\d*> (INFO|CONNECT) (.*)\n", line)
                if not match:
                    continue
                number = kind + (match.group(1) == "CONNECT")
                keys = (number, *re.findall(r'"(\w+)":', match.group(2)))
                if keys in seen:
                    continue
                seen.add(keys)
                json = match.group(2).strip().replace("{CID}", "7").encode()
                write("peer_json", f"{name}_{match.group(1)}_{len(seen)}", bytes([number]) + json)


def peer_protocol_seeds():
    for path in sorted(glob.glob(os.path.join(CAPTURES, "*.txt"))):
        name = os.path.basename(path)[:-4]
        target = "leaf_protocol" if name.startswith("leaf") else "route_protocol"
        for side, content in sorted(captured_sides(path).items()):
            write(target, f"{name}_{side}", bytes([0, 6, 2, 11]) + content[:4000])
            if b'"route_account"' in content:
                write(target, f"{name}_{side}_dedicated", bytes([1, 6, 2, 11]) + content[:4000])
    peer_json_seeds()
    # The limits of peer_laws.cc: control line in bits 4 to 6, payload in bits 1 to 3.
    limits = {"payload_at_limit": (0x08, b"LMSG a 20\r\n" + b"x" * 20 + b"\r\n"),
              "payload_over_limit": (0x08, b"LMSG a 21\r\n"),
              "line_at_limit": (0x30, b"LS+ 12345678\r\n"),
              "line_over_limit": (0x30, b"LS+ 123456789\r\n"),
              "same_subject": (0, b"LMSG a 1\r\nx\r\nLMSG a 2\r\nxy\r\nLMSG b 0\r\n\r\n")}
    for name, (choice, content) in limits.items():
        write("leaf_protocol", name, bytes([choice, 6, 2, 11]) + content)
        route = content.replace(b"LMSG ", b"RMSG A ").replace(b"LS+ 12", b"RS+ A ")
        write("route_protocol", name, bytes([choice, 6, 2, 11]) + route)


def main():
    remove_old_seeds()
    client_parser_seeds()
    peer_protocol_seeds()
    header_block_seeds()
    json_seeds()
    nkey_seeds()
    subject_seeds()
    subject_mapping_seeds()
    config_seeds()
    shard_inputs_seeds()


if __name__ == "__main__":
    main()
