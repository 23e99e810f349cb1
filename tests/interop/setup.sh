#!/usr/bin/env bash
# Brings in what the interoperability tests need: four official NATS clients (Go, Python,
# JavaScript, C), the nats command line tool, the stock Prometheus exporter and promtool; and a
# browser for the dashboard. It changes nothing when everything is there, and it takes less than a
# second then: each part leaves a stamp made of the hashes of its inputs.
#
# Everything is put under ${RUBUS_TOOLS:-$HOME/.cache/rubus}; only Debian packages that are
# missing are installed into the system. Usage: setup.sh [PART]...
# Parts: go python javascript c cli exporter promtool (the default: these), browser.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=${RUBUS_TOOLS:-$HOME/.cache/rubus}
cache=$tools/interop
mkdir -p "$cache" "$tools/bin"

# Two tests or two checkouts may run the set-up at the same time.
exec 9>"$cache/.lock"
flock 9

say() { printf 'interop setup: %s\n' "$*" >&2; }

need_packages() {  # names of Debian packages; installs those that are missing
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  say "apt-get install ${missing[*]}"
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "${missing[@]}" >&2; then
    "${as_root[@]}" apt-get update >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "${missing[@]}" >&2
  fi
}

is_current() {  # stamp file, then inputs: true if the stamp was made from these inputs
  local stamp=$1
  shift
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(cat "$@" | sha256sum)" ]
}

stamp() {
  local file=$1
  shift
  cat "$@" | sha256sum >"$file"
}

find_go() {
  local candidate
  for candidate in "$tools/go/bin/go" "$(command -v go || true)" /usr/local/go/bin/go; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  say "no go tool on PATH or in $tools/go/bin; ./dev test installs one"
  return 1
}

setup_go() {
  local source=$here/go go
  local inputs=("$source/go.mod" "$source/go.sum" "$source"/*.go)
  is_current "$cache/go.stamp" "${inputs[@]}" && [ -x "$cache/interop_go" ] && return 0
  go=$(find_go)
  say "building the Go client"
  (cd "$source" && CGO_ENABLED=0 "$go" build -mod=readonly -o "$cache/interop_go" .) >&2
  stamp "$cache/go.stamp" "${inputs[@]}"
}

setup_python() {
  local inputs=("$here/python/requirements.txt")
  is_current "$cache/python.stamp" "${inputs[@]}" && [ -x "$cache/venv/bin/python" ] && return 0
  local python=/usr/bin/python3
  [ -x "$python" ] && "$python" -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
  say "installing the Python client"
  rm -rf "$cache/venv"
  "$python" -m venv "$cache/venv" >&2
  "$cache/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    -r "$here/python/requirements.txt" >&2
  stamp "$cache/python.stamp" "${inputs[@]}"
}

setup_javascript() {
  local inputs=("$here/javascript/package.json" "$here/javascript/package-lock.json")
  is_current "$cache/javascript.stamp" "${inputs[@]}" && [ -d "$cache/javascript/node_modules" ] &&
    command -v node >/dev/null && return 0
  command -v node >/dev/null || need_packages nodejs
  command -v npm >/dev/null || need_packages npm
  say "installing the JavaScript client"
  mkdir -p "$cache/javascript"
  cp "${inputs[@]}" "$cache/javascript/"
  (cd "$cache/javascript" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) >&2
  stamp "$cache/javascript.stamp" "${inputs[@]}"
}

setup_c() {
  local inputs=("$here/c/interop_c.c")
  is_current "$cache/c.stamp" "${inputs[@]}" && [ -x "$cache/interop_c" ] && return 0
  need_packages gcc libc6-dev libnats-dev
  say "building the C client"
  gcc -std=c11 -O1 -Wall -Wextra -Werror -o "$cache/interop_c" "$here/c/interop_c.c" -lnats >&2
  stamp "$cache/c.stamp" "${inputs[@]}"
}

setup_cli() {
  [ -x "$tools/bin/nats" ] && return 0
  command -v nats >/dev/null && return 0
  local go
  go=$(find_go)
  say "installing the nats command line tool"
  GOBIN=$tools/bin CGO_ENABLED=0 "$go" install github.com/nats-io/natscli/nats@v0.5.1 >&2
}

setup_exporter() {  # the stock Prometheus exporter, at the version its go.mod names
  local source=$here/exporter go
  local inputs=("$source/go.mod" "$source/go.sum")
  is_current "$cache/exporter.stamp" "${inputs[@]}" &&
    [ -x "$tools/bin/prometheus-nats-exporter" ] && return 0
  go=$(find_go)
  say "building the stock exporter"
  (cd "$source" && CGO_ENABLED=0 "$go" build -mod=readonly \
    -o "$tools/bin/prometheus-nats-exporter" github.com/nats-io/prometheus-nats-exporter) >&2
  stamp "$cache/exporter.stamp" "${inputs[@]}"
}

setup_promtool() {  # out of Debian's package, without installing the service it brings along
  command -v promtool >/dev/null && return 0
  [ -x "$tools/bin/promtool" ] && return 0
  say "fetching promtool"
  local place as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  place=$(mktemp -d)
  if ! (cd "$place" && apt-get download prometheus) >&2; then
    "${as_root[@]}" apt-get update >&2
    (cd "$place" && apt-get download prometheus) >&2
  fi
  (cd "$place" && dpkg-deb -x prometheus_*.deb .) >&2
  install -m 755 "$place/usr/bin/promtool" "$tools/bin/promtool"
  rm -rf "$place"
}

setup_browser() {
  command -v chromium >/dev/null && command -v chromedriver >/dev/null && return 0
  need_packages chromium chromium-driver
}

command -v openssl >/dev/null || need_packages openssl
# The cluster tests make network namespaces.
command -v tc >/dev/null || need_packages iproute2
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(go python javascript c cli exporter promtool)
for part in "${parts[@]}"; do
  case $part in
    go | python | javascript | c | cli | exporter | promtool | browser) "setup_$part" ;;
    *)
      say "unknown part '$part' (go, python, javascript, c, cli, exporter, promtool, browser)"
      exit 2
      ;;
  esac
done
