"""The engine of the lab: real vLLM and Ray on CPU, a tiny model, the hub that serves it, and the bare floor."""
