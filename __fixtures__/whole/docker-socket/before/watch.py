print('watch')
