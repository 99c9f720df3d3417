"""The command `nim-stack`, one file for each of its commands.

It may use every other room, and imports what a command needs when that command runs: a plan needs neither Pulumi nor a
client of Kubernetes. What is decided or computed stands in the other rooms; here it is asked for and printed.
"""
