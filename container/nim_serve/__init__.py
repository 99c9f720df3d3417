"""The open image's launcher: stock vLLM and Ray under the NIM 2.x container contract."""
