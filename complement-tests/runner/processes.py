"""Servers as plain processes, behind upstream's own deployment hook, where no container engine can start.

Each server has a loopback address of its own (127.0.1.N). Tests that build their deployment from a
blueprint ask for containers directly and fail in this mode. Names such as hs1 must lead to those
addresses, so they are added to /etc/hosts, where that can be written, and stay there.
"""

import os
import pathlib
import re
import shutil

from . import paths, system

DEPLOYER = paths.HERE / "process-deployer"
HOSTS = pathlib.Path("/etc/hosts")
ADDRESSES = {"hs1": "127.0.1.1", "hs2": "127.0.1.2", "hs3": "127.0.1.3"}
MAIN = """\
package {package}

import (
	"testing"

	"github.com/matrix-org/complement"
	"github.com/matrix-org/complement/processes"
)

func TestMain(m *testing.M) {{
	complement.TestMain(m, "{namespace}", complement.WithDeployment(processes.Deploy))
}}
"""


class Processes:
    """Puts our deployer into the working copy for this run, and names the binary to it."""

    def __init__(self, working_copy: pathlib.Path):
        self.working_copy = working_copy
        self.originals: dict[pathlib.Path, str] = {}

    def __enter__(self) -> dict[str, str]:
        shutil.copytree(DEPLOYER, self.working_copy / "processes", dirs_exist_ok=True)
        for entry in self.working_copy.glob("tests/**/main_test.go"):
            self.hook(entry)
        name_servers()
        return os.environ | {
            "COMPLEMENT_BASE_IMAGE": "none",
            "COMPLEMENT_HOSTNAME_RUNNING_COMPLEMENT": "localhost",
            "LIANQIAO_BIN": str(system.binary()),
        }

    def hook(self, entry: pathlib.Path) -> None:
        """Every test file stays as it is; only the entry point of a package names our deployer."""
        text = entry.read_text()
        package = re.search(r"^package (\w+)", text, re.M)
        namespace = re.search(r'complement\.TestMain\(m, "(\w+)"', text)
        if package and namespace:
            self.originals[entry] = text
            entry.write_text(MAIN.format(package=package[1], namespace=namespace[1]))

    def __exit__(self, *_) -> None:
        for entry, text in self.originals.items():
            entry.write_text(text)
        shutil.rmtree(self.working_copy / "processes", ignore_errors=True)


def name_servers() -> None:
    known = HOSTS.read_text() if HOSTS.exists() else ""
    missing = [f"{address} {name}\n" for name, address in ADDRESSES.items() if not re.search(rf"\s{name}(\s|$)", known)]
    if missing and os.access(HOSTS, os.W_OK):
        with HOSTS.open("a") as hosts:
            hosts.write("".join(missing))
