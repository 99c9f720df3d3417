"""Reading what other deployers are told: values of the nim-llm chart, NIMService and NIMCache of the NIM Operator.

The tables in `helm.rows`, `operator.rows` and `variables` say where each name goes and which handlers decide about its
value, or why it goes nowhere. `rows.apply` calls the handlers of the rows, and docs/parity.md is written from the same
rows. `helm` and `operator` do not know each other; what both need stands here. This room may use every room below it.
"""
