#!/bin/sh
# Installs h2h as a systemd service. It starts nothing. Run it again to upgrade: your configuration stays.
#
#   sudo sh install.sh h2h-VERSION-py3-none-any.whl [runtime.txt]
#
# The wheel goes into an environment of its own, /opt/h2h/venv; runtime.txt is the hash-pinned list of libraries
# (.ci/lock/runtime.txt of the same release). Without a wheel only users, folders, unit and examples are put in place,
# for those who have made /opt/h2h/venv themselves.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
config=$(dirname "$here")/config
wheel=${1:-}
lock=${2:-}
venv=/opt/h2h/venv
units=${UNIT_DIR:-/etc/systemd/system}

say() { printf '%s\n' "$*"; }
die() { say "install.sh: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || die "must be run as root"
command -v gpg >/dev/null || die "gpg is missing; on Debian or Ubuntu: apt-get install gnupg"

if [ -n "$wheel" ]; then
  [ -x $venv/bin/python ] || ${PYTHON:-python3} -m venv $venv ||
    die "cannot make $venv; on Debian or Ubuntu: apt-get install python3-venv"
  [ -z "$lock" ] || $venv/bin/python -m pip install -q --require-hashes --no-deps -r "$lock"
  if [ -n "$lock" ]; then no_deps=--no-deps; else no_deps=; fi
  # shellcheck disable=SC2086  # empty or one word
  $venv/bin/python -m pip install -q --force-reinstall $no_deps "$wheel"
fi
[ -x $venv/bin/h2h ] || die "$venv/bin/h2h is missing: give the wheel as first argument"
[ -e /usr/local/bin/h2h ] || [ -L /usr/local/bin/h2h ] || ln -s $venv/bin/h2h /usr/local/bin/h2h

install -D -m 644 "$here/h2h.sysusers" /etc/sysusers.d/h2h.conf
systemd-sysusers h2h.conf
install -D -m 644 "$here/h2h.tmpfiles" /etc/tmpfiles.d/h2h.conf
systemd-tmpfiles --create h2h.conf

# The configuration: read by h2h, changed by root.
install -d -m 750 -o root -g h2h /etc/h2h /etc/h2h/banks /etc/h2h/schemas /etc/h2h/formats
first=no
if [ ! -e /etc/h2h/h2h.toml ]; then
  first=yes
  install -m 640 -o root -g h2h "$config/h2h.toml" /etc/h2h/h2h.toml
  # The bank that h2h.toml names; the other examples are not read until somebody takes the .example away.
  for bank in "$config"/banks/*.toml; do
    name=$(basename "$bank")
    [ "$name" = examplebank.toml ] || name=$name.example
    install -m 640 -o root -g h2h "$bank" "/etc/h2h/banks/$name"
  done
fi

install -D -m 644 "$here/h2h.service" "$units/h2h.service"
[ -e "$units/h2h.service.d/site.conf" ] || install -D -m 644 "$here/site.conf" "$units/h2h.service.d/site.conf"
[ ! -d /run/systemd/system ] || systemctl daemon-reload

if [ $first = no ]; then
  say "h2h is upgraded; your configuration is as it was. Now:"
  say "  1. h2h check"
  say "  2. systemctl restart h2h"
  exit 0
fi
say "h2h is installed. Now:"
say "  1. edit /etc/h2h/h2h.toml and /etc/h2h/banks/*.toml"
say "  2. edit $units/h2h.service.d/site.conf: folders, bank addresses, credentials"
say "  3. h2h check"
say "  4. systemctl enable --now h2h"
