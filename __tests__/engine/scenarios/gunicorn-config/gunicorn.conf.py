# behind the balancer
bind = "0.0.0.0:80"
workers = 2
pidfile = "/run/gunicorn.pid"
user = "www-data"
group = "www-data"
