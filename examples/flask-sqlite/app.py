import sqlite3

from flask import Flask, jsonify, request

app = Flask(__name__)


def notes():
    # A file in the working directory: SQLite also makes its journal beside it.
    connection = sqlite3.connect("notes.db")
    connection.execute("CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)")
    return connection


@app.get("/notes")
def list_notes():
    with notes() as connection:
        return jsonify([text for (text,) in connection.execute("SELECT text FROM notes")])


@app.post("/notes")
def add_note():
    with notes() as connection:
        connection.execute("INSERT INTO notes VALUES (?)", [request.get_data(as_text=True)])
    return "", 201
