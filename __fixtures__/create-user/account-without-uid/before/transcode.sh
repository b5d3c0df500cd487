#!/bin/bash
set -e
mkdir -p out
ffmpeg -i "$1" "out/${1%.*}.webm"
