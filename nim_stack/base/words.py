"""Numbers as people say them."""


def count(number: int, noun: str) -> str:
    """The number with the noun in its number: `1 group`, `2 groups`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: int | None) -> str:
    """Whole minutes, upwards, from two minutes on."""
    if seconds is None:
        return "an unknown time"
    if seconds < 120:
        return f"{seconds} s"
    minutes = -(-seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def gigabytes(size: float) -> str:
    """A size in bytes as decimal gigabytes, with one digit after the point below 1 GB."""
    return f"{size / 1e9:,.0f} GB" if size >= 1e9 else f"{size / 1e9:.1f} GB"
