#!/bin/sh
# The broker's container, whose user may read the files that prepare.sh left for it.
set -eu
umask 077 # waiting messages are private
# Clients that flood the broker can fill its memory; with their file it would not start again.
store=/mosquitto/data/mosquitto.db
if [ -f "$store" ] && [ "$(wc -c <"$store")" -gt 16777216 ]; then
    mv "$store" "$store.full"
fi
exec mosquitto -c /mosquitto/moxie/mosquitto.conf
