"""Gets upstream's tests as a Go module, into a working copy in the cache folder.

Nothing of upstream is kept in this repository. The working copy is needed because `go test` runs a test
in its own folder, and the module cache is read-only.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from . import paths, system

GO_OLDEST = (1, 25)
# Go takes the toolchain that is there; upstream's own go.sum pins every dependency.
# A proxy that neither serves nor refuses must not hold up everything after it.
DOWNLOAD_SECONDS_MAX = 300
GO_SETTINGS = {"GOTOOLCHAIN": "local", "GOSUMDB": "off", "GOFLAGS": "-mod=mod"}


class Unavailable(Exception):
    """Upstream's tests cannot be had on this machine; the text says why."""


def working_copy() -> pathlib.Path:
    require_go()
    copy = paths.COMPLEMENT_CACHE / paths.VERSION
    if not copy.exists():
        source = download()
        unfinished = copy.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished, copy_function=shutil.copy)
        make_writable(unfinished)
        unfinished.rename(copy)
    return copy


def download() -> pathlib.Path:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["go", "mod", "init", "fetch"], cwd=folder, capture_output=True, check=True)
        try:
            answer = subprocess.run(
                ["go", "mod", "download", "-json", f"{paths.MODULE}@{paths.VERSION}"],
                cwd=folder, env=os.environ | GO_SETTINGS, capture_output=True, text=True,
                timeout=DOWNLOAD_SECONDS_MAX,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"no answer from the module proxy in {DOWNLOAD_SECONDS_MAX} s") from None
    try:
        found = json.loads(answer.stdout)
    except ValueError:
        raise Unavailable(answer.stderr.strip()) from None
    if "Dir" not in found:
        raise Unavailable(found.get("Error", "the module proxy gave no folder"))
    return pathlib.Path(found["Dir"])


def require_go() -> None:
    if shutil.which("go") is None:
        system.install("golang")
    if shutil.which("go") is None:
        raise Unavailable("Complement needs Go, which is not here and could not be installed.")
    answer = subprocess.run(["go", "env", "GOVERSION"], env=os.environ | GO_SETTINGS, capture_output=True, text=True)
    text = answer.stdout.strip()
    try:
        version = tuple(int(part) for part in text.removeprefix("go").split(".")[:2])
    except ValueError:
        version = (0, 0)
    if version < GO_OLDEST:
        wanted = ".".join(map(str, GO_OLDEST))
        raise Unavailable(f"Complement needs Go {wanted} or newer; this machine has {text or 'none'}.")


def make_writable(folder: pathlib.Path) -> None:
    for entry in [folder, *folder.rglob("*")]:
        entry.chmod(entry.stat().st_mode | 0o200)
