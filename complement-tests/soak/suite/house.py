"""The server and the bridges, each a process of its own, that are killed and come back on the same data."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

from common import lianqiao
from common.process import free_port
from suite.wire import Unreachable, Wire

SERVER_NAME = "soak.example"
CONFIG = """
[bots]
enabled = false
[bridges]
enabled = false
language = "en"
server_url = "http://127.0.0.1:{port}"
listen = "127.0.0.1:{bridge_port}"
"""
START_SECONDS_MAX = 90
BOT = f"@bridge:{SERVER_NAME}"


class House:
    def __init__(self, platforms):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lianqiao-soak-"))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.config = self.folder / "lianqiao.toml"
        bridge_port, private_port = free_port(), free_port()
        self.bridge_url = f"http://127.0.0.1:{bridge_port}"
        text = lianqiao.CONFIG.format(
            name=SERVER_NAME, folder=self.folder, client_port=port, federation=[], private_port=private_port
        )
        text += CONFIG.format(port=port, bridge_port=bridge_port)
        self.config.write_text(text + "".join(platform.config() for platform in platforms))
        self.platforms = platforms
        self.processes = {}

    def open(self):
        """Starts everything, and has the server know the bridges."""
        self.start("bridges")
        self.start("serve")
        registration = self.folder / "data/bridges/registration.yaml"
        until(registration.exists, "the registration of the bridges")
        self.command("appservice", "add", str(registration))
        for platform in self.platforms:
            platform.meet(self)
        self.alice = self.register("alice")

    def start(self, part):
        """Starts `serve` or `bridges` and waits until the server answers."""
        with open(self.folder / f"{part}.log", "ab") as log:
            arguments = [os.environ["LIANQIAO_BIN"], part, "--config", str(self.config)]
            self.processes[part] = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if part == "serve":
            until(self.answers, "the server's first answer")

    def kill(self, part):
        """Kills it where it stands."""
        process = self.processes.pop(part)
        process.kill()
        process.wait(30)
        if part == "bridges":
            for platform in self.platforms:
                platform.broke()

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/_matrix/client/versions", timeout=5):
                return True
        except OSError:
            return False

    def command(self, *arguments):
        """What a command of the binary says."""
        environment = {**os.environ, "LIANQIAO_CONFIG": str(self.config)}
        arguments = [os.environ["LIANQIAO_BIN"], *arguments]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments[1:]}: {done.stdout}{done.stderr}")
        return done.stdout

    def bind(self, platform, chat, room):
        """Binds a chat to a room, as soon as the bridges know it."""
        def is_bound():
            try:
                self.command("bridge", "bind", platform.key, platform.conversation(chat), room)
                return True
            except RuntimeError as error:
                is_bound.last = error
                return False
        until(is_bound, lambda: f"the binding of {chat}: {is_bound.last}")

    def register(self, name):
        body = {"username": name, "password": "correct horse", "auth": {"type": "m.login.dummy"}}
        answer = Wire(self.url).ask("POST", "/_matrix/client/v3/register", body)
        return Wire(self.url, answer["access_token"])

    def room(self, name):
        """A room that the bridge's bot is in."""
        body = {"preset": "private_chat", "invite": [BOT], "name": name}
        room = self.alice.ask("POST", "/_matrix/client/v3/createRoom", body)["room_id"]
        path = f"/_matrix/client/v3/rooms/{room}/joined_members"
        until(lambda: BOT in self.alice.ask("GET", path)["joined"], f"the bot in {room}")
        return room

    def history(self, room):
        """Every event of a room, oldest first."""
        events, query = [], "dir=f&limit=500"
        while True:
            page = self.alice.ask("GET", f"/_matrix/client/v3/rooms/{room}/messages?{query}")
            events += page["chunk"]
            if not page.get("end"):
                return events
            query = f"dir=f&limit=500&from={page['end']}"

    def memory_mb(self, part):
        """What a process keeps in memory, in MB: all of it, and what is its own, without the pages of the binary itself."""
        status = pathlib.Path(f"/proc/{self.processes[part].pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))

    def close(self, keep):
        for part in list(self.processes):
            self.kill(part)
        if keep:
            print(f"configuration, data and logs are kept in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def until(is_so, what):
    end = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            if is_so():
                return
        except Unreachable:
            pass
        if time.monotonic() > end:
            raise RuntimeError(f"in vain: {what() if callable(what) else what}")
        time.sleep(0.05)
