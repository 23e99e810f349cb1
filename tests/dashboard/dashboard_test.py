#!/usr/bin/env python3
"""The dashboard in a real browser, served by the server under test.

Usage: dashboard_test.py --server PATH [TEST]...
A headless Chromium opens the page; the tests read what a person would read. Needs the packages
chromium and chromium-driver.
"""

import http.client
import json
import os
import re
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "process"))

import process_case  # noqa: E402
import server_process as sp  # noqa: E402
from browser import Browser  # noqa: E402
from monitor_stub import MonitorStub  # noqa: E402
from process_case import ProcessCase  # noqa: E402

SERVER_NAME = "brombeere"
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><b id=hostile>&amp;\u202e"
SETTINGS = f'server_name: "{SERVER_NAME}"\nhttp: "127.0.0.1:-1"\nmax_pending: 1MB\n'
# The number before "/s" of a chart's first figure, as a float.
RATE = ("return parseFloat(document.querySelector(arguments[0])"
        ".textContent.replace(/,/g, '')) || 0")


class Dashboard(ProcessCase):
    """One browser for all tests of the class, one server for each."""

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser(sp.free_port())
        cls.addClassCleanup(cls.browser.close)

    def open_page(self, configuration=SETTINGS, path="/dashboard"):
        self.server, _ = self.start_with(configuration)
        self.browser.log()  # what earlier tests said
        self.browser.shape(1280, 900)
        self.browser.open(f"http://127.0.0.1:{self.server.monitor_port()}{path}")
        self.browser.wait_for("the page has an answer", "return document.querySelector('#pill')"
                              ".textContent === 'Healthy'")

    def client(self, name, commands=""):
        client = self.connect(self.server, {"name": name})
        client.send(commands)
        client.flush()
        return client

    def wait_for_text(self, what, selector, pattern):
        return self.browser.wait_for(
            what, "const node = document.querySelector(arguments[0]);"
            "return node && new RegExp(arguments[1]).test(node.textContent)", selector, pattern)

    def assert_quiet(self):
        """The browser had nothing to complain about: no error, no refused script or style.

        A document that the server lacks (404) is not asked for again, so it is named once.
        """
        severe = [text for level, text in self.browser.log() if level == "SEVERE"]
        self.assertEqual([text for text in severe if " 404 " not in text], [])
        self.assertEqual(len(severe), len(set(severe)))

    def test_the_server_is_named_and_its_state_said(self):
        self.open_page()
        self.assertEqual(self.browser.text("#name"), SERVER_NAME)
        self.assertEqual(self.browser.text("#pill"), "Healthy")
        vitals = self.browser.run("return document.querySelector('#vitals').innerText")
        for word in ("Connections", "Subscriptions", "Slow consumers", "CPU", "Memory", "Uptime"):
            self.assertIn(word, vitals)
        self.assertRegex(vitals, r"[\d.]+ MiB")
        self.assert_quiet()

    def test_a_publishing_client_makes_the_rates_rise(self):
        self.open_page()
        subscriber = self.client("greenhouse-display", "SUB sensors.> 1\r\n")
        publisher = self.client("greenhouse-sensor")
        self.browser.wait_for("a first rate", "return /^0/.test(document.querySelector("
                              "'#messages .received dd').textContent)")

        def publish_and_look():
            publisher.send("PUB sensors.light 5\r\n12345\r\n" * 50)
            publisher.flush()
            subscriber.flush()
            return self.browser.run(RATE, "#messages .received dd") > 0

        sp.wait_until(publish_and_look, "the rate of messages coming in is not zero")
        self.assertGreater(self.browser.run(RATE, "#data .received dd"), 0)
        self.wait_for_text("both clients in the table", "#clients", "greenhouse-sensor")
        self.assertIn("greenhouse-display", self.browser.text("#clients"))
        self.assertTrue(self.browser.run(
            "return document.querySelector('#messages path.received').getAttribute('d')"))
        self.assert_quiet()

    def test_a_slow_consumer_is_counted_and_named(self):
        self.open_page()
        slow = self.client("sleepy", "SUB flood 1\r\n")
        publisher = self.client("eager")
        payload = "x" * 65536

        def flood():
            for _ in range(16):
                publisher.send(f"PUB flood {len(payload)}\r\n{payload}\r\n")
            publisher.flush()
            return self.server.get_json("/varz")["slow_consumers"]

        sp.wait_until(flood, "the server counts a slow consumer")
        self.wait_for_text("the count", "#vitals", "Slow consumers1")
        self.wait_for_text("the sentence", "#notes", "sleepy was disconnected .*slow consumer")
        self.assertEqual(self.browser.text("#pill"), "Needs attention")
        slow.close()

    def test_a_silent_server_is_called_silent_and_its_return_seen(self):
        self.open_page()
        monitor_port, port = self.server.monitor_port(), self.server.port
        self.server.kill()
        self.wait_for_text("the alarm", "#silence", f"{SERVER_NAME} does not answer")
        self.assertEqual(self.browser.text("#pill"), "Not answering")
        self.assertEqual(self.browser.run("return document.title"),
                         f"Not answering · {SERVER_NAME}")
        self.assertIn("stale", self.browser.run("return document.querySelector('#main').className"))
        self.launch("-a", "127.0.0.1", "-p", port, "-m", monitor_port, "-n",
                    "himbeere").wait_ready()
        self.wait_for_text("the next server's name", "#name", "^himbeere$")
        self.assertIsNone(self.browser.text("#silence"))
        self.assertEqual(self.browser.text("#pill"), "Healthy")

    def test_hostile_names_are_shown_and_not_obeyed(self):
        self.open_page()
        self.client(HOSTILE)
        self.client("x" * 3500)
        self.wait_for_text("the name as text", "#clients", re.escape("<img src=x onerror="))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#hostile, main img')"
                                          ".length"), 0)
        self.assertNotIn("owned", self.browser.run("return document.title"))
        self.browser.shape(390, 844, phone=True)
        self.browser.wait_for("the page to fit a phone", "return document.documentElement."
                              "scrollWidth <= 390 && innerWidth <= 390")
        self.assert_quiet()

    def test_the_cluster_is_shown_and_a_lost_link_named(self):
        documents = self.documents_of_a_cluster("himbeere", "edge-pi")
        self.open_stub(documents)
        self.assertEqual(self.browser.text("#cluster-sum"), "2 servers, 1 leaf node")
        rows = self.browser.run("return document.querySelector('#links tbody').innerText")
        # Two connections to the same server are one row: sums, and the best round trip.
        self.assertRegex(rows, r"(?s)himbeere\s+10\.0\.0\.2:6222 · 2 connections"
                         r".*3\.0 MiB\s+300 µs")
        self.assertRegex(rows, r"(?s)edge-pi\s+leaf node · account SENSORS.*1\.5 ms")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#wires path').length"),
                         2)
        self.wait_for_text("the link that is behind", "#notes", "himbeere is behind: 3.0 MiB wait")
        documents["/routez"] = json.dumps({"routes": []})
        self.wait_for_text("the lost link", "#notes", "Link to himbeere is down since")
        self.assertEqual(self.browser.text("#cluster-sum"), "1 of 2 servers, 1 leaf node")
        self.assertEqual(self.browser.text("#pill"), "Needs attention")
        documents["/routez"] = self.documents_of_a_cluster("himbeere", "", peer="NEW")["/routez"]
        self.wait_for_text("its return", "#cluster-sum", "^2 servers")

    def test_accounts_and_a_failing_health_check_are_shown(self):
        documents = self.documents_of_a_cluster("himbeere", "edge-pi")
        documents["/healthz"] = '{"status": "unavailable", "error": "no quorum"}'
        self.open_stub(documents)
        self.assertEqual(self.browser.text("#pill"), "Needs attention")
        self.assertIn("The health check fails: no quorum", self.browser.text("#notes"))
        self.assertRegex(self.browser.run("return document.querySelector('#tenants').innerText"),
                         r"(?s)ORDERS\s+1 leaf node\s+2\s+7")

    def test_hostile_documents_are_shown_and_not_obeyed(self):
        documents = self.documents_of_a_cluster(HOSTILE, HOSTILE)
        for path in documents:
            documents[path] = documents[path].replace('"ORDERS"', json.dumps(HOSTILE))
        documents["/healthz"] = json.dumps({"status": HOSTILE, "error": HOSTILE})
        self.open_stub(documents)
        for place in ("#links", "#tenants", "#notes", "#hub-name"):
            self.assertIn("<img src=x", self.browser.text(place), place)
        self.assertEqual(self.browser.run(
            "return document.querySelectorAll('#hostile, main img, main b b').length"), 0)
        self.assertEqual([text for _, text in self.browser.log() if "Policy" in text], [])

    def test_documents_that_were_missing_for_a_while_are_asked_for_again(self):
        documents = self.documents_of_a_cluster("himbeere", "edge-pi")
        self.open_stub(documents)
        kept = dict(documents)
        del documents["/accstatz"]
        self.browser.wait_for("no accounts", "return document.querySelector('#accounts').hidden")
        del documents["/varz"]
        self.wait_for_text("the alarm", "#silence", "does not answer")
        documents.update(kept)
        self.wait_for_text("a verdict", "#pill", "Healthy|Needs attention")
        self.wait_for_text("the accounts", "#tenants", "ORDERS")

    def test_odd_documents_are_survived(self):
        odd = '{"ip": 7, "rtt": [], "start": {}, "in_msgs": "many", "name": 5, "subscriptions": -1}'
        self.open_stub({"/varz": f'{{"cpu": "x", "cluster": 1, "routes": 1, "leafnodes": 1}}',
                        "/connz": f'{{"connections": [{odd}, {{}}]}}',
                        "/routez": f'{{"routes": [{odd}]}}', "/leafz": f'{{"leafs": {odd}}}',
                        "/accstatz": '{"account_statz": 7}', "/healthz": '{"status": "ok"}'})
        self.assertEqual(self.browser.text("#pill"), "Healthy")
        self.assertEqual(self.browser.text("#connections-sum"), "2 open")

    def documents_of_a_cluster(self, peer_name, leaf_name, peer="NPEER"):
        route = {"remote_id": peer, "remote_name": peer_name, "ip": "10.0.0.2", "port": 6222,
                 "uptime": "3h1m", "pending_size": 3 << 19, "in_msgs": 5, "subscriptions": 4}
        traffic = {"msgs": 1, "bytes": 2}
        return {
            "/varz": json.dumps({
                "server_id": "NSELF", "server_name": peer_name and f"{peer_name}-1", "routes": 2,
                "leafnodes": 1, "start": "2026-01-01T00:00:00Z", "now": "2026-01-02T00:00:00Z",
                "max_pending": 1 << 20, "cluster": {"name": "garden", "cluster_port": 6222}}),
            "/connz": json.dumps({"connections": [{"cid": 1, "kind": "Leafnode"}], "total": 1}),
            "/routez": json.dumps({"routes": [{**route, "rtt": "300µs"},
                                              {**route, "rtt": "2ms"}]}),
            "/leafz": json.dumps({"leafs": [{"id": 7, "name": leaf_name, "account": "SENSORS",
                                             "rtt": "1.5ms"}]}),
            "/accstatz": json.dumps({"account_statz": [
                {"acc": "ORDERS", "conns": 2, "leafnodes": 1, "num_subscriptions": 7,
                 "sent": traffic, "received": traffic}]}),
            "/healthz": '{"status": "ok"}'}

    def open_stub(self, documents):
        """The server's page and policy in front of these documents."""
        server, _ = self.start_with(SETTINGS)
        with urllib.request.urlopen(
                f"http://127.0.0.1:{server.monitor_port()}/dashboard") as answer:
            documents["/dashboard"] = answer.read().decode()
            policy = answer.headers["Content-Security-Policy"]
        stub = MonitorStub(documents, [("Content-Security-Policy", policy)])
        url = stub.__enter__()
        self.addCleanup(stub.__exit__)
        self.browser.log()
        self.browser.shape(1280, 900)
        self.browser.open(url + "/dashboard")
        self.wait_for_text("a verdict", "#pill", "Healthy|Needs attention")

    def test_script_that_got_into_the_page_would_not_run(self):
        self.open_page()
        self.browser.run("document.body.insertAdjacentHTML('beforeend', "
                         "'<img src=x onerror=\"document.title = 1\">');"
                         "const made = document.createElement('script');"
                         "made.textContent = 'document.body.id = 1';"
                         "document.body.append(made)")
        refused = [text for _, text in self.browser.log() if "Content Security Policy" in text]
        self.assertTrue(any("img-src" in text for text in refused), refused)
        self.assertTrue(any("script-src" in text for text in refused), refused)
        self.assertEqual(self.browser.run("return document.body.id"), "")

    def test_a_base_path_is_kept(self):
        self.open_page(SETTINGS + 'http_base_path: "/rub us"\n', "/rub%20us/dashboard")
        self.assertEqual(self.browser.text("#name"), SERVER_NAME)
        base = f"http://127.0.0.1:{self.server.monitor_port()}/rub%20us"
        for first_page in (base, base + "/"):
            self.browser.open(first_page)
            self.browser.run("document.querySelector('a').click()")
            self.browser.wait_for("the dashboard", "return document.querySelector('#name')?."
                                  "textContent === arguments[0]", SERVER_NAME)

    def test_connections_can_be_found_and_sorted(self):
        self.open_page()
        for name in ("anna", "berta", "clara"):
            self.client(name)
        self.wait_for_text("all three", "#clients", "clara")
        names = ("return [...document.querySelectorAll('#clients tbody bdi')]"
                 ".map(node => node.textContent)")
        self.browser.run("document.querySelector('#clients th button').click()")
        self.assertEqual(self.browser.run(names), ["anna", "berta", "clara"])
        self.browser.run("document.querySelector('#clients th button').click()")
        self.assertEqual(self.browser.run(names), ["clara", "berta", "anna"])
        self.browser.run("const box = document.querySelector('#search'); box.value = 'BERT';"
                         "box.dispatchEvent(new Event('input'))")
        self.assertEqual(self.browser.run(names), ["berta"])

    def test_a_paused_page_asks_nothing(self):
        # Time stands still in this page: its timers are collected and run by the test.
        remove = self.browser.before_pages(
            "window.due = []; window.setTimeout = then => window.due.push(then);"
            "window.clearTimeout = at => { delete window.due[at - 1]; }")
        self.addCleanup(remove)
        self.open_page()
        pending = "return due.filter(then => then).length"
        self.browser.wait_for("the next refresh to be planned", pending)
        self.client("late")
        self.browser.run("document.querySelector('#pause').click()")
        self.assertEqual(self.browser.text("#pill"), "Paused")
        self.assertEqual(self.browser.run(pending), 0)
        self.assertNotIn("late", self.browser.text("#clients"))
        self.browser.run("document.querySelector('#pause').click()")
        self.wait_for_text("the client that came meanwhile", "#clients", "late")
        self.browser.wait_for("the next refresh to be planned", pending)


class Page(ProcessCase):
    """What is served, without a browser."""

    def get(self, path, configuration=SETTINGS):
        self.server, _ = self.start_with(configuration)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.monitor_port(),
                                                timeout=sp.DEADLINE_S)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer, answer.read().decode()

    def test_the_page_is_one_file_that_loads_no_other(self):
        answer, body = self.get("/dashboard")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(re.findall(r"(?:src|href)=\"(?!varz|connz|routez|leafz|subsz|accstatz|"
                                    r"healthz|data:)", body), [])
        self.assertEqual(re.findall(r"https?://(?!www\.w3\.org/2000/svg)\S*", body), [])
        self.assertEqual(re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|"
                                    r"eval\(", body), [])

    def test_the_browser_is_told_what_the_page_may_do(self):
        headers = self.get("/dashboard")[0].headers
        policy = headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"):
            self.assertIn(part, policy)
        self.assertRegex(policy, r"script-src 'sha256-[\w+/]{43}='")
        self.assertNotIn("unsafe", policy)
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertIsNone(headers["Access-Control-Allow-Origin"])

    def test_the_first_page_leads_to_it(self):
        self.assertIn('href="./dashboard"', self.get("/")[1])

    def test_the_first_page_leads_to_it_under_a_base_path(self):
        base = SETTINGS + 'http_base_path: "/a/b c"\n'
        self.assertIn('href="./b%20c/dashboard"', self.get("/a/b%20c", base)[1])
        self.assertIn('href="./dashboard"', self.get("/a/b%20c/", base)[1])


if __name__ == "__main__":
    process_case.main()
