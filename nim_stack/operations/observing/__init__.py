"""Looking at a cluster without changing it: one snapshot, which can be kept as a file and judged later.

It may use the rooms below `operations` alone. What is seen is judged elsewhere.
"""
