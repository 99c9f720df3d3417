"""NIMService and NIMCache of the NIM Operator: the table of their names, and the code that reads them.

It may use what stands beside it in `importing`.
"""
