module Shop
  PORT = 3000
end
