#!/bin/sh
# Runs as root: gives data directory and certificate to the user mosquitto. The broker then switches
# to that user.
set -eu
mkdir -p /mosquitto/data /mosquitto/certs
cp /certificates/certificate.pem /certificates/key.pem /mosquitto/certs/
chmod 400 /mosquitto/certs/key.pem
chown -R mosquitto:mosquitto /mosquitto/data /mosquitto/certs
exec mosquitto -c /mosquitto/config/mosquitto.conf
