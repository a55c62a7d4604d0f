"""Writing by Bulk API 2.0: one ingest job in place of a collections call for every 200 records.

Nothing is applied before a job is closed, and a job runs once however often it is closed: so all of that may be
repeated. What the results do not mention is unknown, and is read again by the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from leadsync.errors import Ambiguous, LeadsyncError, Rejected, StopRun, TryAgain, Unreadable
from leadsync_salesforce.batch import Batch
from leadsync_salesforce.client import Client
from leadsync_salesforce.query import identifier
from leadsync_salesforce.table import UPLOAD, error_of, fits, name_of, read, written

MOST = 10_000
"""Records of one job: what Salesforce works on as one batch; Bulk API 2.0 guide, "How Requests Are Processed"."""
CALLS = 5
"""Of a smooth job: made, filled, closed, looked at once, read. Refusals and further looks come on top."""
RATE = 2_000
"""Records a second to expect before the first look; each later one waits twice as long."""
LONGEST_PAUSE = 30.0
"""Seconds between two looks at most."""
WORKING = ("UploadComplete", "InProgress")
ENDED = ("JobComplete", "Failed", "Aborted")


@dataclass(frozen=True, slots=True)
class Ingest:
    """Runs ingest jobs over one connection. `wait`: seconds to give a job."""

    client: Client
    wait: float

    def run(self, batch: Batch) -> None:
        """Settle what a job can; what it certainly left undone stays in `batch.bodies` for another way.

        Raises TryAgain and StopRun when nothing was applied.
        """
        tokens = tokens_by_name(batch)
        text = written(batch.bodies[token] for token in tokens.values())
        if len(text) > UPLOAD:
            return
        try:
            job = self._filled(batch, text)
        except Rejected:  # e.g. the day's jobs are used up
            return
        self._close(job)
        left: set[str] = set()
        with suppress(LeadsyncError):  # what was settled stays so; of the rest nobody knows
            left = self._settle(batch, job, tokens, self._ended(job, len(tokens)))
        for token in tokens.values():
            if token in batch.bodies and token not in left:
                batch.lose(token)

    def _filled(self, batch: Batch, text: bytes) -> str:
        """A job with its rows, not yet closed."""
        given = {"object": identifier(batch.kind), "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
        if batch.key is not None:
            given |= {"operation": "upsert", "externalIdFieldName": identifier(batch.key)}

        def once() -> str:
            try:
                job = _id_of(self.client.write("POST", "jobs/ingest", given))
                self.client.upload(f"jobs/ingest/{job}/batches", text)
            except Ambiguous as problem:  # an open job touches no record, and is thrown away after a week
                raise TryAgain(str(problem)) from None
            return job

        return str(self.client.retry(once))

    def _close(self, job: str) -> None:
        """Let the job run. Raises TryAgain and StopRun when it certainly does not."""
        try:
            self.client.retry(lambda: self.client.write("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"}))
        except (Ambiguous, Rejected):
            return  # the next look tells whether it is closed

    def _ended(self, job: str, rows: int) -> str:
        """The state in which the job ended; one that takes too long is stopped. Raises Ambiguous when it goes on."""
        pause, waited = max(1.0, rows / RATE), 0.0
        while waited < self.wait:
            self.client.pause(min(pause, self.wait - waited))
            waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)
            with suppress(Unreadable, TryAgain):  # a page from the edge, an outage: neither says anything of the job
                state = _state_of(self.client.get(f"jobs/ingest/{job}"))
                if state in ENDED:
                    return state
                if state == "Open":
                    self._close(job)
        return self._stopped(job)

    def _stopped(self, job: str) -> str:
        """Old values must not arrive hours later, over what people have entered meanwhile."""
        with suppress(Ambiguous, Rejected, TryAgain):
            self.client.write("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"})
        state = _state_of(self.client.get(f"jobs/ingest/{job}"))
        if state not in ENDED:
            raise Ambiguous("Salesforce goes on with a bulk job that was to be stopped")
        return state

    def _settle(self, batch: Batch, job: str, tokens: dict[str, str], ended: str) -> set[str]:
        """Take the results; gives the tokens of records that certainly were not written, and may be by another way."""
        waiting = dict(tokens)
        for name, (ident, made) in self._results(batch, job, "successfulResults", "sf__Id", "sf__Created"):
            if name in waiting:
                batch.done(waiting.pop(name), _checked(ident), created=made == "true")
        left: set[str] = set()
        if waiting:
            for name, (text,) in self._results(batch, job, "failedResults", "sf__Error"):
                if (token := waiting.pop(name, None)) is not None:
                    batch.fail(token, error_of(text))
                    left.add(token)
        if waiting and ended == "Failed":  # an aborted one was stopped by someone, who does not want the rest
            left |= {waiting.pop(n) for n, _ in self._results(batch, job, "unprocessedrecords") if n in waiting}
        return left

    def _results(self, batch: Batch, job: str, which: str, *columns: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        return read(self.client.table(f"jobs/ingest/{job}/{which}"), batch.key, columns)

    def finish(self) -> None:
        """Wait for the jobs that an earlier connection of our user left at work. Raises StopRun when they go on."""
        user, waited, pause = self.client.user_id(), 0.0, 1.0
        while at_work := [job for job, by in self._at_work() if by[:15] == user[:15]]:
            if waited >= self.wait:
                raise StopRun(
                    f"Salesforce is still at work on {len(at_work)} bulk jobs of a run that was cut short. Nothing is "
                    "planned before their outcome is known: the next run looks again, or abort them in Setup, Bulk "
                    "Data Load Jobs."
                )
            self.client.pause(pause)
            waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)

    def _at_work(self) -> Iterator[tuple[str, str]]:
        """(job, user) of every ingest job that is queued or under way."""
        params: dict[str, str] = {"jobType": "V2Ingest"}
        while True:
            match self.client.get("jobs/ingest", params):
                case {"records": list() as jobs, **rest}:
                    for job in jobs:
                        if _state_of(job) in WORKING:
                            yield _id_of(job), str(job.get("createdById", ""))
                case _:
                    raise Unreadable("Salesforce GET jobs/ingest: the answer is not what the API promises")
            locator = parse_qs(urlsplit(str(rest.get("nextRecordsUrl") or "")).query).get("queryLocator", [""])[0]
            if locator in ("", params.get("queryLocator")):
                return
            params = {**params, "queryLocator": locator}


def tokens_by_name(batch: Batch) -> dict[str, str]:
    """The writes a job can take, by what tells their rows in its results."""
    found: dict[str, str] = {}
    for token, body in batch.bodies.items():
        if fits(body):
            found.setdefault(name_of(body, batch.key), token)
    return found


def _id_of(answer: Any) -> str:
    match answer:
        case {"id": str(ident)} if ident.isalnum():
            return ident
        case _:
            raise Unreadable("Salesforce jobs/ingest: a job without an id")


def _state_of(answer: Any) -> str:
    match answer:
        case {"state": str(state)} if state in ("Open", *WORKING, *ENDED):
            return state
        case _:
            raise Unreadable("Salesforce jobs/ingest: a job without a state that is known")


def _checked(ident: str) -> str:
    if not (ident.isalnum() and len(ident) in (15, 18)):
        raise Unreadable("Salesforce bulk results: a record without an id")
    return ident
