"""A monitoring port that says what a test tells it to."""

import http.server
import threading

import server_process as sp


class MonitorStub:
    """{path: body}, to be changed at any time; 404 for the rest. `headers` go with every answer."""

    def __init__(self, documents, headers=()):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802
                body = documents.get(self.path.partition("?")[0])
                self.send_response(404 if body is None else 200)
                body = (body or "404 page not found\n").encode()
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", sp.free_port()), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
