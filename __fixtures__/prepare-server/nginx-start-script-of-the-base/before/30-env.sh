#!/bin/sh
echo "window.API='$API_URL'" > /usr/share/nginx/html/env.js
echo "stream { }" >> /etc/nginx/nginx.conf
