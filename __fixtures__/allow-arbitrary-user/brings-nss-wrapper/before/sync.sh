#!/bin/sh
ssh deploy@example.com reload
