"""The real binary with the settings that these tests need."""

import os

from common.process import Process, free_port

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


class Server(Process):
    """A server of its own."""

    def __init__(self):
        super().__init__("nio")
        port = free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        self.config_file = self.folder / "lianqiao.toml"
        text = CONFIG.format(name=SERVER_NAME, folder=self.folder, port=port, private_port=free_port())
        self.config_file.write_text(text)
        self.start()

    def command(self):
        return [os.environ["LIANQIAO_BIN"], "serve", "--config", str(self.config_file)]
