"""The HTTP client of one context: TLS, proxy and credentials as the kubeconfig says.

It supports `tls-server-name`, `proxy-url` (http and https), `insecure-skip-tls-verify`, authorities and client
certificates as files or data, `token`, `tokenFile`, user and password, credential plugins and impersonation. It refuses
`auth-provider` and SOCKS proxies, with what to do instead.
"""

import base64
import binascii
import ipaddress
import ssl
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx2

from nim_stack.operations.cluster.errors import KubeconfigError
from nim_stack.operations.cluster.kubeconfig import Access, Section
from nim_stack.operations.cluster.plugin import Plugin

_HEADER: Final = "!#$&'*+-.^_`|~"
"""What the name of a header may have beside letters and digits."""
TIMEOUT: Final = httpx2.Timeout(20)
_INSTEAD: Final = (
    "Run `kubectl proxy` and use a kubeconfig whose server is http://127.0.0.1:8001 "
    "(nim.cluster.kubeconfig, --kubeconfig)"
)


def client(access: Access) -> httpx2.Client:
    """A client for the API server. A credential plugin is run now, since it may give the certificate.

    Raises:
        KubeconfigError: the kubeconfig says something that cannot be used.
        ClusterUnreachableError: the credential plugin fails.
    """
    cluster, user = access.cluster, access.user
    if "auth-provider" in user:
        name = (user["auth-provider"] or {}).get("name")
        what = f"auth-provider {name} is not supported, a credential plugin (exec) is"
        raise KubeconfigError(f"{what}. {_INSTEAD}")
    plugin = Plugin(user["exec"], cluster) if user.get("exec") else None
    context = _tls(cluster, user, plugin)
    proxy = proxy_url(cluster)
    # As in Go, what is on this machine is not asked for through the proxy of the environment.
    direct = httpx2.HTTPTransport(verify=context) if proxy is None and _is_loopback(access.server) else None
    return httpx2.Client(
        base_url=access.server,
        verify=context,
        auth=_auth(user, plugin),
        headers=_impersonation(user),
        timeout=TIMEOUT,
        proxy=proxy,
        transport=direct,
        event_hooks={"request": [_named(str(name))]} if (name := cluster.get("tls-server-name")) else {},
    )


def proxy_url(cluster: Section) -> httpx2.URL | None:
    """The proxy of a cluster, or None when the environment decides.

    Raises:
        KubeconfigError: the kind of proxy is not supported.
    """
    given = cluster.get("proxy-url")
    if not given:
        return None
    url = httpx2.URL(str(given))
    if url.scheme not in ("http", "https") or not url.host:
        what = f"proxy-url is {url.scheme}://{url.host}, and only http and https proxies are supported"
        raise KubeconfigError(f"{what}. {_INSTEAD}")
    return url


def _named(name: str) -> Callable[[httpx2.Request], None]:
    """The name that TLS asks for and checks, in place of the one in the URL."""

    def hook(request: httpx2.Request) -> None:
        request.extensions["sni_hostname"] = name

    return hook


def _is_loopback(server: str) -> bool:
    host = httpx2.URL(server).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(cluster: Section, user: Section, plugin: Plugin | None) -> ssl.SSLContext:
    data, file = cluster.get("certificate-authority-data"), cluster.get("certificate-authority")
    insecure = bool(cluster.get("insecure-skip-tls-verify"))
    if insecure and (data or file):
        both = "it has both a certificate authority and insecure-skip-tls-verify"
        raise KubeconfigError(f"{both}: one of the two must go")
    try:
        if data:
            context = ssl.create_default_context(cadata=_decoded(data).decode())
        elif file:
            context = ssl.create_default_context(cafile=file)
        else:
            context = httpx2.create_ssl_context(verify=not insecure)
    except (OSError, ValueError) as trouble:
        which = f" {file}" if file and not data else ""
        raise KubeconfigError(f"the certificate authority{which}: {_words(trouble)}") from None
    pair = _certificate(user, plugin)
    if pair is not None:
        try:
            _load(context, *pair)
        except (OSError, ValueError) as trouble:
            raise KubeconfigError(f"the client certificate and its key: {_words(trouble)}") from None
    return context


def _certificate(user: Section, plugin: Plugin | None) -> tuple[bytes, bytes] | None:
    """Certificate and key of the user, PEM; None when there is none.

    Raises:
        KubeconfigError: one of the two is missing, or cannot be read.
        ClusterUnreachableError: the credential plugin fails.
    """
    given = plugin.credential() if plugin else None
    if given and given.certificate and given.key:
        return given.certificate.encode(), given.key.encode()
    found = {}
    for what in ("client-certificate", "client-key"):
        try:
            if data := user.get(f"{what}-data"):
                found[what] = _decoded(data)
            elif file := user.get(what):
                found[what] = Path(file).read_bytes()
        except (OSError, ValueError) as trouble:
            raise KubeconfigError(f"{what}: {_words(trouble)}") from None
    if len(found) == 1:
        there = next(iter(found))
        raise KubeconfigError(f"the user has only a {there}: client-certificate and client-key are a pair")
    return (found["client-certificate"], found["client-key"]) if found else None


def _load(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL reads files alone; these are gone at once, and nobody else can read them meanwhile."""

    def no_password() -> str:
        raise ValueError("the key is encrypted, and kubectl takes no such key either")

    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "certificate"), Path(folder, "key")
        files[0].write_bytes(certificate)
        files[1].write_bytes(key)
        context.load_cert_chain(*files, password=no_password)


def _decoded(data: Any) -> bytes:
    return base64.b64decode(str(data), validate=False)


def _words(trouble: Exception) -> str:
    if isinstance(trouble, ssl.SSLError):
        return f"it is no PEM that OpenSSL takes ({trouble.reason or trouble.args[0]})"
    if isinstance(trouble, OSError):
        return str(trouble.strerror or trouble)
    return "it is not base64" if isinstance(trouble, binascii.Error) else str(trouble)


def _impersonation(user: Section) -> list[tuple[str, str]]:
    """The headers of `kubectl --as` (k8s.io/client-go transport, ImpersonatingRoundTripper)."""
    found = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    found += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    for key, values in (user.get("as-user-extra") or {}).items():
        found += [(f"Impersonate-Extra-{quote(str(key), safe=_HEADER)}", value) for value in values]
    return [(name, str(value)) for name, value in found if value]


def _auth(user: Section, plugin: Plugin | None) -> httpx2.Auth | None:
    """A plugin comes last, as in client-go: it is for requests that have no credentials yet."""
    if user.get("tokenFile"):
        return _Token(Path(str(user["tokenFile"])))
    if user.get("token"):
        return _Token(str(user["token"]))
    if user.get("username"):
        return httpx2.BasicAuth(str(user["username"]), str(user.get("password") or ""))
    return _FromPlugin(plugin) if plugin is not None else None


@dataclass(frozen=True)
class _Token(httpx2.Auth):
    """A token, or the file with it: that of a service account is renewed within the hour."""

    token: str | Path

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        token = self.token
        if isinstance(token, Path):
            try:
                token = token.read_text().strip()
            except OSError as trouble:
                raise KubeconfigError(f"tokenFile {self.token}: {trouble.strerror}") from None
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


@dataclass(frozen=True)
class _FromPlugin(httpx2.Auth):
    """The token of a plugin, which is run once more when the server refuses it."""

    plugin: Plugin

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        given = self.plugin.credential()
        if given.token:
            request.headers["Authorization"] = f"Bearer {given.token}"
        answer = yield request
        if answer.status_code == 401 and given.token:
            again = self.plugin.credential(refused=given)
            request.headers["Authorization"] = f"Bearer {again.token}"
            yield request
