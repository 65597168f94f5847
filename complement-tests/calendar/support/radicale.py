"""Radicale as a process on loopback: somebody else's CalDAV server."""

import base64
import socket
import sys
import urllib.error
import urllib.request

from common.process import Process

USER, PASSWORD = "alice", "elsewhere"


class Radicale(Process):
    def __init__(self):
        super().__init__("radicale")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.folder / "users").write_text(f"{USER}:{PASSWORD}\n")
        (self.folder / "config").write_text(
            f"[server]\nhosts = 127.0.0.1:{self.port}\n"
            f"[auth]\ntype = htpasswd\nhtpasswd_filename = {self.folder / 'users'}\nhtpasswd_encryption = plain\n"
            f"[storage]\nfilesystem_folder = {self.folder / 'collections'}\n"
        )
        self.start()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self):
        return [sys.executable, "-m", "radicale", "--config", str(self.folder / "config")]

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.base_url}/", timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except (urllib.error.URLError, OSError):
            return False

    def calendar(self, name):
        """Makes a calendar and returns its address."""
        url = f"{self.base_url}/{USER}/{name}/"
        self.request("MKCALENDAR", url)
        return url

    def put(self, calendar_url, name, text):
        self.request("PUT", f"{calendar_url}{name}.ics", text.encode(), {"Content-Type": "text/calendar"})

    def request(self, method, url, body=None, headers=None):
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", **(headers or {})}
        request = urllib.request.Request(url, data=body, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read()
