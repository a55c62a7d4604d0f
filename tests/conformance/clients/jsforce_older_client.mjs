// jsforce by its older ways: SOAP login and conversion, Bulk API 1.0, SOSL; prints what came through as JSON.
import jsforce from "jsforce";

const [url, username, password] = process.argv.slice(2);
const out = {};
const conn = new jsforce.Connection({ loginUrl: url, version: "62.0" });
try {
  await conn.login(username, `${password}TOKEN`);
} catch (error) {
  out.refused = error.message;
}
const body = JSON.stringify({ settings: { soap_login: true } });
await fetch(`${url}/__sandbox__/seed`, { method: "POST", headers: { "content-type": "application/json" }, body });
await conn.login(username, `${password}TOKEN`);
out.user = (await conn.soap.getUserInfo()).userName;
out.identity = (await conn.identity()).username;
out.searched = (await conn.search("FIND {Siemens} RETURNING Account(Id)")).searchRecords.map((found) => found.Id);
out.lead = (await conn.sobject("Lead").create({ LastName: "Older", Company: "Conformance" })).id;
const converted = await conn.soap.convertLead({ leadId: out.lead, convertedStatus: "Closed - Converted" });
out.converted = [converted.success, converted.contactId, converted.accountId, converted.opportunityId];
conn.bulk.pollInterval = 50;
const rows = [{ LastName: "Bulk", Company: "Conformance" }, { LastName: "", Company: "Conformance" }];
out.loaded = (await conn.bulk.load("Lead", "insert", rows)).map((one) => [one.success, one.errors.length]);
out.queried = (await (await conn.bulk.query("SELECT Id FROM Account")).toArray()).length;
out.explained = (await conn.query("SELECT Id FROM Lead").explain()).plans.length;
out.recent = (await conn.recent()).length > 0;
await conn.logout();
console.log(JSON.stringify(out));
