// jsforce at real work against an org; prints what came through as JSON.
import jsforce from "jsforce";

const [url, clientId, clientSecret] = process.argv.slice(2);
const out = {};
const conn = new jsforce.Connection({
  instanceUrl: url,
  loginUrl: url,
  version: "62.0",
  oauth2: { clientId, clientSecret, loginUrl: url },
});
await conn.authorize({ grant_type: "client_credentials" });
const identity = await conn.identity();
out.user = identity.user_id;
out.limits = (await conn.limits()).DailyApiRequests.Max > 0;
out.objects = (await conn.describeGlobal()).sobjects.map((found) => found.name).sort();
const described = await conn.describe("Lead");
out.fields = described.fields.length;

const all = [];
await new Promise((resolve, reject) => {
  conn
    .query("SELECT Id, Name, Email, Owner.Name FROM Lead WHERE IsConverted = false ORDER BY Id", { maxFetch: 10000, headers: { "Sforce-Query-Options": "batchSize=200" } })
    .on("record", (record) => all.push(record))
    .on("end", resolve)
    .on("error", reject)
    .run({ autoFetch: true, maxFetch: 10000 });
});
out.leads = Object.fromEntries(all.map((lead) => [lead.Id, lead.Email]));
out.owners = all.every((lead) => typeof lead.Owner.Name === "string");
out.found = (await conn.sobject("Lead").find({ Email: { $like: "%@siemens.com" } }, ["Id", "LastName"]).limit(500)).length;
out.counted = (await conn.query("SELECT COUNT() FROM Account")).totalSize;
const grouped = await conn.query("SELECT Status, COUNT(Id) n FROM Lead GROUP BY Status");
out.grouped = Object.fromEntries(grouped.records.map((row) => [row.Status, row.n]));

const lead = conn.sobject("Lead");
const made = await lead.create({ LastName: "Jsforce", Company: "Conformance", Email: "js@conformance.example" });
out.made = made.id;
await lead.update({ Id: made.id, Title: "Tester", Email: null });
const read = await lead.retrieve(made.id);
out.read = [read.Title, read.Email, read.Company];
const many = await lead.create(
  Array.from({ length: 3 }, (_, n) => ({ LastName: `L${n}`, Company: "C", Email: n === 1 ? "bad" : `l${n}@conformance.example` })),
  { allOrNone: false },
);
out.many = many.map((result) => [result.success, result.errors.map((error) => error.errorCode ?? error.statusCode)]);
const start = new Date(Date.now() - 3600_000).toISOString();
const end = new Date(Date.now() + 60_000).toISOString();
const composite = await conn.requestPost(`${conn._baseUrl()}/composite`, {
  allOrNone: true,
  compositeRequest: [
    { method: "POST", url: "/services/data/v62.0/sobjects/Account", referenceId: "acc", body: { Name: "Composite" } },
    { method: "POST", url: "/services/data/v62.0/sobjects/Contact", referenceId: "con", body: { LastName: "C", AccountId: "@{acc.id}" } },
  ],
});
out.composite = composite.compositeResponse.map((part) => part.httpStatusCode);
await lead.destroy(many[0].id);
out.updated = (await lead.updated(start, end)).ids.includes(made.id);
out.deleted = (await lead.deleted(start, end)).deletedRecords.map((record) => record.id);
out.destroyed = many[0].id;

const rows = [];
const stream = await conn.bulk2.query("SELECT Id, Email FROM Lead");
await new Promise((resolve, reject) => stream.on("record", (row) => rows.push(row.Id)).on("end", resolve).on("error", reject));
out.bulk = rows.sort();
const loaded = await conn.bulk2.loadAndWaitForResults({
  object: "Lead",
  operation: "insert",
  input: [
    { LastName: "Bulk", Company: "C", Email: "bulk@conformance.example" },
    { LastName: "Bulk", Company: "C", Email: "bad" },
  ],
  pollInterval: 50,
  pollTimeout: 10000,
});
out.loaded = [loaded.successfulResults.length, loaded.failedResults.map((row) => row.sf__Error.split(":")[0]), loaded.unprocessedRecords.length];

out.refusals = [];
for (const attempt of [
  () => lead.create({ LastName: "X" }),
  () => lead.retrieve("00Q000000000000AAA"),
  () => conn.query("SELECT Nonsense FROM Lead"),
  () => lead.update({ Id: made.id, Nonsense: 1 }),
]) {
  try {
    await attempt();
    out.refusals.push("none");
  } catch (error) {
    out.refusals.push(error.errorCode ?? String(error));
  }
}
process.stdout.write(JSON.stringify(out));
