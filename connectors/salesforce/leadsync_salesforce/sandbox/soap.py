"""The SOAP API as far as REST has no call for it: converting leads, merging, undeleting, and the login that is going.

login() is off in new orgs, and does not exist from v65 on; the setting `soap_login` switches it on for versions before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from leadsync.sandbox import Reply, Request
from leadsync_salesforce.sandbox.about import NEWEST, OLDEST
from leadsync_salesforce.sandbox.dml import Actor, undelete
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.lifecycle import Conversion, convert, merge
from leadsync_salesforce.sandbox.markup import HEAD, XSI, elements, local, parsed, text_of, texts
from leadsync_salesforce.sandbox.org import ORG_ID

if TYPE_CHECKING:
    from leadsync_salesforce.sandbox.server import SalesforceSandbox

PATH = re.compile(r"/services/soap/[uc]/(\d+)\.0(?:/\w*)?/?\Z", re.IGNORECASE)
LAST_LOGIN = 64
"""The last version that has login(); Salesforce help, "SOAP API login() Call is Being Retired"."""
SPACES = {"u": "partner", "c": "enterprise"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A call: its element, who makes it, and the version and dialect of the address."""

    sandbox: SalesforceSandbox
    request: Request
    call: Element
    version: int
    actor: Actor | None


class Fault(Exception):
    """A refusal of the call as a whole, answered with 500."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def answer(sandbox: SalesforceSandbox, request: Request) -> Reply:
    """Answer a POST to /services/Soap/u/XX.0 or /services/Soap/c/XX.0."""
    dialect = SPACES["c" if "/c/" in request.path.lower() else "u"]
    try:
        name, results = _done(sandbox, request)
        inner = "".join(f"<result>{elements(result)}</result>" for result in results)
        return _envelope(200, dialect, f"<{name}Response>{inner}</{name}Response>")
    except Fault as refused:
        return _fault(refused, dialect)
    except ApiError as refused:
        return _fault(Fault(refused.code, refused.message), dialect)


def _done(sandbox: SalesforceSandbox, request: Request) -> tuple[str, list[dict[str, Any]]]:
    found = PATH.match(request.path)
    if found is None or not OLDEST <= int(found.group(1)) <= NEWEST:
        raise Fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    root = parsed(request.body)
    body = None if root is None else next((part for part in root if local(part) == "Body"), None)
    if root is None or body is None or len(body) != 1:
        raise Fault("UNKNOWN_EXCEPTION", "The request is no SOAP envelope with one call in its body")
    name, version = local(body[0]), int(found.group(1))
    if name == "login":
        return name, [_login(sandbox, request, body[0], version)]
    if name not in CALLS:
        raise Fault("INVALID_OPERATION", f"{name} is not served here; there are {', '.join(sorted(CALLS))} and login")
    session = sandbox.logins.session_of(text_of(root, "sessionId"))
    if session is None:
        raise Fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
    sandbox.spend()
    return name, CALLS[name](Envelope(sandbox, request, body[0], version, Actor(session.user)))


def _login(sandbox: SalesforceSandbox, request: Request, call: Element, version: int) -> dict[str, Any]:
    if version > LAST_LOGIN:
        raise Fault("UNSUPPORTED_API_VERSION", f"login() is not available in API version {version}.0")
    if not sandbox.org.settings.soap_login:
        raise Fault("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.")
    given = texts(call)
    user = sandbox.logins.with_token(given.get("username", ""), given.get("password", ""))
    if user is None:
        text = "Invalid username, password, security token; or user locked out."
        raise Fault("INVALID_LOGIN", text)
    session = sandbox.logins.open(user, "soap")
    return {
        "metadataServerUrl": f"{request.base_url}/services/Soap/m/{version}.0/{ORG_ID[:15]}",
        "passwordExpired": False,
        "sandbox": True,
        "serverUrl": f"{request.base_url}/services/Soap/u/{version}.0/{ORG_ID[:15]}",
        "sessionId": session,
        "userId": user,
        "userInfo": _user_info(sandbox, user),
    }


def _user_info(sandbox: SalesforceSandbox, user: str) -> dict[str, Any]:
    row = sandbox.org.tables["User"].rows[user]
    return {
        "organizationId": ORG_ID,
        "organizationName": "Sandbox",
        "profileId": row.get("ProfileId"),
        "sessionSecondsValid": int(sandbox.org.settings.session_seconds),
        "userEmail": row.get("Email"),
        "userFullName": row.get("Name"),
        "userId": user,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": row.get("Username"),
        "userTimeZone": "GMT",
        "userType": "Standard",
    }


def _each(envelope: Envelope, name: str, act: Callable[[Element], dict[str, Any]]) -> list[dict[str, Any]]:
    """One result for each element of that name; one that is refused hurts no other."""
    results = []
    for one in (part for part in envelope.call if local(part) == name):
        try:
            results.append({**act(one), "success": True})
        except ApiError as refused:
            error = {"fields": list(refused.fields or ()), "message": refused.message, "statusCode": refused.code}
            results.append({"errors": error, "success": False})
    return results


def _actor(envelope: Envelope) -> Actor:
    assert envelope.actor is not None, "only login() is made without a session"
    return envelope.actor


def _convert_lead(envelope: Envelope) -> list[dict[str, Any]]:
    """convertLead(): without doNotCreateOpportunity an opportunity is made too."""

    def one(element: Element) -> dict[str, Any]:
        given = texts(element)
        without = given.get("doNotCreateOpportunity", "false").lower() == "true"
        made = convert(
            envelope.sandbox.org,
            _actor(envelope),
            Conversion(
                lead=given.get("leadId", ""),
                account=given.get("accountId", ""),
                contact=given.get("contactId", ""),
                status=given.get("convertedStatus", ""),
                opportunity=None if without else given.get("opportunityName", ""),
                overwrite_source=given.get("overwriteLeadSource", "false").lower() == "true",
            ),
        )
        ids = {name: made.get(name) for name in ("accountId", "contactId", "leadId", "opportunityId")}
        return {**ids, "relatedPersonAccountId": None}

    return _each(envelope, "leadConverts", one)


def _merge(envelope: Envelope) -> list[dict[str, Any]]:
    """merge(): the record to keep, and up to two to merge into it."""

    def one(element: Element) -> dict[str, Any]:
        master = next((part for part in element if local(part) == "masterRecord"), None)
        losers = [(part.text or "").strip() for part in element if local(part) == "recordToMergeIds"]
        given = texts(master) if master is not None else {}
        kept = merge(envelope.sandbox.org, _actor(envelope), given.get("type", ""), given.get("Id", ""), losers)
        return {"id": kept, "mergedRecordIds": losers, "updatedRelatedIds": []}

    return _each(envelope, "request", one)


def _undelete(envelope: Envelope) -> list[dict[str, Any]]:
    """undelete(): out of the recycle bin."""

    def one(element: Element) -> dict[str, Any]:
        ident = (element.text or "").strip()
        obj = envelope.sandbox.org.object_of(ident)
        if obj is None:
            raise ApiError("MALFORMED_ID", f"malformed id {ident}", fields=[])
        undelete(envelope.sandbox.org, _actor(envelope), obj, ident)
        return {"id": ident}

    return _each(envelope, "ids", one)


def _logout(envelope: Envelope) -> list[dict[str, Any]]:
    root = parsed(envelope.request.body)
    envelope.sandbox.logins.sessions.pop("" if root is None else text_of(root, "sessionId"), None)
    return []


CALLS: Mapping[str, Callable[[Envelope], list[dict[str, Any]]]] = MappingProxyType(
    {
        "convertLead": _convert_lead,
        "merge": _merge,
        "undelete": _undelete,
        "logout": _logout,
        "getUserInfo": lambda e: [_user_info(e.sandbox, _actor(e).user)],
        "getServerTimestamp": lambda e: [{"timestamp": f"{e.sandbox.clock():%Y-%m-%dT%H:%M:%S.000Z}"}],
    }
)
"""What is served with a session, by the name of the call."""


def _envelope(status: int, dialect: str, body: str) -> Reply:
    space = f'xmlns="urn:{dialect}.soap.sforce.com" xmlns:xsi="{XSI}"'
    text = (
        f'{HEAD}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {space} '
        f'xmlns:sf="urn:fault.{dialect}.soap.sforce.com"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    )
    return Reply(status, text.encode(), {"content-type": "text/xml; charset=utf-8"})


def _fault(refused: Fault, dialect: str) -> Reply:
    told = elements({"faultcode": f"sf:{refused.code}", "faultstring": f"{refused.code}: {refused.message}"})
    detail = elements({"sf:exceptionCode": refused.code, "sf:exceptionMessage": refused.message})
    kind = "LoginFault" if refused.code == "INVALID_LOGIN" else "UnexpectedErrorFault"
    inner = f"{told}<detail><sf:{kind}>{detail}</sf:{kind}></detail>"
    return _envelope(500, dialect, f"<soapenv:Fault>{inner}</soapenv:Fault>")
