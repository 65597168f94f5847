# Sourced by the suites. `prepare_binary` sets LIANQIAO_BIN where nobody named a binary;
# `prepare_python NAME FILE` makes a virtual environment of what FILE pins and prints its interpreter;
# `run_node_tests` installs what the package-lock.json of this folder pins and runs the tests under suite, `run_node_suite`
# does it with LIANQIAO_BIN.
complement_tests="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cache="${LIANQIAO_CACHE:-$HOME/.cache/lianqiao}"
export PYTHONPATH="$complement_tests"

prepare_binary() {
  if [ -n "${LIANQIAO_BIN:-}" ]; then return; fi
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
  (cd "$complement_tests/.." && cargo build --bin lianqiao)
  export LIANQIAO_BIN="$CARGO_TARGET_DIR/debug/lianqiao"
}

prepare_python() {
  local environment="$cache/$1" requirements="$2"
  if ! cmp -s "$requirements" "$environment/installed.txt"; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$environment/installed.txt"
  fi
  echo "$environment/bin/python"
}

run_node_tests() {
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --cache "$cache/npm" --loglevel=error
  fi
  exec node --test --test-concurrency=1 --test-force-exit --test-reporter=spec suite/*.test.js
}

run_node_suite() {
  prepare_binary
  run_node_tests
}

# `prepare_simulator PLATFORM` sets LIANQIAO_<PLATFORM>_SIMULATOR where nobody named a binary.
prepare_simulator() {
  local variable="LIANQIAO_${1^^}_SIMULATOR"
  if [ -n "${!variable:-}" ]; then return; fi
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
  (cd "$complement_tests/.." && cargo build -p "lianqiao-simulator-$1")
  export "$variable=$CARGO_TARGET_DIR/debug/lianqiao-simulator-$1"
}
