print('hallo')
