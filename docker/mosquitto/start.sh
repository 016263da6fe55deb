#!/bin/sh
# Runs as root: gives data directory and certificate to the user mosquitto. The broker then switches
# to that user.
set -eu
umask 077  # waiting messages are private
mkdir -p /mosquitto/data /mosquitto/certs
cp /certificates/certificate.pem /certificates/key.pem /mosquitto/certs/
chmod 700 /mosquitto/data
find /mosquitto/data -type f -exec chmod 600 {} +
chmod 400 /mosquitto/certs/key.pem
chown -R mosquitto:mosquitto /mosquitto/data /mosquitto/certs
exec mosquitto -c /mosquitto/config/mosquitto.conf
