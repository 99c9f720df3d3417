"""The launcher's own log lines: one a line, plain or JSON, with the fields that a reader filters by.

Plain is the default: NVIDIA documents that JSON logging breaks Ray workers, and pods of a group are read by people.
"""

import json
import logging
import sys
from datetime import UTC, datetime

LOGGER = logging.getLogger("nim_serve")
TRACE = 5


class PlainFormatter(logging.Formatter):
    """Writes `2026-01-31T10:00:00Z INFO leader: message key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as a line."""
        fields = " ".join(f"{key}={value}" for key, value in _fields(record).items())
        return (
            f"{_time(record)} {record.levelname} {_role(record)}: {record.getMessage()}{' ' if fields else ''}{fields}"
        )


class JsonFormatter(logging.Formatter):
    """Writes the same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as a JSON object."""
        base = {
            "time": _time(record),
            "level": record.levelname,
            "role": _role(record),
            "message": record.getMessage(),
        }
        return json.dumps({**base, **_fields(record)}, ensure_ascii=False, default=str)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _role(record: logging.LogRecord) -> str:
    return str(getattr(record, "role", "nim"))


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return dict(getattr(record, "fields", {}))


class Log:
    """Writes the launcher's log lines: each has a role, a sentence, and fields by name."""

    def __init__(self, role: str) -> None:
        """Write as this role, for example `leader`."""
        self.role = role

    def debug(self, message: str, **fields: object) -> None:
        """Write a line for whoever looks for an error of the launcher."""
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Write a line about what goes on."""
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Write a line about a fault that the launcher deals with."""
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Write a line about what the launcher cannot deal with."""
        self._write(logging.ERROR, message, fields)

    def _write(self, level: int, message: str, fields: dict[str, object]) -> None:
        LOGGER.log(level, message, extra={"role": self.role, "fields": fields})


def configure(level: str, jsonl: bool) -> None:
    """Send the launcher's lines to standard error: from this level on, and as JSON or plain text."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if jsonl else PlainFormatter())
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(TRACE if level == "TRACE" else level)
    LOGGER.propagate = False
