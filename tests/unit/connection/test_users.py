"""Users of a kubeconfig without a plugin: tokens, passwords, impersonation."""

from pathlib import Path
from typing import Any

import pytest

from nim_stack.operations.cluster.errors import ClusterUnreachableError
from tests.unit.connection.connecting import reader, refusal, trusting
from tests.unit.fake_cluster import (
    Authority,
    FakeCluster,
    kubeconfig,
)


def test_an_auth_provider_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1", {"auth-provider": {"name": "gcp"}}))
    assert "auth-provider gcp is not supported, a credential plugin (exec) is. Run `kubectl proxy`" in str(found)


def test_a_token_file_is_read_at_each_request(fake: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one\n")
    where = trusting(authority)
    seen = reader(tmp_path, kubeconfig(fake.url, {"tokenFile": "token", "token": "old"}, **where))
    seen.clock()
    (tmp_path / "token").write_text("two\n")
    seen.clock()
    assert [headers["authorization"] for headers in fake.headers] == ["Bearer one", "Bearer two"]
    (tmp_path / "token").unlink()
    with pytest.raises(ClusterUnreachableError, match=r"tokenFile .*token: No such file"):
        seen.clock()


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        pytest.param({"username": "a", "password": "b"}, {"authorization": "Basic YTpi"}, id="user and password"),
        pytest.param(
            {"token": "t", "as": "jane", "as-uid": "7", "as-user-extra": {"a/b": ["c"]}},
            {
                "authorization": "Bearer t",
                "impersonate-user": "jane",
                "impersonate-uid": "7",
                "impersonate-extra-a%2fb": "c",
            },
            id="impersonation",
        ),
        pytest.param({}, {}, id="no credentials"),
    ],
)
def test_who_the_user_is_goes_into_the_headers(
    fake: FakeCluster, authority: Authority, tmp_path: Path, user: dict[str, Any], sent: dict[str, str]
) -> None:
    where = trusting(authority)
    reader(tmp_path, kubeconfig(fake.url, user, **where)).clock()
    found = {name: value for name, value in fake.headers[-1].items() if name.startswith(("author", "impersonate"))}
    assert found == sent


def test_every_group_of_an_impersonation_is_sent(fake: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    user = {"token": "t", "as": "jane", "as-groups": ["dev", "ops"]}
    seen = reader(tmp_path, kubeconfig(fake.url, user, **trusting(authority)))
    assert seen._client.headers.get_list("Impersonate-Group") == ["dev", "ops"]
