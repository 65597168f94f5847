"""Where things are, and which upstream is meant."""

import os
import pathlib

MODULE = "github.com/matrix-org/complement"
VERSION = "v0.0.0-20260701165844-50044edb68c3"

# What runs unless told otherwise: the packages that record results.jsonl.
PACKAGES = ["tests/csapi", "tests"] + [
    f"tests/msc{number}" for number in (3391, 3757, 3874, 3890, 3902, 3930, 3967, 4140, 4155, 4222, 4306)
]

HERE = pathlib.Path(__file__).resolve().parent.parent
CLONE = HERE.parent
CACHE = pathlib.Path(os.environ.get("LIANQIAO_CACHE", pathlib.Path.home() / ".cache" / "lianqiao"))
COMPLEMENT_CACHE = CACHE / "complement"
LOGS = COMPLEMENT_CACHE / "logs"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", CACHE / "target"))

RESULTS = HERE / "results.jsonl"
NON_PASSING = HERE / "non-passing.md"
FLAKY = HERE / "flaky.txt"
