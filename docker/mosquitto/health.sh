#!/bin/sh
# Docker's health check of the broker. Docker starts a container again when its process ends, not when
# it is unhealthy; a broker that lets nobody in four times in a row is therefore ended.
# The exit code 5 is an answer, too: this broker wants an account.
mosquitto_sub -p "$MQTT_PORT" -t '$SYS/broker/uptime' -C 1 -W 3 >/dev/null 2>&1
case $? in
0 | 5)
    rm -f /tmp/silent
    exit 0
    ;;
esac
echo >>/tmp/silent
if [ "$(wc -l </tmp/silent)" -ge 4 ]; then
    rm -f /tmp/silent
    kill -CONT 1
    kill -KILL -1 # all but the container's init and this shell
fi
exit 1
