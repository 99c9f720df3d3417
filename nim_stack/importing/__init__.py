"""Reading what other deployers are told: values of the nim-llm chart, NIMService and NIMCache of the NIM Operator.

The tables in `helm_rows`, `operator_rows` and `variables` say where each of their names goes, or why it goes nowhere.
They drive the import and write docs/parity.md, so that neither can know a name that the other one does not.

This room may use every room below it; `helm` and `operator` may use what stands beside them, and not each other.
"""
