"""The real binary with one application service registered."""

from common.lianqiao import Lianqiao
from common.process import free_port

SERVER_NAME = "mautrix.example"
AS_TOKEN = "the-bridge-shows-this"
HS_TOKEN = "the-server-shows-this"

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


class Server(Lianqiao):
    """A server of its own, for a bridge at `bridge_port`."""

    def __init__(self):
        self.bridge_port = free_port()
        super().__init__("mautrix", SERVER_NAME)

    def start(self):
        """Starts it with the registration in its data folder, where it looks for them."""
        folder = self.folder / "data" / "appservices"
        folder.mkdir(parents=True, exist_ok=True)
        registration = REGISTRATION.format(bridge_port=self.bridge_port, as_token=AS_TOKEN, hs_token=HS_TOKEN)
        (folder / "bridge.yaml").write_text(registration)
        super().start()
