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
    """`2026-01-31T10:00:00Z INFO leader: message key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{key}={value}" for key, value in _fields(record).items())
        return (
            f"{_time(record)} {record.levelname} {_role(record)}: {record.getMessage()}{' ' if fields else ''}{fields}"
        )


class JsonFormatter(logging.Formatter):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
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
    """What the launcher logs with: a role, a sentence, and fields by name."""

    def __init__(self, role: str) -> None:
        self.role = role

    def debug(self, message: str, **fields: object) -> None:
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: object) -> None:
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write(logging.ERROR, message, fields)

    def _write(self, level: int, message: str, fields: dict[str, object]) -> None:
        LOGGER.log(level, message, extra={"role": self.role, "fields": fields})


def configure(level: str, jsonl: bool) -> None:
    """Send the launcher's lines to standard error, in one of the two forms."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if jsonl else PlainFormatter())
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(TRACE if level == "TRACE" else level)
    LOGGER.propagate = False
