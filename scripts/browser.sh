#!/usr/bin/env bash
# browser.sh PYTHON: a Chromium for the browser tests. The system's one, else Debian's packages, else playwright's own.
set -euo pipefail
python=$1
found() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if found >/dev/null && fc-list :lang=ko 2>/dev/null | grep -q .; then
  exit 0
fi
if command -v apt-get >/dev/null; then
  as_root=$([ "$(id -u)" = 0 ] || command -v sudo || true)
  if $as_root apt-get update -qq >/dev/null &&
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium fonts-noto-cjk fontconfig >/dev/null; then
    exit 0
  fi
fi
if found >/dev/null; then
  exit 0
fi
"$python" -m playwright install --with-deps chromium ||
  { echo "The browser tests need Chromium: install the packages chromium and fonts-noto-cjk." >&2; exit 1; }
