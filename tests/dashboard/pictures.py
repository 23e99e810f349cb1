#!/usr/bin/env python3
"""Makes the pictures of the dashboard for the documentation: a small cluster at work.

Usage: pictures.py --server PATH --out DIRECTORY [--servers COUNT] [--seconds N]
Starts COUNT servers (3) with two accounts, a leaf node (with 2 servers and more) and a handful of
clients, lets them talk for N seconds (150) and writes dashboard.png, dashboard-dark.png and
dashboard-phone.png. It is no test; it looks best with the Debian package fonts-inter.
"""

import argparse
import math
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "process"))

import server_process as sp  # noqa: E402
from browser import Browser  # noqa: E402

ACCOUNTS = """accounts {
  ORDERS { users: [ { user: orders, password: o } ] }
  SENSORS { users: [ { user: sensors, password: s } ] }
}
"""
# name, account, language, subscriptions, messages per second, size, subject, on the second server
CLIENTS = (
    ("order-gateway", "orders", "go", (), 900, 240, "orders.new", False),
    ("billing", "orders", "java", ("orders.>",), 0, 0, "", False),
    ("warehouse", "orders", "nats.js", ("orders.>",), 0, 0, "", True),
    ("audit-log", "orders", "python3", ("orders.new",), 40, 600, "orders.done", False),
    ("greenhouse-1", "sensors", "c", (), 320, 64, "sensors.one.temperature", False),
    ("greenhouse-2", "sensors", "c", (), 260, 64, "sensors.two.temperature", True),
    ("telemetry", "sensors", "rust", ("sensors.*.temperature",), 0, 0, "", False),
)


def configurations(count):
    """One text for each server of the cluster, and the address that leaf nodes dial."""
    ports = [sp.free_port() for _ in range(count)]
    leafs = sp.free_port()
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    texts = []
    for at, port in enumerate(ports):
        text = (f'server_name: "garden-{at + 1}"\nhttp: "127.0.0.1:-1"\n'
                f'listen: "127.0.0.1:{sp.free_port()}"\n' + ACCOUNTS)
        if count > 1:
            text += (f'cluster {{ name: "garden", listen: "127.0.0.1:{port}", '
                     f'routes: [{routes}] }}\n')
        if count > 1 and at == 0:
            text += f'leafnodes {{ listen: "127.0.0.1:{leafs}" }}\n'
        texts.append(text)
    if count > 1:
        texts.append(f'server_name: "edge-pi"\nlisten: "127.0.0.1:{sp.free_port()}"\n'
                     'leafnodes { remotes: [ { url: '
                     f'"nats-leaf://sensors:s@127.0.0.1:{leafs}" }} ] }}\n')
    return texts


def talk(port, settings, over):
    name, account, language, subscriptions, rate, size, subject, _ = settings
    client = sp.Client(port, {"name": name, "lang": language, "version": "1.4.0", "user": account,
                              "pass": account[0]})
    client.send("".join(f"SUB {at} {sid}\r\n" for sid, at in enumerate(subscriptions, 1)))
    message = f"PUB {subject} {size}\r\n{'x' * size}\r\n"
    began = time.monotonic()
    while not over.wait(0.05):
        wave = 1 + 0.45 * math.sin((time.monotonic() - began) / 11 + len(name))
        client.send(message * round(rate * wave / 20))
        client.flush()
    client.close()


def picture(browser, url, out, seconds):
    browser.shape(1280, 900)
    browser.open(url)
    browser.wait_for("history", "return (document.querySelector('#messages path.received')"
                     ".getAttribute('d') || '').split('L').length > arguments[0]",
                     seconds // 2, deadline_s=seconds + 60)
    for name, width, dark, phone in (("dashboard", 1280, False, False),
                                     ("dashboard-dark", 1280, True, False),
                                     ("dashboard-phone", 390, False, True)):
        browser.shape(width, 600, dark=dark, phone=phone)
        height = browser.run("return document.documentElement.scrollHeight")
        browser.shape(width, height, dark=dark, phone=phone)
        browser.picture(os.path.join(out, name + ".png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=150)
    options = parser.parse_args()
    over = threading.Event()
    workspace = sp.Workspace("rubus-pictures-")
    servers, talkers, browser = [], [], None
    try:
        for at, text in enumerate(configurations(options.servers)):
            file = workspace.file(f"{at}.conf", text)
            servers.append(sp.Server(options.server, ["-c", file]).wait_ready())
        for settings in CLIENTS:
            port = servers[min(int(settings[-1]), options.servers - 1)].port
            talkers.append(threading.Thread(target=talk, args=(port, settings, over), daemon=True))
            talkers[-1].start()
        browser = Browser(sp.free_port())
        picture(browser, f"http://127.0.0.1:{servers[0].monitor_port()}/dashboard", options.out,
                options.seconds)
    finally:
        over.set()
        for talker in talkers:
            talker.join(10)
        if browser:
            browser.close()
        for server in servers:
            server.kill()
        workspace.remove()


if __name__ == "__main__":
    main()
