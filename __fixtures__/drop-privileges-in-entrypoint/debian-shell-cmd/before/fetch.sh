#!/bin/sh
set -e
curl -o /data/page.html https://example.org/
