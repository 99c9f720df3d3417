"""What happens at a fault: how the first process of a pod heals its group in place, and what stands in for it."""

from pydantic import Field

from nim_stack.values.types import Count, CountFromZero, Settings


class Healing(Settings):
    """The supervisor of the open image, and what can be done without one."""

    supervisor: bool | None = Field(
        None,
        description="true or false: whether the image's first process is the supervisor of container/; without it, "
        "whether the image is not one of NVIDIA's.",
    )
    tries: CountFromZero = Field(
        5,
        description="Whole number from 0: how many times in a row the supervisor restarts the engine inside the pod "
        "before the pod ends; with 0 the pod ends at the first fault.",
    )
    window_seconds: Count = Field(60, description="Whole seconds from 1 of serving after which the tries count anew.")
    rejoin_seconds: Count = Field(300, description="Whole seconds from 1 that a group waits for a lost member.")
    stall_seconds: CountFromZero = Field(
        120, description="Whole seconds from 0 that requests may run while nothing is computed; 0: for ever."
    )
    wait_for_leader: bool | None = Field(
        None,
        description="true or false: whether an init container of workers waits for Ray's port on the leader; without "
        "it, whether there is no supervisor.",
    )
    ray_check: bool = Field(
        False,
        description="true or false: whether a probe of workers asks Ray's head, where the image has `ray` on its PATH "
        "and no supervisor.",
    )
