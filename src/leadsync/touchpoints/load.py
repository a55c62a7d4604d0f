"""Reading the touch rules' file."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field

from leadsync.mapping.toml import parse, validate
from leadsync.normalize.domains import host_of
from leadsync.rulefiles.findings import Findings
from leadsync.rulefiles.tables import Name, OneOrMore, Table
from leadsync.touchpoints.rules import Genuine, TouchRule, TouchRules

PLACEHOLDERS = frozenset(("name", "source", "status", "type"))


class TouchSpec(Table):
    """[[touch]]: which touches (globs), and what they are; `ignore = true` for those that are nothing; `contact` for
    those by which we contacted the person."""

    id: Name
    side: OneOrMore = Field(default_factory=list)
    type: OneOrMore = Field(default_factory=list)
    source: OneOrMore = Field(default_factory=list)
    name: OneOrMore = Field(default_factory=list)
    status: OneOrMore = Field(default_factory=list)
    ignore: bool = False
    event: Name | None = None
    channel: Name | None = None
    contact: Name | None = None
    campaign: str = ""
    detail: str = ""


class GenuineSpec(Table):
    """[genuine]: what machines do."""

    click_types: tuple[str, ...] = ("email_click",)
    delivery_types: tuple[str, ...] = ("email_delivered",)
    scanner_seconds: Annotated[int, Field(ge=0)] = 0
    burst_clicks: Annotated[int, Field(ge=0)] = 0
    burst_seconds: Annotated[int, Field(ge=0)] = 0
    internal_domains: list[str] = Field(default_factory=list)


class TouchesSpec(Table):
    """A touch rules file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    touch: Annotated[list[TouchSpec], Field(min_length=1)]
    genuine: GenuineSpec = GenuineSpec()


def load_touch_rules(text: str, file: str, sides: Collection[str] | None = None) -> TouchRules:
    """Read a touch rules file; raises Problems that name everything wrong with it, each with file and line.

    `sides`: the names of the configured CRMs, where they are known.
    """
    document = parse(text, file)
    spec = validate(TouchesSpec, document)
    findings = Findings(document)
    findings.unique("touch", [some.id for some in spec.touch])
    rules = tuple(_rule(index, some, findings, sides) for index, some in enumerate(spec.touch))
    for index, rule in enumerate(rules):
        _takes_all(index, rule, len(rules) - 1, findings)
    judge = spec.genuine
    internal = [host_of(name) for name in judge.internal_domains]
    for index, name in enumerate(judge.internal_domains):
        if internal[index] == "":
            findings.add(("genuine", "internal_domains", index), "LS609", f'"{name}" is no domain such as acme.com')
    findings.settle()
    genuine = Genuine(
        frozenset(judge.click_types), frozenset(judge.delivery_types), judge.scanner_seconds,
        judge.burst_clicks, judge.burst_seconds,
    )  # fmt: skip
    return TouchRules(rules, genuine, frozenset(internal))


def _rule(index: int, spec: TouchSpec, findings: Findings, sides: Collection[str] | None) -> TouchRule:
    path = ("touch", index)
    named = spec.event is not None and spec.channel is not None
    if spec.ignore == named or (spec.ignore and (spec.event, spec.channel) != (None, None)):
        findings.add(path, "LS609", f'"{spec.id}" needs event and channel, or ignore = true')
    for key in ("campaign", "detail"):
        for word in re.findall(r"\{(\w+)\}", getattr(spec, key)):
            findings.known((*path, key), word, PLACEHOLDERS, "placeholder")
    for side in spec.side if sides is not None else ():
        findings.known((*path, "side"), side, sides or (), "side")
    return TouchRule(
        spec.id, spec.event or "", spec.channel or "", spec.campaign, spec.detail, tuple(spec.side), tuple(spec.type),
        tuple(spec.source), tuple(spec.name), tuple(spec.status), spec.contact or "",
    )  # fmt: skip


def _takes_all(index: int, rule: TouchRule, last: int, findings: Findings) -> None:
    everything = not any((rule.side, rule.type, rule.source, rule.name, rule.status))
    if everything and index < last:
        findings.add(("touch", index), "LS605", f'"{rule.id}" takes every touch: the rules below it never come up')
    if not everything and index == last:
        hint = 'end with a [[touch]] that has only id and ignore = true (or event = "other", channel = "other")'
        findings.add(("touch", index), "LS611", "the last rule must take whatever is left", hint)
