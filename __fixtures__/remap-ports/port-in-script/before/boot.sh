#!/bin/sh
flask db upgrade
exec gunicorn -b :80 --access-logfile - app:app
