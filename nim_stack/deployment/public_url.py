"""Where clients outside the cluster reach the API."""

from nim_stack.base import names
from nim_stack.settings import StackSettings


def is_of_the_api(path: str) -> bool:
    """Whether the model itself answers requests of this path prefix: all of them, or those of the API."""
    return path == "/" or path == names.API or path.startswith(f"{names.API}/")


def public_url(settings: StackSettings) -> str | None:
    """Base URL of the OpenAI API through the Ingress, else through the HTTPRoute; None when neither names one host."""
    ingress, route = settings.ingress, settings.http_route
    if ingress is not None and _is_one(ingress.host):
        return _url(ingress.scheme or ("https" if ingress.tls_secret else "http"), ingress.host, ingress.path)
    if route is not None:
        host = next((host for host in route.hostnames if _is_one(host)), None)
        return _url(route.scheme, host, route.path) if host else None
    return None


def _is_one(host: str) -> bool:
    return not host.startswith("*")


def _url(scheme: str, host: str, path: str) -> str:
    prefix = "" if is_of_the_api(path) else path
    return f"{scheme}://{host}{prefix}{names.API}"
