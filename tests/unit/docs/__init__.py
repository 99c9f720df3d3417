"""What the pages say is held against what is there: commands, settings, paths, links."""
