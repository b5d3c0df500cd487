#!/usr/bin/with-contenv bashio
exec mosquitto_sub -t "#"
