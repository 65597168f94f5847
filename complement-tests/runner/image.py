"""The image: the binary, the shared objects it names and a resolver setting, imported from scratch.

No base image, so no registry is needed; no shell and no openssl, because `serve --complement` makes the
certificate itself.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import docker, system

NAME = "lianqiao:complement"
CHANGES = ["EXPOSE 8008", "EXPOSE 8448", 'ENTRYPOINT ["/lianqiao", "serve", "--complement"]']


class Containers:
    """The deployment by upstream itself, in containers of our image."""

    def __init__(self, engine: docker.Engine, dirty: bool):
        self.engine = engine
        self.dirty = dirty

    def __enter__(self) -> dict[str, str]:
        build(system.binary())
        environment = {"COMPLEMENT_BASE_IMAGE": NAME, "COMPLEMENT_SPAWN_HS_TIMEOUT_SECS": "30"}
        if self.dirty:
            environment["COMPLEMENT_ENABLE_DIRTY_RUNS"] = "1"
        return os.environ | environment

    def __exit__(self, *_) -> None:
        self.engine.stop()


def build(binary: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for shared_object in shared_objects(binary):
            place = root / shared_object.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(shared_object.resolve(), place)
        shutil.copy(binary, root / "lianqiao")
        for name in ("tmp", "data", "etc"):
            (root / name).mkdir(exist_ok=True)
        (root / "etc" / "nsswitch.conf").write_text("hosts: files dns\n")
        archive = subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
        changes = [part for change in CHANGES for part in ("-c", change)]
        command = ["docker", "import", *changes, "-", NAME]
        subprocess.run(command, stdin=archive.stdout, stdout=subprocess.DEVNULL, check=True)


def shared_objects(binary: pathlib.Path) -> list[pathlib.Path]:
    """What the loader needs, by ldd, and the modules that name look-ups load at run time."""
    answer = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=True).stdout
    named = [pathlib.Path(path) for path in re.findall(r"(?:^|\s)(/\S+)", answer)]
    folder = next((path.parent for path in named if path.name.startswith("libc.so")), None)
    modules = [folder / f"libnss_{kind}.so.2" for kind in ("files", "dns")] if folder else []
    return named + [module for module in modules if module.exists()]
