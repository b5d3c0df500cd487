from http.server import BaseHTTPRequestHandler, HTTPServer


class App(BaseHTTPRequestHandler):
    def do_GET(self):
        open("last", "w").write(self.path)
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), App).serve_forever()
