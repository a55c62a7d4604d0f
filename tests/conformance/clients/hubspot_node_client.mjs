// @hubspot/api-client at real work against an account; prints what came through as JSON.
import { Client } from "@hubspot/api-client";

const [url, accessToken] = process.argv.slice(2);
const client = new Client({ accessToken, basePath: url, numberOfApiCallRetries: 3 });
const { contacts, companies } = client.crm;
const out = {};

const all = await contacts.getAll(100, undefined, ["email"], undefined, ["companies"]);
out.contacts = Object.fromEntries(all.map((found) => [found.id, found.properties.email]));
out.tied = all.filter((found) => found.associations?.companies?.results.length > 0).length;
out.dates = all.every((found) => found.createdAt instanceof Date && found.updatedAt >= found.createdAt);
const search = await contacts.searchApi.doSearch({
  filterGroups: [{ filters: [{ propertyName: "email", operator: "CONTAINS_TOKEN", value: "*@siemens.com" }] }],
  properties: ["email"],
  limit: 100,
  after: "0",
  sorts: ["-createdate"],
});
out.searched = search.results.map((found) => found.properties.email).sort();

const made = await contacts.basicApi.create({ properties: { email: "node@conformance.example" }, associations: [] });
out.made = made.id;
await contacts.basicApi.update(made.id, { properties: { phone: "1", firstname: "N" } });
const read = await contacts.basicApi.getById(made.id, ["phone"], ["phone"]);
out.history = read.propertiesWithHistory.phone.map((entry) => entry.value);
const batch = await contacts.batchApi.create({
  inputs: [0, 1, 2].map((n) => ({ properties: { email: `n${n}@conformance.example` }, associations: [] })),
});
out.batch = batch.results.map((found) => found.properties.email).sort();
const half = await contacts.batchApi.read({
  inputs: [{ id: made.id }, { id: "999999" }],
  properties: ["email"],
  propertiesWithHistory: [],
});
out.half = [half.results.length, half.numErrors, half.errors?.[0].category];
const company = await companies.basicApi.create({ properties: { name: "Node", domain: "node.conformance.example" }, associations: [] });
await client.crm.associations.v4.basicApi.createDefault("contacts", made.id, "companies", company.id);
const ties = await client.crm.associations.v4.basicApi.getPage("contacts", made.id, "companies");
out.ties = [ties.results[0].toObjectId, ties.results[0].associationTypes.map((kind) => kind.typeId).sort()];
out.company = company.id;
await contacts.batchApi.archive({ inputs: batch.results.map((found) => ({ id: found.id })) });
out.archived = (await contacts.basicApi.getPage(100, undefined, ["email"], undefined, undefined, true)).results.length;
out.owners = (await client.crm.owners.ownersApi.getPage()).results.map((owner) => owner.email).sort();
const prop = await client.crm.properties.coreApi.create("contacts", {
  name: "node_prop", label: "Node", type: "enumeration", fieldType: "select", groupName: "contactinformation",
  options: [{ label: "A", value: "a", displayOrder: 0, hidden: false }],
});
out.options = prop.options.map((option) => option.value);
out.pipelines = (await client.crm.pipelines.pipelinesApi.getAll("deals")).results[0].stages.length > 3;
out.lists = (await client.crm.lists.listsApi.doSearch({ listIds: [], offset: 0, processingTypes: [], additionalProperties: [] })).total;

await fetch(`${url}/__sandbox__/faults`, {
  method: "POST",
  body: JSON.stringify({ match: { path: "/contacts/search" }, times: 1, action: { kind: "named", name: "search_limit" } }),
});
const again = await contacts.searchApi.doSearch({ filterGroups: [], properties: [], limit: 1, after: "0", sorts: [] });
out.retried = again.total;
out.refusals = [];
for (const attempt of [
  () => contacts.basicApi.create({ properties: { email: "node@conformance.example" }, associations: [] }),
  () => contacts.basicApi.getById("999999"),
  () => contacts.basicApi.update(made.id, { properties: { node_prop: "z" } }),
]) {
  try {
    await attempt();
    out.refusals.push([0, "none"]);
  } catch (error) {
    out.refusals.push([error.code, error.body?.category]);
  }
}
process.stdout.write(JSON.stringify(out));
