# Sourced by the Python suites. `prepare_binary` sets LIANQIAO_BIN where nobody named a binary;
# `prepare_python NAME FILE` makes a virtual environment of what FILE pins and prints its interpreter.
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
