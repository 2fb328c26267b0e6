"""The conditions that a `wait` step waits for.

    Kind/name                    the object exists
    !Kind/name                   it does not
    Kind/name=WORD               WORD is reason or status of its Ready condition; Any: there is such a condition
    Secret/name:key[=value]      the Secret has the key, with this value
    Secret/name:!key             it does not have it
    Kind/name@synced             its status is of the current generation
    Kind/name@refreshed          it was refreshed since the last snapshot
"""

import base64
import dataclasses
import re
from typing import Any

Json = Any

CONDITION = re.compile(
    r"""^(?P<absent>!*)(?P<kind>[A-Za-z]+)/(?P<name>[^=:@]+)
        (?:=(?P<ready>.*)|:(?P<no_key>!?)(?P<key>[^=]+)(?:=(?P<value>.*))?|@(?P<special>.*))?$""",
    re.DOTALL | re.VERBOSE,
)


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition, read from its text."""

    kind: str
    name: str
    absent: bool
    ready: str | None
    key: str | None
    no_key: bool
    value: str | None
    special: str | None

    @classmethod
    def parse(cls, text: str) -> "Condition":
        match = CONDITION.match(text)
        if not match:
            raise ValueError(f"{text!r} is not a condition")
        return cls(
            kind=match["kind"],
            name=match["name"],
            absent=bool(match["absent"]),
            ready=match["ready"],
            key=match["key"],
            no_key=bool(match["no_key"]),
            value=match["value"],
            special=match["special"],
        )

    def holds(self, found: Json | None, last_refresh: str | None) -> bool:
        """Whether it holds for the object that was found; `last_refresh` is of the last snapshot."""
        if found is None:
            return self.absent
        if self.ready:
            return self._ready_holds(found)
        if self.key:
            return self._key_holds(found.get("data", {}))
        status = found.get("status", {})
        if self.special == "synced":
            synced = status.get("syncedResourceVersion", "").split("-")[0]
            return synced == str(found["metadata"]["generation"])
        if self.special == "refreshed":
            return status.get("refreshTime") != last_refresh
        return not self.absent

    def _ready_holds(self, found: Json) -> bool:
        ready = ready_condition(found)
        return self.ready in (ready.get("reason"), ready.get("status")) or (self.ready == "Any" and bool(ready))

    def _key_holds(self, data: Json) -> bool:
        if self.no_key:
            return self.key not in data
        return self.key in data and (self.value is None or readable(data[self.key]) == self.value)


def ready_condition(found: Json) -> Json:
    """The object's Ready condition; empty if it has none."""
    conditions = found.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == "Ready"), {})


def readable(value: str) -> str:
    """A Secret's value as text, or its base64 if it is not text."""
    try:
        return base64.b64decode(value).decode()
    except UnicodeDecodeError:
        return "base64:" + value
