"""Ask a model for a completion until one comes; what the smoke Job runs, with `python3 -c`, inside the model's image.

Standard library only, and no import from this package: the image has neither. Its settings are environment variables:
SMOKE_URL (…/v1), SMOKE_MODEL (a name that the API must know), SMOKE_SECONDS, and VLLM_API_KEY where the API wants one.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

PAUSE_SECONDS = 2.0
REQUEST_SECONDS = 120.0
PROMPT = "One, two, three,"


class NotYetError(Exception):
    """No completion; the message says why."""


def ask(url: str, body: Mapping[str, Any] | None, key: str | None) -> Any:
    """One request to the API; its JSON."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=REQUEST_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        raise NotYetError(f"{url}: HTTP {refusal.code} {refusal.read()[:300].decode(errors='replace')}") from None
    except (OSError, ValueError) as trouble:
        raise NotYetError(f"{url}: {trouble}") from None


def complete(url: str, model: str, key: str | None) -> dict[str, Any]:
    """A completion; the model, its text, and how many tokens it has."""
    known = [entry["id"] for entry in ask(f"{url}/models", None, key)["data"]]
    if model not in known:
        raise NotYetError(f"the API serves {', '.join(known)}, and not {model}")
    body = {"model": model, "prompt": PROMPT, "max_tokens": 8, "temperature": 0}
    started = time.monotonic()
    answer = ask(f"{url}/completions", body, key)
    tokens = answer.get("usage", {}).get("completion_tokens", 0)
    if not answer.get("choices") or not tokens:
        raise NotYetError(f"the answer has no token: {json.dumps(answer)[:300]}")
    seconds = round(time.monotonic() - started, 2)
    return {"model": model, "text": answer["choices"][0]["text"], "tokens": tokens, "seconds": seconds}


def main(environment: Mapping[str, str]) -> int:
    """0: a completion came, 1: none in time."""
    url, model = environment["SMOKE_URL"], environment["SMOKE_MODEL"]
    key = environment.get("VLLM_API_KEY")
    deadline, said = time.monotonic() + float(environment["SMOKE_SECONDS"]), ""
    while True:
        try:
            print(json.dumps(complete(url, model, key)), flush=True)
            return 0
        except NotYetError as reason:
            if str(reason) != said:
                said = str(reason)
                print(f"no completion yet: {said}", flush=True)
        if time.monotonic() >= deadline:
            print(f"no completion came: {said}", file=sys.stderr, flush=True)
            return 1
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    sys.exit(main(os.environ))
