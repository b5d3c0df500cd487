#!/bin/sh
envsubst < /etc/agent/agent.conf.tmpl > /etc/agent/agent.conf
exec "$@"
