print('dag')
