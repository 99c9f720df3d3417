"""The phases of a leader's life."""

from enum import StrEnum


class Phase(StrEnum):
    """What the leader is at; the value is what it tells its workers."""

    MODEL = "gets the model"
    HEAD = "starts Ray"
    GATHER = "gathers the group"
    LOAD = "starts the engine"
    PROVE = "has the engine generate a first token"
    SERVE = "serves"
    DRAIN = "finishes the requests in flight"
    CLEAR = "ends what is left"
    PAUSE = "pauses before the next try"
    STOP = "stops"


ENGINE_RUNS = (Phase.LOAD, Phase.PROVE, Phase.SERVE, Phase.DRAIN)

SHORT = {Phase.MODEL: "model", Phase.HEAD: "ray", Phase.GATHER: "join", Phase.LOAD: "engine", Phase.PROVE: "proof"}
"""Under which names the log gives the seconds of a start."""
