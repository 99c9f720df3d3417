"""Long matrices against the real cluster: `make prove`. Each row is proven once and kept in evidence/."""
