"""The binary under test, named by LIANQIAO_BIN, with the settings that every suite needs."""

import os

from common.process import Process, free_port

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
