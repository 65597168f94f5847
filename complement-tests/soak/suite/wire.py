"""JSON over HTTP on loopback, with connections that are kept, one for each thread and address."""

import http.client
import json
import threading
import urllib.parse

SECONDS_MAX = 60


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body[:300]}")
        self.status = status


class Unreachable(Exception):
    """No answer: whether it was done nobody knows."""


class Wire:
    def __init__(self, base_url, token=None):
        self.address = urllib.parse.urlsplit(base_url).netloc
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self.kept = threading.local()

    def ask(self, method, path, body=None):
        """The JSON of a success. A kept connection may be one to a server that was killed: what only reads asks again."""
        try:
            return self.ask_once(method, path, body)
        except Unreachable:
            if method != "GET":
                raise
            return self.ask_once(method, path, body)

    def ask_once(self, method, path, body):
        connection = getattr(self.kept, "connection", None)
        if connection is None:
            connection = self.kept.connection = http.client.HTTPConnection(self.address, timeout=SECONDS_MAX)
        text = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, text, self.headers)
            answer = connection.getresponse()
            read = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.kept.connection = None
            raise Unreachable(f"{method} {path}: {error}") from error
        if answer.status >= 300:
            raise Refused(answer.status, read)
        return json.loads(read)
