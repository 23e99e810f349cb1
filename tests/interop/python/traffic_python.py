"""Takes part in the mixed cluster test with nats-py until standard input ends.

Usage: traffic_python.py URL,URL… name=… user=… pass=… peers=…,…
The contract (subjects, lines printed) is described in ../README.md.
"""

import asyncio
import sys

import nats

INTERVAL_S = 0.01
ASK_PATIENCE_S = 0.5


def say(text):
    print(text, flush=True)


async def ask(nc, peer, text):
    try:
        answer = await nc.request(f"ask.{peer}", text.encode(), timeout=ASK_PATIENCE_S)
        say(f"r {peer}|{text}|{answer.data.decode()}")
    except Exception as error:  # no answer is an event, whatever its reason
        say(f"t {peer} {type(error).__name__}")


async def publish(nc, name, user, peers, ended):
    """Each to traffic.NAME, every fifth to job.NAME, every tenth as a request to a peer."""
    number, asking = 0, set()
    while not ended.done():
        await asyncio.wait({ended}, timeout=INTERVAL_S)
        number += 1
        if not nc.is_connected:
            continue  # a message kept for later would arrive out of its time
        text = f"{name} {number} {user}"
        try:
            await nc.publish(f"traffic.{name}", text.encode())
            if number % 5 == 0:
                await nc.publish(f"job.{name}", text.encode())
        except nats.errors.Error:
            continue
        if number % 10 == 0:
            task = asyncio.create_task(ask(nc, peers[number // 10 % len(peers)], text))
            asking.add(task)
            task.add_done_callback(asking.discard)


async def main():
    urls = sys.argv[1].split(",")
    keys = dict(argument.split("=", 1) for argument in sys.argv[2:])
    name = keys["name"]
    nc = nats.NATS()

    async def connected():
        say(f"c {nc.connected_server_version and nc._server_info.get('server_name')}")

    async def disconnected():
        say("d")

    async def on_error(_):
        pass  # lost connections are what the test is about

    await nc.connect(urls, user=keys["user"], password=keys["pass"], name="traffic_python",
                     dont_randomize=True, allow_reconnect=True, max_reconnect_attempts=-1,
                     reconnect_time_wait=0.05, connect_timeout=2, reconnected_cb=connected,
                     disconnected_cb=disconnected, error_cb=on_error)

    async def message(received):
        say(f"m {received.subject}|{received.data.decode()}")

    async def job(received):
        say(f"j {received.subject}|{received.data.decode()}")

    async def answer(received):
        await received.respond(f"{name} heard ".encode() + received.data)

    await nc.subscribe("traffic.>", cb=message)
    await nc.subscribe("job.>", queue="crew", cb=job)
    await nc.subscribe(f"ask.{name}", cb=answer)
    await nc.flush()
    await connected()
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await publish(nc, name, keys["user"], keys["peers"].split(","), ended)
    await nc.close()


asyncio.run(main())
