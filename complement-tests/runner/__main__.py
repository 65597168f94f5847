"""The command line: which packages run, how, and what is done with the results."""

import argparse
import sys

from . import docker, expected, go_test, image, listing, paths, processes, results, upstream

# Exit codes: 0 as expected, 1 a loss or an error, 3 upstream cannot be had here (nothing was run).
UPSTREAM_UNAVAILABLE = 3


def main() -> int:
    options = parse()
    if options.check_list:
        return listing.check()
    try:
        working_copy = upstream.working_copy()
    except upstream.Unavailable as reason:
        print(f"Complement was not run: upstream cannot be fetched here.\n{reason}", file=sys.stderr)
        return UPSTREAM_UNAVAILABLE
    return run(options, working_copy)


def run(options: argparse.Namespace, working_copy) -> int:
    packages = [package.strip("./") for package in options.packages.split(",")]
    with deployment(options, working_copy) as environment:
        if options.expect_pass:
            return expected.run(working_copy, packages, environment)
        found = go_test.run(working_copy, packages, environment, options.filter)
    record = results.merge(results.read(), found, packages, whole=options.filter is None)
    results.write(record)
    listing.rewrite(record)
    print(results.summary(found))
    return 0 if found else 1


def deployment(options: argparse.Namespace, working_copy):
    """The servers under test: containers where an engine runs, else plain processes."""
    if not options.processes:
        try:
            return image.Containers(docker.Engine(), dirty=options.dirty or options.expect_pass)
        except docker.Unavailable as reason:
            print(f"No container engine ({reason}): the servers run as plain processes instead.")
    return processes.Processes(working_copy)


def parse(arguments=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="complement-tests/run",
        description=f"Runs upstream Complement ({paths.VERSION}) and rewrites results.jsonl and non-passing.md.",
    )
    parser.add_argument("filter", nargs="?", help="a pattern for go test -run; without it all tests run")
    packages = ",".join(paths.PACKAGES)
    parser.add_argument("--packages", default=packages, help="comma-separated (default: %(default)s)")
    parser.add_argument("--expect-pass", action="store_true", help="run what passed before, fail on a loss")
    parser.add_argument("--dirty", action="store_true", help="one deployment for all tests: faster")
    parser.add_argument("--processes", action="store_true", help="plain processes instead of containers")
    parser.add_argument("--check-list", action="store_true", help="only compare non-passing.md with results.jsonl")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
