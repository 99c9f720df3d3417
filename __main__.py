"""One model in one cluster, as the stack file says."""

import pulumi

from nim_stack import NimStack, read_stack_config

stack = NimStack("nim", read_stack_config())
for output, value in stack.exports.items():
    pulumi.export(output, value)
