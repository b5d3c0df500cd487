print('handled')
