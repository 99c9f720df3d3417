"""The files of a Pulumi project, read as Pulumi reads them: Pulumi.yaml, Pulumi.<stack>.yaml, and the selected stack.

Here stands how these files are found, which values their YAML has, and in which line. What the settings mean stands in
the room around this one. The modules here may use `base` alone, and never run a command.
"""
