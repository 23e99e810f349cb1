"""Runs one scenario of the interoperability tests with nats-py.

Usage: interop_python.py SCENARIO URL [key=value]...
It prints "ok NAME" or "FAIL NAME: why" for each check; interop_test.py knows the names that
must appear. The contract is described in ../README.md.
"""

import asyncio
import ssl
import sys

import nats
from nats.errors import NoRespondersError

PATIENCE_S = 10.0
failed = False


class Wrong(Exception):
    """A check that did not hold."""


def expect(condition, text):
    if not condition:
        raise Wrong(text)


async def report(name, check):
    global failed
    try:
        await check
        print(f"ok {name}", flush=True)
    except Exception as error:  # every failure of a check is its result
        failed = True
        print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)


def connect_options(keys):
    options = {"name": "interop_python", "connect_timeout": 5, "allow_reconnect": False,
               "max_reconnect_attempts": 1}
    if "user" in keys:
        options["user"], options["password"] = keys["user"], keys.get("pass", "")
    if "token" in keys:
        options["token"] = keys["token"]
    if "seed" in keys:
        options["nkeys_seed_str"] = keys["seed"]
    if "ca" in keys:
        options["tls"] = ssl.create_default_context(cafile=keys["ca"])
        options["tls_hostname"] = "localhost"
        if "cert" in keys:
            options["tls"].load_cert_chain(keys["cert"], keys["key"])
    if keys.get("first") == "1":
        options["tls_handshake_first"] = True
    return options


async def collect(subscription, count):
    messages = []
    while len(messages) < count:
        messages.append(await subscription.next_msg(timeout=PATIENCE_S))
    return messages


async def round_trip(nc, subject):
    subscription = await nc.subscribe(subject)
    await nc.publish(subject, b"there and back")
    (message,) = await collect(subscription, 1)
    expect(message.data == b"there and back" and message.subject == subject,
           f"got {message.data!r} on {message.subject}")
    await subscription.unsubscribe()


async def check_connect(nc):
    expect(nc.is_connected, "not connected")
    expect(nc.max_payload == 1048576, f"max_payload {nc.max_payload}")
    expect(nc.connected_server_version.major >= 2, f"version {nc.connected_server_version}")
    await nc.flush()
    await round_trip(nc, "plain.subject")


async def check_wildcard(nc):
    star = await nc.subscribe("w.*.x")
    rest = await nc.subscribe("w.>")
    for subject in ("w.a.x", "w.b.x", "w.b.y", "w.b.x.x", "w", "v.a.x", "w.end"):
        await nc.publish(subject, subject.encode())
    got_star = [message.subject for message in await collect(star, 2)]
    got_rest = [message.subject for message in await collect(rest, 5)]
    await nc.flush()
    expect(star.pending_msgs == 0 and rest.pending_msgs == 0, "messages too many")
    expect(got_star == ["w.a.x", "w.b.x"], f"w.*.x got {got_star}")
    expect(got_rest == ["w.a.x", "w.b.x", "w.b.y", "w.b.x.x", "w.end"], f"w.> got {got_rest}")


async def check_queue(nc):
    total = 300
    members = [await nc.subscribe("q.work", queue="workers") for _ in range(3)]
    plain = await nc.subscribe("q.work")
    for number in range(total):
        await nc.publish("q.work", str(number).encode())
    await collect(plain, total)
    await nc.flush()
    counts = [member.pending_msgs for member in members]
    expect(sum(counts) == total, f"the group got {counts}")
    expect(min(counts) > 0, f"a member got nothing: {counts}")
    seen = set()
    for member, count in zip(members, counts):
        seen.update(message.data for message in await collect(member, count))
    expect(len(seen) == total, f"{len(seen)} distinct messages")


async def check_headers(nc):
    subscription = await nc.subscribe("headers")
    await nc.publish("headers", b"body", headers={"Colour": "red", "Shape": "round one"})
    (message,) = await collect(subscription, 1)
    expect(message.headers == {"Colour": "red", "Shape": "round one"}, f"{message.headers}")
    expect(message.data == b"body", f"{message.data!r}")


async def check_request_many(nc):
    total = 200
    counts = [0] * 4

    def responder(index):
        async def answer(message):
            counts[index] += 1
            await message.respond(b"re:" + message.data)
        return answer

    for index in range(len(counts)):
        await nc.subscribe("service", queue="responders", cb=responder(index))
    for number in range(total):
        text = str(number).encode()
        answer = await nc.request("service", text, timeout=PATIENCE_S)
        expect(answer.data == b"re:" + text, f"request {number} was answered {answer.data!r}")
    expect(sum(counts) == total and min(counts) > 0, f"answers by responder: {counts}")


async def check_request_scatter(nc):
    def responder(index):
        async def answer(message):
            await message.respond(f"responder {index}".encode())
        return answer

    for index in range(3):
        await nc.subscribe("scatter", cb=responder(index))
    inbox = nc.new_inbox()
    subscription = await nc.subscribe(inbox)
    await nc.publish("scatter", b"", reply=inbox)
    answers = {message.data for message in await collect(subscription, 3)}
    expect(len(answers) == 3, f"answers: {answers}")


async def check_no_responders(nc):
    start = asyncio.get_running_loop().time()
    try:
        await nc.request("nobody.listens", b"?", timeout=PATIENCE_S)
    except NoRespondersError:
        expect(asyncio.get_running_loop().time() - start < PATIENCE_S / 2, "it took too long")
        return
    raise Wrong("the request was answered")


async def check_drain(url, options):
    total = 1000
    handled = 0
    nc = await nats.connect(url, **options)

    async def handle(_):
        nonlocal handled
        await asyncio.sleep(0)
        handled += 1

    await nc.subscribe("drain.me", cb=handle)
    for _ in range(total):
        await nc.publish("drain.me", b"x")
    await nc.flush()
    await asyncio.wait_for(nc.drain(), PATIENCE_S)
    expect(nc.is_closed, "the drained connection is not closed")
    expect(handled == total, f"{handled} of {total} messages handled")


async def run_core(url, options):
    nc = await nats.connect(url, **options)
    await report("connect", check_connect(nc))
    await report("wildcard", check_wildcard(nc))
    await report("queue", check_queue(nc))
    await report("headers", check_headers(nc))
    await report("request_many", check_request_many(nc))
    await report("request_scatter", check_request_scatter(nc))
    await report("no_responders", check_no_responders(nc))
    await nc.close()
    await report("drain", check_drain(url, options))


async def check_reconnect(url, options):
    reconnected = asyncio.Event()

    async def on_reconnected():
        reconnected.set()

    async def on_error(_):
        pass  # a lost connection is what this scenario is about

    options = {**options, "allow_reconnect": True, "max_reconnect_attempts": -1,
               "reconnect_time_wait": 0.02, "reconnected_cb": on_reconnected,
               "error_cb": on_error}
    nc = await nats.connect(url, **options)
    subscription = await nc.subscribe("after.restart.*")
    await nc.flush()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await asyncio.wait_for(reconnected.wait(), PATIENCE_S)
    await nc.publish("after.restart.now", b"alive")
    (message,) = await collect(subscription, 1)
    expect(message.data == b"alive", f"got {message.data!r}")
    await nc.close()


async def check_login(url, options):
    nc = await nats.connect(url, **options)
    await round_trip(nc, "ok.login")
    await nc.close()


async def check_refused(url, options):
    async def on_error(_):
        pass

    try:
        nc = await nats.connect(url, error_cb=on_error, **options)
    except nats.errors.Error as error:
        expect("authorization violation" in str(error).lower(), f"refused, but with: {error!r}")
        return
    await nc.close()
    raise Wrong("the connection was accepted")


async def run_permissions(url, options):
    texts = []
    changed = asyncio.Event()

    async def on_error(error):
        texts.append(str(error).lower())
        changed.set()

    async def violation(what, subject, act):
        wanted = f'permissions violation for {what} to "{subject}"'
        await act

        async def seen():
            while not any(wanted in text for text in texts):
                changed.clear()
                await changed.wait()

        try:
            await asyncio.wait_for(seen(), PATIENCE_S)
        except asyncio.TimeoutError as error:
            raise Wrong(f"no error with {wanted}, only {texts}") from error

    nc = await nats.connect(url, error_cb=on_error, **options)
    await report("permission_publish",
                 violation("publish", "no.publish", nc.publish("no.publish", b"x")))
    await report("permission_subscribe",
                 violation("subscription", "no.subscribe", nc.subscribe("no.subscribe")))
    await report("permission_allowed", round_trip(nc, "ok.still"))
    await nc.close()


async def check_tls(url, options):
    nc = await nats.connect(url, **options)
    secured = nc._transport._io_writer.get_extra_info("ssl_object") is not None
    expect(secured, "no TLS handshake was made")
    await round_trip(nc, "ok.tls")
    await nc.close()


async def check_tls_refused(url, options):
    async def on_error(_):
        pass

    try:
        nc = await nats.connect(url, error_cb=on_error, **options)
    except (nats.errors.Error, OSError):
        return
    await nc.close()
    raise Wrong("the connection was accepted")


async def main():
    scenario, url = sys.argv[1], sys.argv[2]
    keys = dict(argument.split("=", 1) for argument in sys.argv[3:])
    options = connect_options(keys)
    if scenario == "core":
        await run_core(url, options)
    elif scenario == "permissions":
        await run_permissions(url, options)
    else:
        checks = {"reconnect": check_reconnect, "login": check_login, "refused": check_refused,
                  "tls": check_tls, "tls_refused": check_tls_refused}
        await report(scenario, checks[scenario](url, options))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
