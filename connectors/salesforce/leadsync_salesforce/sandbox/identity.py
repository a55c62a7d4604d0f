"""Who a session's user is: the OpenID answer of /services/oauth2/userinfo, and that of the identity URL."""

from __future__ import annotations

from typing import Any

from leadsync_salesforce.sandbox.org import ORG_ID, Org
from leadsync_salesforce.sandbox.table import Row

_URLS = {
    "enterprise": "services/Soap/c/{version}/" + ORG_ID[:15],
    "metadata": "services/Soap/m/{version}/" + ORG_ID[:15],
    "partner": "services/Soap/u/{version}/" + ORG_ID[:15],
    "rest": "services/data/v{version}/",
    "sobjects": "services/data/v{version}/sobjects/",
    "search": "services/data/v{version}/search/",
    "query": "services/data/v{version}/query/",
    "recent": "services/data/v{version}/recent/",
    "tooling_soap": "services/Soap/T/{version}/" + ORG_ID[:15],
    "tooling_rest": "services/data/v{version}/tooling/",
    "profile": "{user}",
    "feeds": "services/data/v{version}/chatter/feeds",
    "groups": "services/data/v{version}/chatter/groups",
    "users": "services/data/v{version}/chatter/users",
    "feed_items": "services/data/v{version}/chatter/feed-items",
    "feed_elements": "services/data/v{version}/chatter/feed-elements",
}


def _urls(user: str, base: str) -> dict[str, str]:
    """As Salesforce writes them: the client puts the version in."""
    return {name: f"{base}/{path.replace('{user}', user)}" for name, path in _URLS.items()} | {"custom_domain": base}


def _common(org: Org, user: str, base: str) -> dict[str, Any]:
    row = org.tables["User"].rows[user]
    return {
        "user_id": user,
        "organization_id": ORG_ID,
        "email": row.get("Email"),
        "email_verified": True,
        "photos": {"picture": f"{base}/profilephoto/005/F", "thumbnail": f"{base}/profilephoto/005/T"},
        "urls": _urls(user, base),
        "active": row.get("IsActive") is not False,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "is_app_installed": True,
    }


def _nick(row: Row) -> str:
    return str(row.get("Username")).partition("@")[0]


def userinfo(org: Org, user: str, base: str) -> dict[str, Any]:
    """The OpenID Connect claims; Salesforce help, "UserInfo Endpoint"."""
    row = org.tables["User"].rows[user]
    return {
        "sub": f"{base}/id/{ORG_ID}/{user}",
        "preferred_username": row.get("Username"),
        "nickname": _nick(row),
        "name": row.get("Name"),
        "given_name": row.get("FirstName"),
        "family_name": row.get("LastName"),
        "zoneinfo": "GMT",
        "profile": f"{base}/{user}",
        "picture": f"{base}/profilephoto/005/F",
        "address": {},
        "updated_at": row.get("SystemModstamp"),
        **_common(org, user, base),
    }


def identity(org: Org, user: str, base: str) -> dict[str, Any]:
    """The answer of the identity URL; Salesforce help, "Identity URL Response"."""
    row = org.tables["User"].rows[user]
    return {
        "id": f"{base}/id/{ORG_ID}/{user}",
        "asserted_user": True,
        "username": row.get("Username"),
        "nick_name": _nick(row),
        "display_name": row.get("Name"),
        "first_name": row.get("FirstName"),
        "last_name": row.get("LastName"),
        "timezone": "GMT",
        **dict.fromkeys(("addr_street", "addr_city", "addr_state", "addr_country", "addr_zip", "mobile_phone")),
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "last_modified_date": row.get("SystemModstamp"),
        **_common(org, user, base),
    }
