"""A server as a process on loopback, with its data on disk.

Owns starting, stopping and killing it, and its folder; what it runs and with which settings is the caller's.
"""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS_MAX = 90
STOP_SECONDS_MAX = 30
LOG_CHARACTERS_SHOWN = 4_000
# Among so many ports one is chosen.
PORTS = 12_000


class Process:
    """Subclasses give `command()` and `base_url`, and may add to its `environment`; `restart_after_kill` keeps the data."""

    environment = {}

    def __init__(self, name):
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"lianqiao-{name}-"))
        self.log_file = self.folder / "server.log"
        self.process = None

    def start(self):
        """Starts the process and returns when it answers."""
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.environment},
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                # Nobody else ends a server that was never handed out.
                self.kill()
                raise RuntimeError(f"{self.name} does not start:\n{self.log_end()}")
            time.sleep(0.02)

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.base_url}/_matrix/client/versions", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def log_end(self):
        return self.log_file.read_text(errors="replace")[-LOG_CHARACTERS_SHOWN:]

    def kill(self):
        """Kills the process where it stands."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS_MAX)

    def restart_after_kill(self):
        self.kill()
        self.start()

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


# What keeps the ports of this process: one socket of UDP for each, which nobody else can bind as long as this process lives.
_KEPT = []


def free_port():
    """A port that no other suite takes before this process ends, and no outgoing connection: it lies below theirs."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(first - PORTS, first), PORTS):
        keeper = socket.socket(type=socket.SOCK_DGRAM)
        try:
            keeper.bind(("127.0.0.1", port))
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", port))
        except OSError:
            keeper.close()
            continue
        _KEPT.append(keeper)
        return port
    raise RuntimeError("no port is free")
