"""A project of one's own, as `nim-stack init` writes it: what stands in its files, and how they get into a folder.

What the files say is decided here without a look at the disk; `writing` alone touches it. The room may use the rooms
below `cli`, and nothing of the other commands.
"""
