"""Values of NVIDIA's nim-llm chart: the table of their names, and the code that reads them.

It may use what stands beside it in `importing`.
"""
