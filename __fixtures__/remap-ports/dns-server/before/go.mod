module example.com/resolver
