"""The container engine: used as it is found, or installed and started for this run alone."""

import shutil
import subprocess
import time

from . import paths, system

START_SECONDS_MAX = 40
STOP_SECONDS_MAX = 30
ANSWER_SECONDS_MAX = 30


class Unavailable(Exception):
    """No container engine can be had; the text says why."""


class Engine:
    """A running Docker engine. Stops it again only if it started it."""

    def __init__(self):
        self.process = None
        if answers():
            return
        if shutil.which("dockerd") is None or shutil.which("iptables") is None:
            if not system.install("docker.io", "iptables") and shutil.which("dockerd") is None:
                raise Unavailable("docker.io cannot be installed")
        if not answers():
            self.start()

    def start(self) -> None:
        paths.LOGS.mkdir(parents=True, exist_ok=True)
        log = open(paths.LOGS / "dockerd.log", "ab")
        self.process = subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS_MAX
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Unavailable(f"dockerd does not start, see {paths.LOGS / 'dockerd.log'}")
            time.sleep(0.2)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


def answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=ANSWER_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0
