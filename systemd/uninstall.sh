#!/bin/sh
# Takes the h2h service off this machine. What was sent and received (/var/lib/h2h), the configuration (/etc/h2h) and
# the user h2h stay: they are your evidence, and removing them is your decision.
set -eu
units=${UNIT_DIR:-/etc/systemd/system}
[ "$(id -u)" = 0 ] || { printf 'uninstall.sh: must be run as root\n' >&2; exit 1; }

if [ -d /run/systemd/system ]; then
  # A stop finishes the send in flight; nothing is removed from under a running daemon.
  systemctl disable --now h2h.service || systemctl stop h2h.service
fi
rm -f "$units/h2h.service" /etc/sysusers.d/h2h.conf /etc/tmpfiles.d/h2h.conf
[ "$(readlink /usr/local/bin/h2h)" != /opt/h2h/venv/bin/h2h ] || rm -f /usr/local/bin/h2h
rm -rf /opt/h2h/venv
[ ! -d /run/systemd/system ] || systemctl daemon-reload
printf 'h2h is removed. Kept: /etc/h2h, %s, /var/lib/h2h, /srv/h2h, the user h2h.\n' "$units/h2h.service.d"
