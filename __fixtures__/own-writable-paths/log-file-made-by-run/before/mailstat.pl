print "mailstat\n";
