"""HTTP: the one library for it, what a failed request means in words, and downloads.

httpx2 reads HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. It trusts the certificates of SSL_CERT_FILE and
SSL_CERT_DIR, else those of the machine. The library is imported by the first request: that takes 0.2 s.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Final, Literal

from nim_stack.base.errors import UnreadableError

Cause = Literal["name", "connection", "silent", "certificate", "proxy", "protocol", "status", "size"]
_TIMEOUT_SECONDS: Final = 60.0
_MOST_BYTES: Final = 64 * 1024**2


class HttpError(UnreadableError):
    """A request without a usable answer; the text says why, and does not name the server."""

    def __init__(self, cause: Cause, text: str) -> None:
        self.cause = cause
        super().__init__(text)


def fetch(url: str) -> bytes:
    """What an http or https URL leads to, redirects followed; 64 MiB at most.

    Raises:
        HttpError: there is no answer, a refusal, or too much.
    """
    import httpx2

    content = bytearray()
    try:
        with httpx2.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT_SECONDS) as answer:
            if not answer.is_success:
                raise HttpError("status", f"the server answers {answer.status_code} {answer.reason_phrase}".rstrip())
            for part in answer.iter_bytes():
                content += part
                if len(content) > _MOST_BYTES:
                    raise HttpError("size", f"it has more than {_MOST_BYTES // 1024**2} MiB")
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError, ImportError) as failure:
        error = explained(failure)
        raise error from failure
    return bytes(content)


def explained(failure: Exception) -> HttpError:
    """Why a request failed: from what httpx2 raised, and from what that was raised for."""
    import httpx2

    chain = list(_chain(failure))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return HttpError("certificate", f"its certificate is refused: {one.verify_message.rstrip('.')}")
        if isinstance(one, socket.gaierror):
            return HttpError("name", f"its name is not resolved: {one.strerror}")
    if isinstance(failure, httpx2.ProxyError):
        way = "see proxy-url in the kubeconfig, else HTTPS_PROXY and NO_PROXY"
        return HttpError("proxy", f"the proxy refuses it: {failure} ({way})")
    if isinstance(failure, httpx2.TimeoutException):
        return HttpError("silent", "no answer in time")
    if any(isinstance(one, ssl.SSLError) for one in chain):
        said = next(str(one) for one in chain if isinstance(one, ssl.SSLError))
        return HttpError("certificate", f"no TLS connection comes about: {said}")
    if isinstance(failure, httpx2.UnsupportedProtocol | httpx2.InvalidURL | ValueError | ImportError):
        return HttpError("protocol", str(failure))
    if isinstance(failure, httpx2.ProtocolError | httpx2.TooManyRedirects | httpx2.DecodingError):
        return HttpError("protocol", f"its answer is not HTTP as expected: {failure}")
    said = next((one.strerror for one in chain if isinstance(one, OSError) and one.strerror), "")
    return HttpError("connection", said or str(failure) or type(failure).__name__)


def _chain(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__
