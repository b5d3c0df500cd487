threads 1, ENV.fetch("RAILS_MAX_THREADS", 5)
# in the cluster PORT is set
port ENV.fetch("PORT") { 8080 }
bind "unix:///run/app/puma.sock"
pidfile ENV.fetch("PIDFILE", "/tmp/puma.pid")
state_path "/var/lib/puma/puma.state"
stdout_redirect "/var/log/puma/out.log", "/var/log/puma/err.log", true
