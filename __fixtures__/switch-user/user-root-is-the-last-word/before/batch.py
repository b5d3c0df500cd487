print('batch')
