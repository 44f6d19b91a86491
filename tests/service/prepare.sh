#!/bin/sh
# Inside the small machine, after the installation and before systemd: what an administrator would do by hand.
set -eu
keyring=/var/lib/h2h/keyrings/mybank
as_h2h() { runuser -u h2h -- "$@"; }

as_h2h mkdir -m 700 $keyring
for key in "sign,cert" encr; do
  if [ "$key" = encr ]; then add="--quick-add-key $fingerprint cv25519 encr 1d"; else add="--quick-generate-key ours ed25519 $key 1d"; fi
  # shellcheck disable=SC2086  # a list of words
  as_h2h gpg --homedir $keyring --batch --quiet --pinentry-mode loopback --passphrase '' $add
  fingerprint=$(as_h2h gpg --homedir $keyring --batch --list-keys --with-colons | awk -F: '/^fpr/ { print $10; exit }')
done
as_h2h gpgconf --homedir $keyring --kill all

# The bank of this test is ourselves: it signs with the key that it decrypts with.
sed -i "s/FINGERPRINT/$fingerprint/" /mnt/share/config/banks/mybank.toml
ls /etc/h2h/banks >/mnt/share/examples
rm -rf /etc/h2h/h2h.toml /etc/h2h/banks/*
cp /mnt/share/config/h2h.toml /etc/h2h/
cp /mnt/share/config/banks/mybank.toml /etc/h2h/banks/
chown -R root:h2h /etc/h2h
chmod 640 /etc/h2h/h2h.toml /etc/h2h/banks/mybank.toml
install -m 600 /mnt/share/key /etc/bank-key
cp /mnt/share/test.conf /mnt/units/h2h.service.d/test.conf
