"""The real binary as a process on loopback, with its data on disk.

Owns starting, stopping and killing it; knows nothing of Matrix beyond "does it answer yet".
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
SERVER_NAME = "nio.example"

CONFIG = """
[server]
name = "{name}"
data_directory = "{folder}/data"
[listeners]
client = ["127.0.0.1:{port}"]
federation = []
private = ["127.0.0.1:{private_port}"]
[registration]
open = true
[passwords]
memory_kibibytes = 8
passes = 1
[rate_limits]
enabled = false
"""


class Server:
    """A server of its own; `restart` keeps its data."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lianqiao-nio-"))
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.config_file = self.folder / "lianqiao.toml"
        text = CONFIG.format(name=SERVER_NAME, folder=self.folder, port=self.port, private_port=free_port())
        self.config_file.write_text(text)
        self.start()

    def start(self):
        """Starts the process and returns when it answers."""
        with open(self.log_file, "ab") as log:
            command = [os.environ["LIANQIAO_BIN"], "serve", "--config", str(self.config_file)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server does not start:\n{self.log_file.read_text()}")
            time.sleep(0.02)

    @property
    def log_file(self):
        return self.folder / "server.log"

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.base_url}/_matrix/client/versions", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def kill(self):
        """Kills the process where it stands."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS_MAX)

    def restart_after_kill(self):
        self.kill()
        self.start()

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
