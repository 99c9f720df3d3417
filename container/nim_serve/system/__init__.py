"""What the operating system gives: processes, sockets, shared memory, log lines.

It may use nothing else of this package, and knows nothing of Ray, vLLM or Kubernetes.
"""
