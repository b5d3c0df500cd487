print('backup')
