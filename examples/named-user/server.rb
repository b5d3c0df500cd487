require 'socket'

server = TCPServer.new(9292)
loop do
  client = server.accept
  client.gets
  client.print "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nhello\n"
  client.close
end
