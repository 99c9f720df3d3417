"""The open image's launcher: stock vLLM and Ray under the NIM 2.x container contract.

It may use the standard library, and the vLLM and Ray of its image. Its rooms stand one above the other, and each may
use those before it: system, contract, decide, model, heartbeat, ray, vllm, pod, cli.
"""
