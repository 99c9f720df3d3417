"""The matrix `faults`: a group of real Ray and vLLM on the cluster, what is done to it, and what its clients see."""
