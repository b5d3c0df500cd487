#!/bin/sh
echo "as $(whoami)"
git clone git@example.com:team/site.git /tmp/site
ssh deploy@example.com reload
