"""The policies of the pack: each is a function from the objects of a stack to what is wrong with them.

Platform teams copy this folder into an organisation of their own, so that it stands alone: it may use the standard
library, and `pack` alone may import `pulumi_policy`. Nothing here imports nim_stack; a test of nim_stack compares the
names that both sides use. The environment is the folder's own as well, because `pulumi-policy` needs protobuf 5.
"""
