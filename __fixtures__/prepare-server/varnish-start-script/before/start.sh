#!/bin/sh
exec varnishd -F -a 0.0.0.0:${PORT:-80} -f /etc/varnish/default.vcl -s malloc,64m
