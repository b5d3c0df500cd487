from http.server import BaseHTTPRequestHandler, HTTPServer

greeting = open('/etc/relay/relay.ini').read()
assert '@' not in greeting


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(greeting.encode())


HTTPServer(('', 8000), Page).serve_forever()
