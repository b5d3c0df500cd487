print('exporter')
