open('last-run', 'w').write('now')
