"""Certificates and kubeconfigs of the cluster, made afresh for each cluster with the node tree's own openssl."""

import base64
import json
from pathlib import Path

from lab import rootfs
from lab.address import API_SERVICE, API_URL, CLUSTER_DOMAIN, GATEWAY, NODES
from lab.paths import STATE
from lab.shell import run

PKI = STATE / "pki"

_IDENTITIES: dict[str, tuple[str, str]] = {
    # file name → (common name, organisation): what the API server's bootstrap roles are bound to.
    "admin": ("lab-admin", "system:masters"),
    "apiserver-kubelet-client": ("kube-apiserver", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    **{node: (f"system:node:{node}", "system:nodes") for node in NODES},
}


def make() -> None:
    """Write the authority, every certificate and a kubeconfig for each identity."""
    PKI.mkdir(parents=True, mode=0o700)
    names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{CLUSTER_DOMAIN}"]
    sans = ",".join([f"IP:{GATEWAY}", f"IP:{API_SERVICE}", "IP:127.0.0.1", *(f"DNS:{name}" for name in names)])
    new_key = "openssl ecparam -name prime256v1 -genkey -noout -out"
    lines = [
        f"{new_key} ca.key",
        "openssl req -x509 -new -key ca.key -days 365 -subj /CN=nim-lab -out ca.crt",
        f"{new_key} service-accounts.key",
        "openssl ec -in service-accounts.key -pubout -out service-accounts.pub",
    ]
    wanted = {"apiserver": ("kube-apiserver", ""), **_IDENTITIES}
    for file, (common_name, organisation) in wanted.items():
        subject = f"/CN={common_name}" + (f"/O={organisation}" if organisation else "")
        extension = f"subjectAltName={sans}" if file == "apiserver" else "extendedKeyUsage=clientAuth"
        lines += [
            f"{new_key} {file}.key",
            f"openssl req -new -key {file}.key -subj '{subject}' -out {file}.csr",
            f"printf '{extension}' > {file}.ext",
            f"openssl x509 -req -in {file}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 "
            f"-extfile {file}.ext -out {file}.crt",
            f"rm {file}.csr {file}.ext",
        ]
    script = "mount --bind " + f"{PKI} {rootfs.ensure('node')}/mnt && chroot {rootfs.ensure('node')} "
    script += "sh -ec 'cd /mnt; " + "; ".join(line.replace("'", "'\\''") for line in lines) + "'"
    run(["unshare", "--mount", "sh", "-ec", script])
    for file in _IDENTITIES:
        _kubeconfig(file)


def _kubeconfig(identity: str) -> None:
    def data(name: str) -> str:
        return base64.b64encode((PKI / name).read_bytes()).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "nim-lab",
        "clusters": [{"name": "nim-lab", "cluster": {"server": API_URL, "certificate-authority-data": data("ca.crt")}}],
        "users": [
            {
                "name": identity,
                "user": {
                    "client-certificate-data": data(f"{identity}.crt"),
                    "client-key-data": data(f"{identity}.key"),
                },
            }
        ],
        "contexts": [{"name": "nim-lab", "context": {"cluster": "nim-lab", "user": identity}}],
    }
    path = kubeconfig(identity)
    path.write_text(json.dumps(document, indent=1))
    path.chmod(0o600)


def kubeconfig(identity: str = "admin") -> Path:
    """The kubeconfig of one identity (JSON, which is YAML); the administrator's lies where people look for it."""
    return STATE / "kubeconfig" if identity == "admin" else PKI / f"{identity}.kubeconfig"
