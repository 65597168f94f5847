"""Runs every test of a package and closes with one line that a machine can read."""

import sys
import unittest


def main(package):
    tests = unittest.defaultTestLoader.discover(package, top_level_dir=".")
    result = unittest.TextTestRunner(verbosity=2).run(tests)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    passed = result.testsRun - failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if passed > 0 and failed == 0 else 1)


main(sys.argv[1])
