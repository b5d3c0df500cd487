print('gateway')
