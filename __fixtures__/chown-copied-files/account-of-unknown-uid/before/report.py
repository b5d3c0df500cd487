open('report.txt', 'w').write('done')
