// See http://api.example.com and /srv/api: those are no calls of the service.
