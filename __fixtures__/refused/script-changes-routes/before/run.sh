#!/bin/sh
ip route replace default via "$GATEWAY"
exec gateway
