"""Values of NVIDIA's nim-llm chart: the table of their names in `rows`, and the handlers that the rows name.

It may use what stands beside it in `importing`.
"""
