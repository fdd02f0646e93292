#!/usr/bin/env bash
# setup.sh PYTHON VENV LOCK: make or update the virtual environment from the lock file. Repeatable.
set -euo pipefail
python=$1 venv=$2 lock=$3
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is needed: install it, or name it with 'make BASE=/path/to/python3.11'." >&2
  exit 1
fi
# An environment of another Python, or one that was left half-made, is made anew.
if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  rm -rf "$venv"
  "$python" -m venv "$venv" || { echo "The venv module is missing: install python3-venv." >&2; exit 1; }
fi
"$venv/bin/python" -m pip install --disable-pip-version-check --no-warn-script-location -q --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --disable-pip-version-check --no-warn-script-location -q \
  --no-deps --no-build-isolation -e .
# What a start would otherwise do: compile the program, and build the index of the default knowledge base.
"$venv/bin/python" -m compileall -q bot domain handlers knowledge moderation storage
"$venv/bin/python" -m bot kb build
