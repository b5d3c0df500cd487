#!/bin/sh
exec restic backup /src
