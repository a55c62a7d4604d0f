"""Logging in by either flow: what is refused names the setting, and a token that is none is no token."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from tests.connectors.salesforce.conftest import NOW, Connect
from tests.connectors.salesforce.test_salesforce_refusals import pull

from leadsync.errors import Misconfigured, Unreadable
from leadsync.sandbox import SandboxClock, Serving
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox, SalesforceSettings


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"client_id": "nobody"}, "`client_id`"),
        ({"client_secret": SecretStr("wrong-secret")}, "`client_secret`"),
    ],
)
def test_a_refused_login_names_the_setting(given: dict[str, object], setting: str, connect: Connect) -> None:
    with pytest.raises(Misconfigured, match=setting) as refused:
        pull(connect(**given))
    assert "wrong-secret" not in str(refused.value)


def test_a_login_page_instead_of_a_token_is_no_token(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.faults.add({"match": {"path": "oauth2"}, "action": {"kind": "named", "name": "MAINTENANCE_PAGE"}})
    with pytest.raises(Unreadable, match="login"):
        pull(crm)


@pytest.mark.parametrize("body", ["{}", '{"access_token": null, "instance_url": "http://x"}', "[]"])
def test_a_token_that_is_none_is_refused(body: str, sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.faults.add({"match": {"path": "oauth2"}, "action": {"kind": "replace_body", "body": body}})
    with pytest.raises(Unreadable, match="login"):
        pull(crm)


@pytest.fixture(scope="module")
def key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture
def real_time() -> SalesforceSandbox:
    """The SDK stamps its assertions with this machine's time."""
    return SalesforceSandbox(SandboxClock(lambda: datetime.now(UTC)))


@pytest.mark.parametrize("audience", ["https://login.salesforce.com", "https://test.salesforce.com"])
def test_a_jwt_whose_signature_fits_opens_a_session(
    audience: str, key_pair: tuple[str, str], real_time: SalesforceSandbox
) -> None:
    real_time.seed({"settings": {"jwt_public_keys": {"sandbox-client": key_pair[1]}}})
    with Serving(real_time) as served:
        settings = SalesforceSettings(
            url=served.url,
            client_id="sandbox-client",
            username="person@sandbox.example",
            private_key=SecretStr(key_pair[0]),
            audience=audience,
        )
        crm = SalesforceCrm(settings, lambda: NOW)
        assert pull(crm) == 0
        crm.close()


@pytest.mark.parametrize(
    ("username", "audience", "what"),
    [
        ("person@sandbox.example", "https://elsewhere.salesforce.com", "audience"),
        ("nobody@sandbox.example", "https://login.salesforce.com", "username"),
    ],
)
def test_a_jwt_for_another_audience_or_user_is_refused(
    username: str, audience: str, what: str, key_pair: tuple[str, str], real_time: SalesforceSandbox
) -> None:
    real_time.seed({"settings": {"jwt_public_keys": {"sandbox-client": key_pair[1]}}})
    with Serving(real_time) as served:
        login = {"username": username, "private_key": SecretStr(key_pair[0]), "audience": audience}
        crm = SalesforceCrm(
            SalesforceSettings.model_validate({"url": served.url, "client_id": "sandbox-client", **login}), lambda: NOW
        )
        with pytest.raises(Misconfigured, match=what):
            pull(crm)
        crm.close()


def test_a_jwt_signed_with_another_key_is_refused(key_pair: tuple[str, str], real_time: SalesforceSandbox) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    real_time.seed({"settings": {"jwt_public_keys": {"sandbox-client": pem}}})
    with Serving(real_time) as served:
        login = {"username": "person@sandbox.example", "private_key": SecretStr(key_pair[0])}
        crm = SalesforceCrm(
            SalesforceSettings.model_validate({"url": served.url, "client_id": "sandbox-client", **login}), lambda: NOW
        )
        with pytest.raises(Misconfigured, match="private_key"):
            pull(crm)
        crm.close()
