from http.server import BaseHTTPRequestHandler, HTTPServer


class Wiki(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("index.md", "a") as page:
            page.write("- visited\n")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Wiki).serve_forever()
