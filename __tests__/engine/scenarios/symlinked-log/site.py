from http.server import BaseHTTPRequestHandler, HTTPServer


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("/var/log/site/access.log", "w") as log:
            log.write(self.path + "\n")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Site).serve_forever()
