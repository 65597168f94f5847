"""The real binary with one application service registered."""

import os

from common.process import Process, free_port

SERVER_NAME = "mautrix.example"
AS_TOKEN = "the-bridge-shows-this"
HS_TOKEN = "the-server-shows-this"

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
[appservices]
registrations = ["{folder}/bridge.yaml"]
"""

REGISTRATION = """
id: mautrix
url: http://127.0.0.1:{bridge_port}
as_token: {as_token}
hs_token: {hs_token}
sender_localpart: bridgebot
namespaces:
  users:
  - exclusive: true
    regex: '@bridge_.*:mautrix\\.example'
  aliases:
  - exclusive: true
    regex: '#bridge_.*:mautrix\\.example'
de.sorunome.msc2409.push_ephemeral: true
org.matrix.msc3202: true
"""


class Server(Process):
    """A server of its own, for a bridge at `bridge_port`."""

    def __init__(self):
        super().__init__("mautrix")
        port, self.bridge_port = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        self.config_file = self.folder / "lianqiao.toml"
        text = CONFIG.format(name=SERVER_NAME, folder=self.folder, port=port, private_port=free_port())
        self.config_file.write_text(text)
        registration = REGISTRATION.format(bridge_port=self.bridge_port, as_token=AS_TOKEN, hs_token=HS_TOKEN)
        (self.folder / "bridge.yaml").write_text(registration)
        self.start()

    def command(self):
        return [os.environ["LIANQIAO_BIN"], "serve", "--config", str(self.config_file)]
