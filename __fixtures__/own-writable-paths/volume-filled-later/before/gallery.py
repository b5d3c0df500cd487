print('gallery')
