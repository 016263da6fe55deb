#!/bin/sh
# Starts as root: data directory and certificate become the mosquitto user's, who the broker turns
# into.
set -eu
mkdir -p /mosquitto/data /mosquitto/certs
cp /certificates/certificate.pem /certificates/key.pem /mosquitto/certs/
chmod 400 /mosquitto/certs/key.pem
chown -R mosquitto:mosquitto /mosquitto/data /mosquitto/certs
exec mosquitto -c /mosquitto/config/mosquitto.conf
