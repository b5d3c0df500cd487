#!/bin/sh
add_account() {
  useradd --uid "$RELAY_UID" relay
}
start() {
  add_account
  exec relay
}
start
