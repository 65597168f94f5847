"""Servers as plain processes, behind upstream's own deployment hook, where no container engine can start."""

import os
import pathlib

from . import system


class Processes:
    """Puts our deployer into the working copy for this run, and names the binary to it."""

    def __init__(self, working_copy: pathlib.Path):
        self.working_copy = working_copy

    def __enter__(self) -> dict[str, str]:
        raise SystemExit("the plain-process mode needs process-deployer/")

    def __exit__(self, *_) -> None:
        pass
