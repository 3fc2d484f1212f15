#!/usr/bin/env bash
# Compares what is public, as the documentation lists it, with public.txt, or with `write` writes it anew.
set -euo pipefail
cd "$(dirname "$0")"

list="${CARGO_TARGET_DIR:-../target}/doc/cortecs/all.html"
public() {
    grep -o 'href="[A-Za-z0-9_/]*\.[A-Za-z0-9_]*\.html"' "$list" | sed -E 's|href="(.*/)?([a-z]+)\.([A-Za-z0-9_]+)\.html"|\1\3 \2|; s|/|::|g' | LC_ALL=C sort -u
}

if [ "${1:-}" = write ]; then
    public > public.txt
else
    diff -u public.txt <(public) || {
        echo 'What is public has changed. If it is meant: bash tests/public.sh write' >&2
        exit 1
    }
fi
