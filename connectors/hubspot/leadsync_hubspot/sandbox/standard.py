"""The standard properties of HubSpot's objects that matter to leads, as one compact table."""

from __future__ import annotations

from collections.abc import Iterator

from leadsync_hubspot.sandbox.schema import Option, Property

_SOURCES = (
    "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC "
    "OFFLINE PAID_SOCIAL"
)
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
LIFECYCLE = (*STAGES, "evangelist", "other")
_LEAD_STATUS = "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING"

SHARED = {"@lifecycle": " ".join(LIFECYCLE), "@lead_status": _LEAD_STATUS, "@sources": _SOURCES}

# name: type/fieldType Label [r = value is read-only] [= options, or a shared set of them]
CONTACTS = """
email: string/text Email
firstname: string/text First Name
lastname: string/text Last Name
salutation: string/text Salutation
phone: string/phonenumber Phone Number
mobilephone: string/phonenumber Mobile Phone Number
fax: string/text Fax Number
jobtitle: string/text Job Title
company: string/text Company Name
website: string/text Website URL
address: string/text Street Address
city: string/text City
state: string/text State/Region
zip: string/text Postal Code
country: string/text Country/Region
hs_country_region_code: string/text Country/Region Code
industry: string/text Industry
numemployees: enumeration/select Number of Employees = 1-5 5-25 25-50 50-100 100-500 500-1000 1000+
annualrevenue: string/text Annual Revenue
message: string/textarea Message
seniority: string/text Seniority
hs_language: string/text Preferred language
hs_timezone: string/text Time Zone
lifecyclestage: enumeration/radio Lifecycle Stage = @lifecycle
hs_lead_status: enumeration/radio Lead Status = @lead_status
hs_persona: enumeration/radio Persona
hubspot_owner_id: enumeration/select Contact owner
hubspot_owner_assigneddate: datetime/date Owner Assigned Date r
hubspotscore: number/number HubSpot Score r
associatedcompanyid: number/number Primary Associated Company ID r
hs_additional_emails: enumeration/checkbox Additional email addresses r
hs_all_contact_vids: enumeration/checkbox Merged vids r
hs_merged_object_ids: enumeration/checkbox Merged object IDs r
hs_calculated_merged_vids: string/text Merged vids with timestamps r
hs_email_domain: string/text Email Domain r
hs_email_optout: bool/booleancheckbox Unsubscribed from all email
hs_email_bounce: number/number Marketing emails bounced r
hs_email_open: number/number Marketing emails opened r
hs_email_click: number/number Marketing emails clicked r
hs_email_last_open_date: datetime/date Last marketing email open date r
hs_is_contact: bool/booleancheckbox Is a contact r
hs_is_unworked: bool/booleancheckbox Contact unworked r
hs_pipeline: enumeration/select Pipeline r = contacts-lifecycle-pipeline
hs_analytics_source: enumeration/select Original Traffic Source = @sources
hs_analytics_source_data_1: string/text Original Traffic Source Drill-Down 1 r
hs_analytics_source_data_2: string/text Original Traffic Source Drill-Down 2 r
hs_latest_source: enumeration/select Latest Traffic Source = @sources
hs_latest_source_data_1: string/text Latest Traffic Source Drill-Down 1 r
hs_latest_source_data_2: string/text Latest Traffic Source Drill-Down 2 r
hs_analytics_first_timestamp: datetime/date Time First Seen r
hs_analytics_first_url: string/text First Page Seen r
hs_analytics_first_referrer: string/text First Referring Site r
hs_analytics_last_timestamp: datetime/date Time Last Seen r
hs_analytics_last_url: string/text Last Page Seen r
hs_analytics_num_visits: number/number Number of Sessions r
hs_analytics_num_page_views: number/number Number of Pageviews r
first_conversion_date: datetime/date First Conversion Date r
first_conversion_event_name: string/text First Conversion r
recent_conversion_date: datetime/date Recent Conversion Date r
recent_conversion_event_name: string/text Recent Conversion r
num_conversion_events: number/number Number of Form Submissions r
notes_last_contacted: datetime/date Last Contacted r
notes_last_updated: datetime/date Last Activity Date r
num_notes: number/number Number of Sales Activities r
hs_linkedin_url: string/text LinkedIn URL
linkedinbio: string/text LinkedIn Bio
twitterhandle: string/text Twitter Username
hs_legal_basis: enumeration/checkbox Legal basis for processing contact's data = Performance_of_a_contract Other
hs_marketable_status: enumeration/select Marketing contact status r = true false
closedate: datetime/date Close Date
date_of_birth: string/text Date of birth
createdate: datetime/date Create Date r
lastmodifieddate: datetime/date Last Modified Date r
hs_object_id: number/number Record ID r
hs_object_source: string/text Record creation source r
"""

COMPANIES = """
name: string/text Company name
domain: string/text Company Domain Name
website: string/text Website URL
phone: string/phonenumber Phone Number
address: string/text Street Address
address2: string/text Street Address 2
city: string/text City
state: string/text State/Region
zip: string/text Postal Code
country: string/text Country/Region
hs_country_code: string/text Country Code
industry: string/text Industry
numberofemployees: number/number Number of Employees
annualrevenue: number/number Annual Revenue
description: string/textarea Description
founded_year: string/text Year Founded
type: enumeration/select Type = PROSPECT PARTNER RESELLER VENDOR OTHER
is_public: bool/booleancheckbox Is Public
about_us: string/textarea About Us
lifecyclestage: enumeration/radio Lifecycle Stage = @lifecycle
hs_lead_status: enumeration/radio Lead Status = @lead_status
hubspot_owner_id: enumeration/select Company owner
hs_parent_company_id: number/number Parent Company r
hs_num_child_companies: number/number Number of child companies r
num_associated_contacts: number/number Number of Associated Contacts r
num_associated_deals: number/number Number of Associated Deals r
hs_additional_domains: enumeration/checkbox Additional Domains r
hs_merged_object_ids: enumeration/checkbox Merged object IDs r
hs_analytics_source: enumeration/select Original Traffic Source = @sources
linkedin_company_page: string/text LinkedIn Company Page
twitterhandle: string/text Twitter Handle
facebookfans: number/number Facebook Fans
timezone: string/text Time Zone
createdate: datetime/date Create Date r
hs_lastmodifieddate: datetime/date Last Modified Date r
hs_object_id: number/number Record ID r
hs_object_source: string/text Record creation source r
"""

DEALS = """
dealname: string/text Deal Name
amount: number/number Amount
closedate: datetime/date Close Date
pipeline: enumeration/select Pipeline
dealstage: enumeration/radio Deal Stage
dealtype: enumeration/radio Deal Type = newbusiness existingbusiness
description: string/textarea Deal Description
hubspot_owner_id: enumeration/select Deal owner
hs_is_closed: bool/booleancheckbox Is Deal Closed? r
hs_is_closed_won: bool/booleancheckbox Is Closed Won r
hs_deal_stage_probability: number/number Deal probability r
hs_merged_object_ids: enumeration/checkbox Merged object IDs r
createdate: datetime/date Create Date r
hs_lastmodifieddate: datetime/date Last Modified Date r
hs_object_id: number/number Record ID r
"""

TICKETS = """
subject: string/text Ticket name
content: string/textarea Ticket description
hs_pipeline: enumeration/select Pipeline
hs_pipeline_stage: enumeration/select Ticket status
hs_ticket_priority: enumeration/select Priority = LOW MEDIUM HIGH URGENT
hubspot_owner_id: enumeration/select Ticket owner
createdate: datetime/date Create Date r
hs_lastmodifieddate: datetime/date Last Modified Date r
hs_object_id: number/number Record ID r
"""

_BASE = """
hs_timestamp: datetime/date Activity date
hubspot_owner_id: enumeration/select Owner
hs_createdate: datetime/date Create Date r
hs_lastmodifieddate: datetime/date Last Modified Date r
hs_object_id: number/number Record ID r
"""

ACTIVITIES = {
    "leads": """
hs_lead_name: string/text Lead Name
hs_lead_type: enumeration/select Lead Type = NEW_BUSINESS UPSELL RE-ATTEMPTING
hs_lead_label: enumeration/select Lead Label = WARM COLD HOT
hs_pipeline: enumeration/select Pipeline
hs_pipeline_stage: enumeration/select Lead Stage
""",
    "emails": """
hs_email_direction: enumeration/select Email Direction = EMAIL INCOMING_EMAIL FORWARDED_EMAIL
hs_email_subject: string/text Email subject
hs_email_status: enumeration/select Email send status = BOUNCED FAILED SCHEDULED SENDING SENT
hs_email_text: string/textarea Text body
hs_email_html: string/html Email body
hs_email_headers: string/text Email headers
""",
    "meetings": """
hs_meeting_title: string/text Meeting name
hs_meeting_body: string/html Meeting description
hs_meeting_start_time: datetime/date Meeting start time
hs_meeting_end_time: datetime/date Meeting end time
hs_meeting_outcome: enumeration/select Meeting outcome = SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED
hs_activity_type: string/text Call and meeting type
""",
    "calls": """
hs_call_title: string/text Call Title
hs_call_body: string/html Call notes
hs_call_direction: enumeration/select Call direction = INBOUND OUTBOUND
hs_call_status: enumeration/select Call status = BUSY CALLING_CRM_USER CANCELED COMPLETED FAILED NO_ANSWER
hs_call_duration: number/number Call duration
hs_call_disposition: string/text Call outcome
""",
    "notes": "hs_note_body: string/html Note body",
    "tasks": """
hs_task_subject: string/text Task title
hs_task_body: string/html Notes
hs_task_status: enumeration/select Task status = COMPLETED DEFERRED IN_PROGRESS NOT_STARTED WAITING
hs_task_priority: enumeration/select Priority = NONE LOW MEDIUM HIGH
hs_task_type: enumeration/select Task type = CALL EMAIL LINKED_IN TODO
""",
    "communications": """
hs_communication_channel_type: enumeration/select Channel type = WHATS_APP LINKEDIN_MESSAGE SMS
hs_communication_body: string/html Communication body
""",
}

TABLES = {
    "contacts": CONTACTS,
    "companies": COMPANIES,
    "deals": DEALS,
    "tickets": TICKETS,
    **{name: text + _BASE for name, text in ACTIVITIES.items()},
}
GROUPS = {"contacts": "contactinformation", "companies": "companyinformation", "deals": "dealinformation"}
OPEN_ENUMS = {"hubspot_owner_id", "pipeline", "dealstage", "hs_pipeline", "hs_pipeline_stage", "hs_persona"}
"""Enumerations whose options live elsewhere (owners, pipelines); any value is taken."""


def group_of(kind: str) -> str:
    """The property group that HubSpot files a type's own properties under."""
    return GROUPS.get(kind, f"{kind}_information")


def standard_properties(kind: str) -> Iterator[Property]:
    """The properties every portal has for the type; a custom object has only its base."""
    for line in TABLES.get(kind, _BASE.replace("hs_timestamp: datetime/date Activity date", "")).splitlines():
        if line:
            yield _property(line, group_of(kind))
    if kind == "contacts":
        for stage in LIFECYCLE:
            label = f"Became a {stage} date"
            yield Property(f"hs_lifecyclestage_{stage}_date", label, "datetime", "date", group_of(kind), read_only=True)


def _property(line: str, group: str) -> Property:
    head, _, options = line.partition(" = ")
    name, _, rest = head.partition(": ")
    types, _, label = rest.partition(" ")
    kind, field_type = types.split("/")
    read_only = label.endswith(" r")
    values = [Option(value) for value in SHARED.get(options, options).split()]
    if kind == "bool":
        values = [Option("true", "Yes"), Option("false", "No")]
    return Property(
        name,
        label.removesuffix(" r"),
        kind,
        field_type,
        group,
        options=tuple(values),
        read_only=read_only,
        open_options=name in OPEN_ENUMS or (kind == "enumeration" and not options),
    )
