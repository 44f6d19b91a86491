#!/bin/sh
# Runs as PID 1 of fresh namespaces: builds a small machine over this one, installs h2h there as an administrator
# would, and becomes systemd. Nothing of it can be seen from outside, and all of it is gone when it ends.
#
# CHECKOUT, LIBRARIES, PYTHON: the checkout, its site-packages, the interpreter's prefix. SHARE: a folder both sides see.
set -eu
mount --make-rprivate /
mount -t proc proc /proc

# Everything from outside is bound under /mnt first: /tmp, /root and /home will be covered.
mount -t tmpfs tmpfs /mnt
mkdir /mnt/opt /mnt/etc /mnt/work /mnt/lib /mnt/srv /mnt/units /mnt/share
mkdir -p /mnt/opt/h2h/venv/bin /mnt/opt/h2h/checkout /mnt/opt/h2h/libraries /mnt/opt/h2h/python
mount --bind "$CHECKOUT" /mnt/opt/h2h/checkout
mount --bind "$LIBRARIES" /mnt/opt/h2h/libraries
mount --bind "$PYTHON" /mnt/opt/h2h/python
mount --bind "$SHARE" /mnt/share
cat >/mnt/opt/h2h/venv/bin/h2h <<'END'
#!/bin/sh
export PYTHONPATH=/opt/h2h/checkout:/opt/h2h/libraries PYTHONDONTWRITEBYTECODE=1
exec /opt/h2h/python/bin/python3 -c 'from h2h.cli.main import main; main()' "$@"
END
chmod 755 /mnt/opt/h2h/venv/bin/h2h
mount --rbind /mnt/opt /opt
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/work /etc
mount --bind /mnt/lib /var/lib
mount --bind /mnt/srv /srv
mount -t tmpfs tmpfs /usr/local/bin
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
umount -R -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# Credentials are mounted by a child of systemd and reach the services by propagation, within these namespaces only.
mount --make-rshared /

# Only these units exist: systemd would otherwise start whatever this machine starts.
for target in basic sysinit shutdown exit test; do
  printf '[Unit]\nDefaultDependencies=no\n' >/mnt/units/$target.target
done
UNIT_DIR=/mnt/units sh /opt/h2h/checkout/systemd/install.sh
printf 'u erp - "an ERP"\nm erp h2h-erp\n' | systemd-sysusers -
[ ! -x /mnt/share/prepare ] || /mnt/share/prepare
exec env -i container=h2h SYSTEMD_UNIT_PATH=/mnt/units /lib/systemd/systemd --system --unit=test.target
