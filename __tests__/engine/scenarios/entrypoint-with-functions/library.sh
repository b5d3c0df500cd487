prepare() {
  mkdir -p /var/lib/site
  cd /var/lib/site
  date > started
}
take_over() {
  chown -R www-data:www-data /var/lib/site
}
repair_everything() {
  useradd --system repair
  chown -R repair /etc
}
