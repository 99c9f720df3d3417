"""The phases of a worker's life."""

from enum import StrEnum


class Phase(StrEnum):
    """What the worker is at; the value is what it tells its leader."""

    IDLE = "waits for the leader's Ray"
    MODEL = "gets the model"
    PAUSE = "pauses before it gets the model again"
    START = "starts its part of Ray"
    JOINED = "has joined"
    RANKS = "ends the ranks of the last engine"
    CLEAR = "ends what is left of Ray"
    STOP = "stops"


ENDING = (Phase.RANKS, Phase.CLEAR, Phase.STOP)
"""Where it waits for killed processes to go."""
