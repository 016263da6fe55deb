#!/bin/sh
# Writes the broker's files, and leaves those that it reads in its volume. The clear passwords and
# the key of the authority stay where they are.
set -eu
umask 077
python manage.py broker_files /work/broker
for file in mosquitto.conf robots.acl local.acl passwords certificate.pem key.pem; do
    cp "/work/broker/$file" /mosquitto/moxie/
done
cp docker/mosquitto/start.sh docker/mosquitto/health.sh /mosquitto/moxie/
