"""Programs built from Go modules, because no release download is reachable: one small module of our own for each."""
