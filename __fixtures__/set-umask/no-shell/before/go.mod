module example.com/writer
