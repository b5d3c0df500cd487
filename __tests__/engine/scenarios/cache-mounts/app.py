from http.server import BaseHTTPRequestHandler, HTTPServer


class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("access.log", "a") as log:
            log.write(self.path + "\n")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Echo).serve_forever()
