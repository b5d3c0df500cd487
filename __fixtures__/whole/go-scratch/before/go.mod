module example.com/exporter
