"""The open image's launcher, without Ray, vLLM or a network."""
