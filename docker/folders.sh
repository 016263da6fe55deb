#!/bin/sh
# Lets the broker's user write to local/work, and the owner of this project's folder delete it.
set -eu
owner=$(stat -c %u /project)
mkdir -p /local/work
chown "$owner" /local
chown "$owner:10001" /local/work
chmod 770 /local/work
# Of earlier versions, which belong to another user.
find /local/work -maxdepth 1 -name 'mosquitto.db*' -exec chown 10001:10001 {} +
