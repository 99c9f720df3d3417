"""NIMService and NIMCache of the NIM Operator: their tables in `rows`, and the handlers that the rows name.

It may use what stands beside it in `importing`.
"""
