"""The one door to hubspot-api-client: the SDK builds each request, `wire` sends it, and we read the answer strictly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import hubspot

from leadsync.connector import Usage
from leadsync.errors import Ambiguous, Rejected, TryAgain, Unreadable
from leadsync.retry import retrying
from leadsync_hubspot.refusals import Answer
from leadsync_hubspot.settings import HubSpotSettings
from leadsync_hubspot.wire import Wire

Json = dict[str, Any]
USER_AGENT = "leadsync"
TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105  an address
OK, CREATED, PARTLY, EMPTY = 200, 201, 207, 204
NOT_FOUND = "OBJECT_NOT_FOUND"
"""Category of the one error that a read may have: a record, or an association, that is not there."""


class Refused(Unreadable):
    """A read that HubSpot understood and refused: what is asked for is not there, or not to be had."""


class Client:
    """HubSpot's endpoints as leadsync uses them, each giving the decoded body. Reads repeat what failed in passing."""

    def __init__(self, settings: HubSpotSettings, usage: Usage, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings, self._sleep = settings, sleep
        self.wire = Wire(settings, usage)
        self._apis: dict[tuple[str, str], Any] = {}
        token = settings.token.get_secret_value()
        self._sdk: Any = hubspot.Client.create(access_token=token, api_factory=self._api)

    def _api(self, package: Any, name: str, config: Mapping[str, Any]) -> Any:
        """The SDK's hook: one API object per class, all of them on our wire."""
        key = (str(package.__name__), name)
        if key not in self._apis:
            configuration = package.Configuration()
            configuration.host, configuration.access_token = self._settings.url, config["access_token"]
            inner = package.ApiClient(configuration=configuration)
            inner.user_agent = USER_AGENT
            inner.request = self.wire.send
            self._apis[key] = getattr(package, name)(api_client=inner)
        return self._apis[key]

    @property
    def server_time(self) -> datetime:
        """The server's clock at its last answer; raises Unreadable when it never told."""
        if self.wire.server_time is None:
            raise Unreadable("HubSpot's answers carry no Date header, so it is not known up to when they are complete")
        return self.wire.server_time

    def close(self) -> None:
        """Close the connections."""
        self.wire.close()

    def _read(self, call: Callable[..., Any], *args: object, good: Sequence[int] = (OK,), **options: Any) -> Json:
        def once() -> Json:
            answer: Answer = call(*args, _preload_content=False, **options)
            return _whole(decoded(answer, good))

        try:
            return retrying(once, sleep=self._sleep)
        except Rejected as refusal:
            raise Refused(f"HubSpot refused a read: {refusal}") from refusal

    def _write(self, call: Callable[..., Any], *args: object, good: Sequence[int], **options: Any) -> Json:
        def once() -> Json:
            answer: Answer = call(*args, _preload_content=False, **options)
            try:
                return decoded(answer, good)
            except Unreadable as problem:
                raise Ambiguous(f"a write was answered with something else than its result: {problem}") from None

        return retrying(once, sleep=self._sleep)

    # ---- records

    def search(self, kind: str, body: Json) -> Json:
        """One page of a search: {"total", "results", "paging"?}."""
        return _with_results(self._read(self._sdk.crm.objects.search_api.do_search, kind, body))

    def page(self, kind: str, **query: Any) -> Json:
        """One page of the list of an object type: {"results", "paging"?}."""
        return _with_results(self._read(self._sdk.crm.objects.basic_api.get_page, kind, **query))

    def batch_read(self, kind: str, body: Json) -> Json:
        """Up to 100 records by id or unique property: {"results", "errors"?}."""
        return _with_results(self._read(self._sdk.crm.objects.batch_api.read, kind, body, good=(OK, PARTLY)))

    def batch_update(self, kind: str, body: Json) -> Json:
        """Change up to 100 records by id."""
        return _written(self._write(self._sdk.crm.objects.batch_api.update, kind, body, good=(OK, PARTLY)))

    def batch_upsert(self, kind: str, body: Json) -> Json:
        """Create or change up to 100 records by a unique property."""
        return _written(self._write(self._sdk.crm.objects.batch_api.upsert, kind, body, good=(OK, PARTLY)))

    # ---- associations

    def associated(self, kind: str, other: str, inputs: Sequence[Json]) -> Json:
        """What up to 1,000 records are associated with: {"results": [{"from", "to", "paging"?}]}. `inputs`: {"id"}, and
        "after" where a record's associations are gone on with."""
        body = {"inputs": list(inputs)}
        call = self._sdk.crm.associations.v4.batch_api.get_page
        return _with_results(self._read(call, kind, other, body, good=(OK, PARTLY)))

    def associate(self, kind: str, other: str, body: Json) -> Json:
        """Associate records plainly; doing it twice changes nothing."""
        call = self._sdk.crm.associations.v4.batch_api.create_default
        return _written(self._write(call, kind, other, body, good=(OK, CREATED, PARTLY)))

    # ---- lists

    def list_details(self, ident: str) -> Json:
        """What a list is: {"listId", "name", "objectTypeId", "processingType", "size"?}."""
        found = self._read(self._sdk.crm.lists.lists_api.get_by_id, ident).get("list")
        if not isinstance(found, dict):
            raise Unreadable("HubSpot answered 200 without the list that was asked for")
        return found

    def list_members(self, ident: str, **query: Any) -> Json:
        """One page of who is on a list: {"results": [{"recordId"}], "paging"?}."""
        return _with_results(self._read(self._sdk.crm.lists.memberships_api.get_page, ident, **query))

    def change_list(self, ident: str, add: Sequence[str], remove: Sequence[str]) -> Json:
        """Put records on a list and take others off it; doing it twice changes nothing."""
        body = {"recordIdsToAdd": list(add), "recordIdsToRemove": list(remove)}
        return self._write(self._sdk.crm.lists.memberships_api.add_and_remove, ident, body, good=(OK,))

    # ---- definitions

    def properties(self, kind: str) -> Json:
        """All properties of an object type."""
        return _with_results(self._read(self._sdk.crm.properties.core_api.get_all, kind))

    def create_properties(self, kind: str, body: Json) -> Json:
        """Create up to 100 properties."""
        return self._write(self._sdk.crm.properties.batch_api.create, kind, body, good=(OK, CREATED, PARTLY))

    def update_property(self, kind: str, name: str, body: Json) -> Json:
        """Change the definition of a property."""
        return self._write(self._sdk.crm.properties.core_api.update, kind, name, body, good=(OK,))

    def groups(self, kind: str) -> Json:
        """All property groups of an object type."""
        return _with_results(self._read(self._sdk.crm.properties.groups_api.get_all, kind))

    def create_group(self, kind: str, body: Json) -> Json:
        """Create a property group."""
        return self._write(self._sdk.crm.properties.groups_api.create, kind, body, good=(OK, CREATED))

    # ---- touchpoints and the account

    def forms(self, **query: Any) -> Json:
        """One page of the account's forms."""
        return _with_results(self._read(self._sdk.marketing.forms.forms_api.get_page, **query))

    def submissions(self, guid: str, **query: Any) -> Json:
        """One page of a form's submissions, the newest first; an endpoint the SDK does not know."""
        return _with_results(self._get(f"/form-integrations/v1/submissions/forms/{guid}", query))

    def account(self) -> Json:
        """The account's details: portalId, timeZone, uiDomain …"""
        return self._get("/account-info/v3/details", {})

    def usage(self) -> Json:
        """The day's requests of all private apps and service keys: {"results": [{"usageLimit", "currentUsage"}]}."""
        return _with_results(self._get("/account-info/v3/api-usage/daily/private-apps", {}))

    def token_info(self) -> Json:
        """What a static token stands for: {"hubId", "appId", "userId", "scopes"}; OAuth's are not known there."""
        return self._ask("POST", TOKEN_INFO, body={"tokenKey": self._settings.token.get_secret_value()})

    def _get(self, path: str, query: Mapping[str, object]) -> Json:
        return self._ask("GET", path, query_params=list(query.items()))

    def _ask(self, method: str, path: str, **how: Any) -> Json:
        """A read by the SDK's client, with its authorisation."""
        inner = self._sdk.crm.objects.basic_api.api_client
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return self._read(inner.call_api, path, method, header_params=headers, auth_settings=["oauth2"], **how)


def decoded(answer: Answer, good: Sequence[int]) -> Json:
    """The body of an answer of a promised status; raises Unreadable for any other and for any other body."""
    if answer.status not in good:
        raise Unreadable(f"HubSpot answered {answer.status} where its API promises {' or '.join(map(str, good))}")
    return answer.json()


def _whole(found: Json) -> Json:
    """A read that lacks nothing but what is not there: a record left out for another reason must not pass for gone."""
    errors = found.get("errors") or []
    if not isinstance(errors, list) or not all(isinstance(e, dict) for e in errors):
        raise Unreadable("HubSpot answered a read with errors that are not understood")
    others = {str(e.get("category")) for e in errors} - {NOT_FOUND}
    if others:
        raise TryAgain(f"HubSpot read only a part of what was asked for (207 {', '.join(sorted(others))})")
    return found


def _with_results(found: Json) -> Json:
    """A body whose `results` are there and are a list of objects; anything else must not pass for "no more"."""
    results = found.get("results")
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise Unreadable(f"HubSpot answered 200 without a list of results (keys: {', '.join(sorted(found)) or 'none'})")
    return found


def _written(found: Json) -> Json:
    try:
        return _with_results(found)
    except Unreadable as problem:
        raise Ambiguous(f"a write was answered with something else than its result: {problem}") from None
