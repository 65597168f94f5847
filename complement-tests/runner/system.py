"""The machine: installs Debian packages and builds the binary under test."""

import os
import pathlib
import subprocess

from . import paths


def install(*packages: str) -> bool:
    """Installs Debian packages; tells whether it worked."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    if not pathlib.Path("/usr/bin/apt-get").exists():
        return False
    subprocess.run(["apt-get", "update", "-qq"], **quiet, check=False)
    return subprocess.run(["apt-get", "install", "-y", "-qq", *packages], **quiet, check=False).returncode == 0


def binary() -> pathlib.Path:
    """The server under test: `LIANQIAO_BIN`, or the workspace's own, built now."""
    if named := os.environ.get("LIANQIAO_BIN"):
        return pathlib.Path(named)
    environment = os.environ | {"CARGO_TARGET_DIR": str(paths.TARGET)}
    subprocess.run(["cargo", "build", "--bin", "lianqiao"], cwd=paths.CLONE, env=environment, check=True)
    return paths.TARGET / "debug" / "lianqiao"
