#!/usr/bin/env python3
"""Compares what an operator did (run.py) with what upstream did (operator.json).

What may differ: fewer requests to Vault, and the order of events and requests; `${ANY}` and `${TIME}` stand for
anything; behind upstream's message there may be a cause; a scenario with `better` counts if it ran, and is listed,
because what is done there has to be what `better` says. A scenario that did not run fails.

Ends with `conformance operator.json: N of M pass`, and with status 1 if one does not.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

Json = Any

SHOWN_DIFFERENCES = 8
ANYTHING = re.compile(r"\$\{ANY\}|\$\{TIME\}")
# Where the words of a Go library begin.
LIBRARY_WORDS = re.compile(
    r"dial tcp|x509:|tls:|error parsing regexp|template: |invalid character|illegal base64|yaml: |json: |is invalid: "
)
LOGIN = re.compile(r"auth/.+/login")
# A token that is shared and renewed needs no further login, lookup or revocation.
SHARED_TOKEN = re.compile(r"lookup-self|revoke-self|auth/.+/login")
LIST = re.compile(r"^LIST (.*?)/?$")
UNORDERED = ("conditions", "finalizers", "ownerReferences", "managedFields", "fields")
MAY_BE_MISSING = ("refreshedSinceLastSnapshot", "message")
MAY_BE_ADDED = ("refreshedSinceLastSnapshot", "writtenSinceLastSnapshot")
REQUEST_KEYS = ("request", "namespace", "body", "jwtClaims", "clientCertificate", "headers")
# So often a request may be sent in any case.
TOLERATED_REQUESTS = 3


class Difference(NamedTuple):
    """Where recording and run differ: what was expected, and what was seen."""

    path: list[str | int]
    expected: Json
    seen: Json

    def __str__(self) -> str:
        where = ".".join(map(str, self.path))
        return f"{where} {str(self.expected)[:160]} | {str(self.seen)[:200]}"


class Comparison:
    """Collects the differences of one scenario. If `loose`, the words of a Go library do not count."""

    def __init__(self, loose: bool) -> None:
        self.loose = loose
        self.differences: list[Difference] = []

    def compare(self, expected: Json, seen: Json, path: list[str | int]) -> None:
        """Adds the differences of two values, by what the last part of the path says they are."""
        key = path[-1] if path else ""
        if key == "events":
            self._compare_events(expected, seen, path)
        elif key == "vaultRequests":
            self._compare_requests(expected, seen, path)
        elif isinstance(expected, dict) and isinstance(seen, dict):
            self._compare_objects(expected, seen, path)
        elif isinstance(expected, list) and isinstance(seen, list):
            self._compare_lists(expected, seen, path)
        elif isinstance(expected, str) and isinstance(seen, str):
            same = self._same_message(expected, seen) if key == "message" else same_text(expected, seen)
            if not same:
                self._add(path, expected, seen)
        elif key == "writtenSinceLastSnapshot":
            # A write is a fault only if the recording promises none.
            if expected is False and seen is True:
                self._add(path, "no write expected", seen)
        elif expected is not None and expected != seen:
            self._add(path, expected, seen)

    def compare_scenarios(self, case: Json, result: Json) -> None:
        """Adds all differences of a scenario."""
        self.compare(case["expect"], result["expect"], [])
        for problem in result.get("problems", []):
            self._add(["problems"], "", problem)
        missing = sorted(logins(case) - logins(result))
        if missing:
            self._add(["vaultRequests"], "never logged in as recorded", missing)

    def _add(self, path: list[str | int], expected: Json, seen: Json) -> None:
        self.differences.append(Difference(path, expected, seen))

    def _compare_events(self, expected: list[Json], seen: list[Json], path: list[str | int]) -> None:
        left = list(seen)
        for event in expected:
            found = next((other for other in left if self._same_event(event, other)), None)
            if found is not None:
                left.remove(found)
            elif not event.get("optional"):
                self._add(path, "missing event", event)
        for event in left:
            self._add(path, "other event", event)

    def _same_event(self, expected: Json, seen: Json) -> bool:
        keys = ("object", "type", "reason", "component")
        same = all(expected[key] == seen[key] for key in keys)
        return same and self._same_message(expected["message"], seen["message"])

    def _compare_requests(self, expected: list[Json], seen: list[Json], path: list[str | int]) -> None:
        expected, seen = [normalized(request) for request in expected], [normalized(request) for request in seen]
        expected_by_key = {request_key(request): request for request in expected}
        seen_by_key = {request_key(request): request for request in seen}
        for key, request in expected_by_key.items():
            # compare_scenarios asks for the first login.
            excused = request.get("optional") or SHARED_TOKEN.search(request["request"])
            if key not in seen_by_key and not excused:
                self._add(path, "missing request", shown(request))
        for key, request in seen_by_key.items():
            times = most_times(request)
            allowed = sum(most_times(other) for other in expected if request_key(other) == key)
            if key not in expected_by_key:
                self._add(path, "other request", shown(request))
            elif times > allowed and times > TOLERATED_REQUESTS:
                self._add(path, "more requests", f"{request['request']} {times}")

    def _compare_objects(self, expected: Json, seen: Json, path: list[str | int]) -> None:
        for key in expected:
            if key in seen:
                self.compare(expected[key], seen[key], [*path, key])
            elif key not in MAY_BE_MISSING:
                self._add([*path, key], "missing", expected[key])
        for key in seen:
            if key not in expected and key not in MAY_BE_ADDED:
                self._add([*path, key], "not expected", seen[key])

    def _compare_lists(self, expected: list[Json], seen: list[Json], path: list[str | int]) -> None:
        if path and path[-1] in UNORDERED:
            expected, seen = sorted(expected, key=json.dumps), sorted(seen, key=json.dumps)
        if len(expected) != len(seen):
            self._add(path, f"{len(expected)} entries", seen)
        for index, (left, right) in enumerate(zip(expected, seen)):
            self.compare(left, right, [*path, index])

    def _same_message(self, expected: str, seen: str) -> bool:
        if same_text(expected, seen):
            return True
        beginning, rest = seen[: len(expected)], seen[len(expected) :]
        if same_text(expected, beginning) and rest.startswith(": "):
            return True
        library = LIBRARY_WORDS.search(expected) if self.loose else None
        return library is not None and seen.startswith(expected[: library.start()])


def same_text(expected: str, seen: str) -> bool:
    """Whether the texts are equal, apart from what `${ANY}` and `${TIME}` stand for."""
    if expected == seen:
        return True
    parts = ANYTHING.split(expected)
    return len(parts) > 1 and re.fullmatch(".*".join(map(re.escape, parts)), seen, re.DOTALL) is not None


def normalized(request: Json) -> Json:
    """The request in one of the ways that mean the same to Vault."""
    text = request["request"]
    if listing := LIST.match(text):
        text = f"GET {listing[1]}?list=true"
    text = re.sub(r"^POST ", "PUT ", text).replace("/?list", "?list")
    return {**request, "request": text}


def request_key(request: Json) -> str:
    """What makes a request the same one."""
    return json.dumps({key: request.get(key) for key in REQUEST_KEYS}, sort_keys=True)


def shown(request: Json) -> str:
    """The request with what else makes it this one, for people."""
    details = {key: request[key] for key in REQUEST_KEYS[1:] if request.get(key) is not None}
    return f"{request['request']} {json.dumps(details)}" if details else request["request"]


def most_times(request: Json) -> int:
    """How often it came; of a recorded range, the most."""
    times = request["times"]
    return times if isinstance(times, int) else times[1]


def logins(case: Json) -> set[str]:
    """The logins of a scenario, wherever they come in it."""
    return {
        request["request"].split("?")[0]
        for entry in case["expect"]
        if isinstance(entry, dict)
        for request in entry.get("vaultRequests", [])
        if LOGIN.search(request["request"]) and not request.get("optional")
    }


def passes(case: Json, result: Json | None, loose: bool, verbose: bool) -> bool:
    """Whether a scenario passes; prints what there is to say of it."""
    name = case["name"]
    if result is None:
        print("NOT RUN  " + name)
        return False
    comparison = Comparison(loose)
    comparison.compare_scenarios(case, result)
    if not comparison.differences:
        return True
    if "better" in case and result.get("expect") and not result.get("problems"):
        # Upstream's behavior is a fault here. A person reads whether ours is what `better` says.
        print(f"BETTER?  {name}: {str(case['better'])[:160]}")
        return True
    print("FAIL     " + name)
    if verbose:
        for difference in comparison.differences[:SHOWN_DIFFERENCES]:
            print("     " + str(difference))
    return False


def cases_of(file: Path) -> list[Json]:
    return json.loads(file.read_text())["cases"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", type=Path, help="the recording, operator.json")
    parser.add_argument("results", type=Path, help="what run.py wrote")
    parser.add_argument("prefixes", nargs="*", metavar="NAME_PREFIX", help="only scenarios whose name begins so")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the differences")
    parser.add_argument("--loose", action="store_true", help="do not compare the words of a Go library")
    options = parser.parse_intermixed_args()

    results = {result["name"]: result for result in cases_of(options.results)}
    prefixes = tuple(options.prefixes) or ("",)
    cases = [case for case in cases_of(options.reference) if case["name"].startswith(prefixes)]
    passed = sum(passes(case, results.get(case["name"]), options.loose, options.verbose) for case in cases)
    print(f"conformance operator.json: {passed} of {len(cases)} pass")
    sys.exit(0 if cases and passed == len(cases) else 1)


if __name__ == "__main__":
    main()
