import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Report(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("report.txt", "w") as file:
            file.write("secret\n")
        mode = os.stat("report.txt").st_mode & 0o777
        print(f"report.txt has mode {mode:04o}", flush=True)
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Report).serve_forever()
