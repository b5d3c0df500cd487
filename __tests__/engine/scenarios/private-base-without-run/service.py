from http.server import BaseHTTPRequestHandler, HTTPServer


class Service(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("state.json", "w") as state:
            state.write("{}")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Service).serve_forever()
