"""HubSpot's own new SDK at real work; prints what came through, and where an answer does not fit the SDK's models."""

import json
import sys

import hubspot_sdk._base_client as base
import pydantic
from hubspot_sdk import HubSpot
from hubspot_sdk._exceptions import BadRequestError, ConflictError, NotFoundError

misfits = set()
_validate = base.validate_type


def watching(*, type_, value):
    """The SDK's own strict check, which only takes notes here instead of raising."""
    try:
        return _validate(type_=type_, value=value)
    except pydantic.ValidationError as error:
        for found in error.errors():
            if not (found["input"] is None and "properties" in found["loc"]):  # null values, which the API really sends
                place = ".".join("*" if isinstance(part, int) else str(part) for part in found["loc"])
                misfits.add(f"{getattr(type_, '__name__', type_)}: {place}: {found['type']}")
        return base.construct_type(type_=type_, value=value)


base.validate_type = watching

client = HubSpot(access_token=sys.argv[1], max_retries=0, _strict_response_validation=True)
crm, contacts = client.crm, client.crm.objects.contacts
out = {}

pages = contacts.list(limit=100, properties=["email", "firstname"], associations=["companies"])
out["contacts"] = {c.id: c.properties.get("email") for c in pages}
found = contacts.search(
    after="0",
    filter_groups=[{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}],
    limit=200,
    properties=["email"],
    sorts=["createdate"],
)
out["searched"] = found.total

made = contacts.create(properties={"email": "sdk@conformance.example", "firstname": "S"}, associations=[])
out["made"] = made.id
changed = contacts.update(made.id, properties={"lastname": "Dk", "firstname": ""})
out["cleared"] = changed.properties["firstname"]
read = contacts.get(made.id, properties=["firstname", "lastname"], properties_with_history=["firstname"])
out["history"] = [entry.value for entry in read.properties_with_history["firstname"]]
out["by email"] = contacts.get("sdk@conformance.example", id_property="email").id

batch = contacts.batch.get(
    inputs=[{"id": made.id}], properties=["email"], properties_with_history=[], id_property="hs_object_id"
)
out["batch read"] = [c.properties["email"] for c in batch.results]
upserted = contacts.batch.upsert(
    inputs=[{"id": "sdk@conformance.example", "idProperty": "email", "properties": {"phone": "1"}}]
)
out["upserted new"] = [c.new for c in upserted.results]
batch = contacts.batch.create(
    inputs=[{"properties": {"email": f"b{n}@conformance.example"}, "associations": []} for n in range(3)]
)
out["batch made"] = sorted(c.properties["email"] for c in batch.results)
contacts.batch.update(inputs=[{"id": c.id, "properties": {"city": "Ulm"}} for c in batch.results])
contacts.batch.delete(inputs=[{"id": batch.results[0].id}])
out["archived"] = [c.id for c in contacts.list(archived=True)]
merged = contacts.merge(primary_object_id=batch.results[1].id, object_id_to_merge=batch.results[2].id)
out["merged"] = merged.id
contacts.gdpr_delete(object_id=merged.id)

company = crm.objects.companies.create(
    properties={"name": "Conformance", "domain": "conformance.example"}, associations=[]
)
ties = crm.associations
ties.create(company.id, from_object_type="contacts", from_object_id=made.id, to_object_type="companies")
read = ties.batch.get("companies", from_object_type="contacts", inputs=[{"id": made.id}])
out["tied to"] = [to.to_object_id for result in read.results for to in result.to]
out["company"] = company.id
out["ties"] = sorted(
    {
        kind.type_id
        for found in ties.list("companies", object_type="contacts", object_id=made.id)
        for kind in found.association_types
    }
)
ties.delete(company.id, object_type="contacts", object_id=made.id, to_object_type="companies")
out["untied"] = len(list(ties.list("companies", object_type="contacts", object_id=made.id)))

listed = crm.lists.create(name="Conformance", object_type_id="0-1", processing_type="MANUAL").list
crm.lists.add_memberships(listed.list_id, body=[made.id])
out["members"] = [member.record_id for member in crm.lists.list_memberships(listed.list_id)]
out["lists"] = [
    found.name
    for found in crm.lists.list_by_search(
        count=10, list_ids=[], offset=0, processing_types=["MANUAL"], query="Conf"
    ).lists
]
crm.lists.delete(listed.list_id)

for kind in ("companies", "deals", "tickets", "leads", "notes", "calls", "emails", "meetings", "tasks"):
    found = getattr(crm.objects, kind).list(limit=100)
    out.setdefault("counts", {})[kind] = sum(1 for _ in found)

prop = crm.properties.create(
    "contacts",
    name="conformance",
    label="Conformance",
    type="string",
    field_type="text",
    group_name="contactinformation",
)
out["property"] = prop.name
out["properties"] = len(crm.properties.list("contacts").results)
out["groups"] = [g.name for g in crm.properties.groups.list("contacts").results]
crm.properties.delete("conformance", object_type="contacts")
out["owners"] = sorted(o.email for o in crm.owners.list(limit=100))
out["pipelines"] = [p.id for p in crm.pipelines.list("deals").results]
out["account"] = client.account.get().portal_id

refusals = {}
for name, kind, call in (
    (
        "conflict",
        ConflictError,
        lambda: contacts.create(properties={"email": "sdk@conformance.example"}, associations=[]),
    ),
    ("missing", NotFoundError, lambda: contacts.get("999999999")),
    ("invalid", BadRequestError, lambda: contacts.update(made.id, properties={"nonsense": "1"})),
):
    try:
        call()
    except kind as error:
        refusals[name] = error.body.get("category") if isinstance(error.body, dict) else None
out["refusals"], out["misfits"] = refusals, sorted(misfits)
sys.stdout.write(json.dumps(out))
