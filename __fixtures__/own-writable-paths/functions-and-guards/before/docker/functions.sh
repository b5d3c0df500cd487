prepare() {
  mkdir -p /srv/relay/queue
  (cd /srv/relay/queue && date > started)
  touch state
}

take_over() {
  chown -R www-data:www-data /srv/relay
}

repair() {
  useradd --system repair
  chown -R repair /etc
}
