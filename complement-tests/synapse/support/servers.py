"""The two homeservers: Synapse from PyPI, and the binary that is under test."""

import subprocess
import sys

from common.lianqiao import Lianqiao
from common.process import Process, free_port

from .link import Link

LIANQIAO_SETTINGS = """
[tls]
certificate_file = "{certificate}"
private_key_file = "{key}"
[outbound]
allowed_hosts = ["localhost"]
authorities_file = "{authority}"
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


def files_of(authority):
    return {
        "certificate": authority.certificate_file,
        "key": authority.key_file,
        "authority": authority.file,
    }


class Ours(Lianqiao):
    """The binary under test. The name holds the port of the link, so that others need no discovery."""

    def __init__(self, authority):
        self.link = Link()
        settings = LIANQIAO_SETTINGS.format(**files_of(authority))
        super().__init__("lianqiao", f"localhost:{self.link.port}", settings, self.link.inner_port)


class Synapse(Process):
    """The reference."""

    def __init__(self, authority):
        super().__init__("synapse")
        self.link = Link()
        self.server_name = f"localhost:{self.link.port}"
        client_port = free_port()
        self.base_url = f"http://127.0.0.1:{client_port}"
        self.config_file = self.folder / "homeserver.yaml"
        settings = SYNAPSE_CONFIG.format(
            name=self.server_name,
            folder=self.folder,
            client_port=client_port,
            federation_port=self.link.inner_port,
            **files_of(authority),
        )
        self.config_file.write_text(settings)
        (self.folder / "log.yaml").write_text(SYNAPSE_LOG_CONFIG)
        self.arguments = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(self.config_file)]
        make_keys = [*self.arguments, "--generate-keys"]
        subprocess.run(make_keys, check=True, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True)
        self.start()

    def command(self):
        return self.arguments
