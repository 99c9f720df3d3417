"""TLS: which server is trusted, by which name, and with which certificate a command shows who it is."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.connection.connecting import VERSION, data, reader, refusal, trusting
from tests.unit.fake_cluster import (
    NAME,
    Authority,
    FakeCluster,
    kubeconfig,
)


@pytest.mark.parametrize("as_data", [True, False], ids=["as data", "in a file"])
def test_the_authority_of_the_kubeconfig_is_trusted(
    fake: FakeCluster, authority: Authority, tmp_path: Path, as_data: bool
) -> None:
    where: dict[str, Any] = {"certificate_authority_data": data(authority.certificate)} if as_data else {}
    if not as_data:
        (tmp_path / "ca.pem").write_bytes(authority.certificate.read_bytes())
        where = {"certificate_authority": "ca.pem"}  # beside the kubeconfig
    assert reader(tmp_path, kubeconfig(fake.url, **where)).clock()[0] == VERSION
    assert fake.headers[-1]["authorization"] == "Bearer t"


def test_no_other_authority_is_trusted(fake: FakeCluster, tmp_path: Path) -> None:
    other = Authority.make(tmp_path / "other")
    for where in ({}, trusting(other)):
        found = refusal(tmp_path, kubeconfig(fake.url, **where))
        assert found.cause == "certificate"
        assert f"{fake.url} cannot be reached: its certificate is refused: " in str(found)
    assert fake.asked == []


def test_a_certificate_for_another_name_is_refused_and_said(
    inside: FakeCluster, authority: Authority, tmp_path: Path
) -> None:
    found = refusal(tmp_path, kubeconfig(inside.url, **trusting(authority)))
    assert found.cause == "certificate"
    assert "not valid for '127.0.0.1'" in str(found)


def test_tls_server_name_is_asked_for_and_checked(inside: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    where = trusting(authority)
    assert reader(tmp_path, kubeconfig(inside.url, tls_server_name=NAME, **where)).clock()[0] == VERSION
    assert inside.server_names[-1] == NAME
    found = refusal(tmp_path, kubeconfig(inside.url, tls_server_name="other.internal", **where))
    assert "not valid for 'other.internal'" in str(found)


def test_a_certificate_is_not_checked_where_the_kubeconfig_says_so(inside: FakeCluster, tmp_path: Path) -> None:
    assert reader(tmp_path, kubeconfig(inside.url, insecure_skip_tls_verify=True)).clock()[0] == VERSION


@pytest.mark.parametrize("as_data", [True, False], ids=["as data", "in a file"])
def test_a_client_certificate_is_shown(
    fake: FakeCluster, authority: Authority, tmp_path: Path, as_data: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.issue("jane", "extendedKeyUsage=clientAuth")
    fake.wants_certificate = True
    user = {"client-certificate": str(certificate), "client-key": str(key)}
    if as_data:
        user = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert reader(tmp_path, kubeconfig(fake.url, user, **trusting(authority))).clock()
    assert fake.clients[-1] == "jane"
    assert list((tmp_path / "temporary").iterdir()) == [], "the key is left in a file"


@pytest.mark.parametrize(
    ("user", "cluster", "words"),
    [
        pytest.param(
            {"client-certificate-data": "bm90IGEgY2VydA=="},
            {},
            "the user has only a client-certificate",
            id="a certificate without its key",
        ),
        pytest.param(
            {"client-certificate": "gone.crt", "client-key": "gone.key"},
            {},
            "client-certificate: No such file",
            id="a certificate in a file that is gone",
        ),
        pytest.param(
            {"client-certificate-data": "YQ==", "client-key-data": "YQ=="},
            {},
            "it is no PEM that OpenSSL takes",
            id="a certificate that is no PEM",
        ),
        pytest.param(
            {"client-certificate-data": "a", "client-key-data": "YQ=="},
            {},
            "client-certificate: it is not base64",
            id="a certificate that is not base64",
        ),
        pytest.param(
            {},
            {"certificate_authority": "gone.crt"},
            "gone.crt: No such file or directory",
            id="an authority in a file that is gone",
        ),
        pytest.param(
            {},
            {"certificate_authority_data": "YQ=="},
            "the certificate authority: ",
            id="an authority that is no certificate",
        ),
        pytest.param(
            {},
            {"certificate_authority": "x", "insecure_skip_tls_verify": True},
            "one of the two must go",
            id="an authority and no check at once",
        ),
    ],
)
def test_certificates_that_cannot_be_used_are_said(
    tmp_path: Path, user: dict[str, Any], cluster: dict[str, Any], words: str
) -> None:
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1", user, **cluster))
    assert found.cause == "kubeconfig"
    assert words in str(found)
