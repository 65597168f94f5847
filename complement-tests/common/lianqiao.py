"""The binary under test, named by LIANQIAO_BIN, with the settings that every suite needs."""

import csv
import json
import os
import subprocess
import urllib.parse
import urllib.request

from common.process import Process, free_port

ANSWER_SECONDS_MAX = 30
COMMAND_SECONDS_MAX = 300
PASSWORD = "sample-password"

CONFIG = """
[server]
name = "{name}"
data_directory = "{folder}/data"
[listeners]
client = ["127.0.0.1:{client_port}"]
federation = {federation}
private = ["127.0.0.1:{private_port}"]
[registration]
open = true
[passwords]
memory_kibibytes = 8
passes = 1
[rate_limits]
enabled = false
"""


class Lianqiao(Process):
    """A server of its own. `settings` is TOML that comes after the common part."""

    def __init__(self, suite, server_name, settings="", federation_port=None):
        super().__init__(suite)
        self.server_name = server_name
        client_port = free_port()
        self.base_url = f"http://127.0.0.1:{client_port}"
        self.config_file = self.folder / "lianqiao.toml"
        common = CONFIG.format(
            name=server_name,
            folder=self.folder,
            client_port=client_port,
            federation=[f"127.0.0.1:{federation_port}"] if federation_port else [],
            private_port=free_port(),
        )
        self.config_file.write_text(common + settings)
        self.start()

    def command(self):
        return [os.environ["LIANQIAO_BIN"], "serve", "--config", str(self.config_file)]

    def ask(self, method, path, body=None, token=None, version="v3"):
        """What the client API answers."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.base_url}/_matrix/client/{version}/{path}"
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:
            return json.load(answer)

    def run(self, *arguments):
        """A command of the operator; returns what it says."""
        command = [os.environ["LIANQIAO_BIN"], *arguments]
        environment = {**os.environ, **self.environment, "LIANQIAO_CONFIG": str(self.config_file)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}\n{self.log_end()}")
        return done.stdout

    def import_people(self, people):
        """Gives the server a staff list of these rows, in the words of its header."""
        file = self.folder / "staff.csv"
        with open(file, "w", encoding="utf-8", newline="") as lines:
            table = csv.DictWriter(lines, people[0].keys())
            table.writeheader()
            table.writerows(people)
        self.import_staff(file)

    def import_staff(self, file):
        """Gives the server a staff list: from then on the bots know who works here, and under whom."""
        change = self.run("org", "import", str(file)).split()[-1]
        self.run("org", "apply", change)

    def register(self, account, name):
        """Makes an account; returns what the server says of it."""
        body = {"username": account, "password": PASSWORD, "auth": {"type": "m.login.dummy"}}
        made = self.ask("POST", "register", body)
        user, token = urllib.parse.quote(made["user_id"]), made["access_token"]
        self.ask("PUT", f"profile/{user}/displayname", {"displayname": name}, token)
        return made

    def has_joined(self, room, user, token):
        return user in self.ask("GET", f"rooms/{urllib.parse.quote(room)}/joined_members", None, token)["joined"]
