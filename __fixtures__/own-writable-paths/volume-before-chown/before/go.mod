module example.com/ledgerd
