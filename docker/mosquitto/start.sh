#!/bin/sh
# Runs as root: gives the data and a copy of the files that the command broker_files writes to the user
# mosquitto. The broker then switches to that user. The clear passwords stay where they are.
set -eu
umask 077  # waiting messages are private
mkdir -p /mosquitto/data /mosquitto/moxie
for file in mosquitto.conf robots.acl local.acl passwords certificate.pem key.pem; do
    cp "/certificates/$file" /mosquitto/moxie/
done
# Clients that flood the broker can fill its memory; with their file it would not start again.
store=/mosquitto/data/mosquitto.db
if [ -f "$store" ] && [ "$(wc -c <"$store")" -gt 16777216 ]; then
    mv "$store" "$store.full"
fi
chmod 700 /mosquitto/data
find /mosquitto/data -type f -exec chmod 600 {} +
chown -R mosquitto:mosquitto /mosquitto/data /mosquitto/moxie
exec mosquitto -c /mosquitto/moxie/mosquitto.conf
