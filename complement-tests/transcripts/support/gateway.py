"""A push gateway on loopback: it keeps what it is told, by device and event."""

import http.server
import json
import threading

PATH = "/_matrix/push/v1/notify"


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Servers are killed in the middle of a connection; that is no news."""


class Gateway:
    def __init__(self):
        # (device, event) → the notification.
        self.told = {}
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["notification"]
                for device in told["devices"]:
                    if told.get("event_id"):
                        gateway.told[device["pushkey"], told["event_id"]] = {**told, "devices": [device]}
                answer = b'{"rejected":[]}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}{PATH}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
