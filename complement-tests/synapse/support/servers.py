"""The two homeservers: Synapse from PyPI, and the binary that is under test."""

import os
import subprocess
import sys

from common.process import Process, free_port

from .link import Link

LIANQIAO_CONFIG = """
[server]
name = "{name}"
data_directory = "{folder}/data"
[listeners]
client = ["127.0.0.1:{client_port}"]
federation = ["127.0.0.1:{federation_port}"]
private = ["127.0.0.1:{private_port}"]
[tls]
certificate_file = "{certificate}"
private_key_file = "{key}"
[outbound]
allowed_hosts = ["localhost"]
authorities_file = "{authority}"
[registration]
open = true
[passwords]
memory_kibibytes = 8
passes = 1
[rate_limits]
enabled = false
"""

SYNAPSE_CONFIG = """
server_name: "{name}"
public_baseurl: "http://127.0.0.1:{client_port}/"
pid_file: {folder}/homeserver.pid
listeners:
  - {{port: {client_port}, type: http, bind_addresses: ["127.0.0.1"], resources: [{{names: [client]}}]}}
  - port: {federation_port}
    type: http
    tls: true
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [federation, keys]}}]
tls_certificate_path: {certificate}
tls_private_key_path: {key}
federation_custom_ca_list: [{authority}]
ip_range_blacklist: []
federation_ip_range_blacklist: []
database: {{name: sqlite3, args: {{database: "{folder}/homeserver.db"}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
macaroon_secret_key: test
form_secret: test
report_stats: false
trusted_key_servers: []
enable_registration: true
enable_registration_without_verification: true
allow_public_rooms_over_federation: true
room_list_publication_rules: [{{action: allow}}]
allow_public_rooms_without_auth: true
bcrypt_rounds: 4
presence: {{enabled: true}}
dynamic_thumbnails: true
experimental_features: {{msc3266_enabled: true}}
federation:
  client_timeout: 20s
  max_short_retries: 1
  max_long_retries: 1
  destination_min_retry_interval: 1s
  destination_retry_multiplier: 2
  destination_max_retry_interval: 2s
rc_federation: {{window_size: 1000, sleep_limit: 100000, sleep_delay: 1, reject_limit: 100000, concurrent: 100}}
rc_message: &free {{per_second: 1000000, burst_count: 1000000}}
rc_registration: *free
rc_login: {{address: *free, account: *free, failed_attempts: *free}}
rc_joins: {{local: *free, remote: *free}}
rc_joins_per_room: *free
rc_invites: {{per_room: *free, per_user: *free, per_issuer: *free}}
rc_room_creation: *free
rc_presence: {{per_user: *free}}
rc_key_requests: *free
"""

SYNAPSE_LOG_CONFIG = """
version: 1
handlers: {console: {class: logging.StreamHandler}}
root: {level: INFO, handlers: [console]}
"""


class Homeserver(Process):
    """A server whose name holds the port of its link, so that others find it without any discovery."""

    def __init__(self, kind, authority):
        super().__init__(kind)
        self.link = Link()
        self.server_name = f"localhost:{self.link.port}"
        self.client_port = free_port()
        self.base_url = f"http://127.0.0.1:{self.client_port}"
        self.values = {
            "name": self.server_name,
            "folder": self.folder,
            "client_port": self.client_port,
            "federation_port": self.link.inner_port,
            "private_port": free_port(),
            "certificate": authority.certificate_file,
            "key": authority.key_file,
            "authority": authority.file,
        }


class Lianqiao(Homeserver):
    """The binary under test."""

    def __init__(self, authority):
        super().__init__("lianqiao", authority)
        self.config_file = self.folder / "lianqiao.toml"
        self.config_file.write_text(LIANQIAO_CONFIG.format(**self.values))
        self.start()

    def command(self):
        return [os.environ["LIANQIAO_BIN"], "serve", "--config", str(self.config_file)]


class Synapse(Homeserver):
    """The reference."""

    def __init__(self, authority):
        super().__init__("synapse", authority)
        self.config_file = self.folder / "homeserver.yaml"
        self.config_file.write_text(SYNAPSE_CONFIG.format(**self.values))
        (self.folder / "log.yaml").write_text(SYNAPSE_LOG_CONFIG)
        arguments = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(self.config_file)]
        subprocess.run(
            [*arguments, "--generate-keys"], check=True, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True
        )
        self.arguments = arguments
        self.start()

    def command(self):
        return self.arguments
