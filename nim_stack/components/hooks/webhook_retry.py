"""Trying again while the LWS webhooks come up.

The release runs two replicas, and one of them may still lack its certificate when the other has it: the CA bundle is
there, and every second request fails. The resource plugin does not try again on "failed calling webhook".
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pulumi
from pulumi.runtime import is_dry_run

RETRY_SECONDS = 120.0
PREVIEW_RETRY_SECONDS = 20.0
"""At preview the webhooks were up before or are not there at all, so a long wait would only hide an outage."""
_PAUSE_SECONDS = 2.0
_NOT_ANSWERING = "failed calling webhook"
_NOT_INSTALLED = "no matches for kind"


def webhook_retry(name: str, otherwise: Callable[[pulumi.ErrorHookArgs], Awaitable[bool]]) -> pulumi.ErrorHook:
    """Error hook that asks for another try while a webhook does not answer, and explains a missing controller.

    Args:
        name: what the engine calls the hook; it is unique in a program.
        otherwise: hears of every failure that is final.
    """
    policy = retry_policy(time.monotonic, asyncio.sleep)

    async def retry(args: pulumi.ErrorHookArgs) -> bool:
        return await policy(args) or await otherwise(args)

    return pulumi.ErrorHook(name, retry)


def retry_policy(
    clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
) -> Callable[[pulumi.ErrorHookArgs], Awaitable[bool]]:
    """Decision on one resource's errors; the time is limited from the first of them."""
    first: list[float] = []

    async def retry(args: pulumi.ErrorHookArgs) -> bool:
        newest = args.errors[0] if args.errors else ""
        if _NOT_INSTALLED in newest:
            pulumi.log.error(
                "LeaderWorkerSet is not installed in this cluster. Install LWS 0.9 or newer, or set nim.lws to "
                "{mode: install, sha256: …} in one stack of the cluster."
            )
            return False
        if _NOT_ANSWERING not in newest:
            return False
        first.append(clock())
        limit = PREVIEW_RETRY_SECONDS if is_dry_run() else RETRY_SECONDS
        if clock() - first[0] >= limit:
            return False
        await sleep(_PAUSE_SECONDS)
        return True

    return retry
