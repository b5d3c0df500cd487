import sqlite3
from http.server import BaseHTTPRequestHandler, HTTPServer


class Counter(BaseHTTPRequestHandler):
    def do_GET(self):
        with sqlite3.connect("visits.db") as db:
            db.execute("CREATE TABLE IF NOT EXISTS visit (at TEXT DEFAULT CURRENT_TIMESTAMP)")
            db.execute("INSERT INTO visit DEFAULT VALUES")
            count = db.execute("SELECT count(*) FROM visit").fetchone()[0]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"visit {count}\n".encode())


HTTPServer(("", 5000), Counter).serve_forever()
