"""The wall clock of the servers: it begins where the conversations do, and is moved by hand."""

import datetime
import mmap
import os
import pathlib
import struct
import subprocess
import time

SOURCE = pathlib.Path(__file__).with_name("clock.c")
# A Thursday in November 2026, nine o'clock in the morning in China.
START = datetime.datetime(2026, 11, 5, 1, tzinfo=datetime.timezone.utc)


def build(folder):
    """The library that servers are started with."""
    library = folder / "clock.so"
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


class Clock:
    def __init__(self, library, folder):
        file = folder / "clock"
        file.write_bytes(bytes(16))
        with open(file, "r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(library), "SUITE_CLOCK": str(file)}
        self.minutes = 0
        self.advance(0)

    def advance(self, minutes):
        """So many whole minutes later than when it was said last."""
        self.minutes += minutes
        seconds = int(START.timestamp()) + self.minutes * 60
        self.memory[:] = struct.pack("<qq", seconds * 10**9, time.monotonic_ns())
