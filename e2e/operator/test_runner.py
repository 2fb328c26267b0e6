"""What comparison and conditions promise. Run by `make test`: python3 -m unittest discover -s e2e/operator"""

import base64
import copy
import unittest
from typing import Any

from compare import Comparison
from conditions import Condition

Json = Any

LOGIN = {"request": "PUT auth/approle/login", "times": [1, 1]}
READ = {"request": "GET secret/data/a", "times": [1, 2], "token": "other"}
EVENT = {
    "object": "ExternalSecret/es",
    "type": "Warning",
    "reason": "UpdateFailed",
    "message": "could not get secret: dial tcp 127.0.0.1:1: connection refused",
    "component": "external-secrets",
}
CASE = {
    "name": "case",
    "expect": [
        {
            "at": "end",
            "secrets": {"out": {"data": {"a": "one"}, "writtenSinceLastSnapshot": False}},
            "events": [EVENT, {**EVENT, "reason": "Other", "optional": True}],
            "vaultRequests": [LOGIN, READ],
        }
    ],
}


class ComparisonTest(unittest.TestCase):
    def setUp(self) -> None:
        self.result = copy.deepcopy(CASE)
        self.seen = self.result["expect"][0]
        for request in self.seen["vaultRequests"]:
            request["times"] = 1
        self.seen["events"].pop()

    def differences(self, loose: bool = False) -> list[str]:
        comparison = Comparison(loose)
        comparison.compare_scenarios(CASE, self.result)
        return [str(difference) for difference in comparison.differences]

    def test_the_recording_passes_without_what_is_optional(self) -> None:
        self.assertEqual(self.differences(), [])

    def test_another_value_fails(self) -> None:
        self.seen["secrets"]["out"]["data"]["a"] = "two"
        self.assertEqual(self.differences(), ["0.secrets.out.data.a one | two"])

    def test_a_write_that_the_recording_rules_out_fails(self) -> None:
        self.seen["secrets"]["out"]["writtenSinceLastSnapshot"] = True
        self.assertEqual(len(self.differences()), 1)

    def test_a_cause_behind_the_message_passes(self) -> None:
        self.seen["events"][0]["message"] += ": try again"
        self.assertEqual(self.differences(), [])

    def test_the_words_of_a_library_count_unless_loose(self) -> None:
        self.seen["events"][0]["message"] = "could not get secret: connection refused"
        self.assertEqual(len(self.differences()), 2)
        self.assertEqual(self.differences(loose=True), [])

    def test_a_missing_login_fails(self) -> None:
        self.seen["vaultRequests"].pop(0)
        self.assertIn("never logged in", self.differences()[0])

    def test_more_requests_than_recorded_fail(self) -> None:
        self.seen["vaultRequests"][1]["times"] = 4
        self.assertIn("more requests", self.differences()[0])

    def test_a_request_that_upstream_does_not_make_fails(self) -> None:
        self.seen["vaultRequests"].append({"request": "GET secret/data/b", "times": 1, "token": "other"})
        self.assertIn("other request", self.differences()[0])

    def test_a_problem_of_the_run_fails(self) -> None:
        self.result["problems"] = ["wait not reached"]
        self.assertEqual(len(self.differences()), 1)


class ConditionTest(unittest.TestCase):
    FOUND: Json = {
        "metadata": {"generation": 2},
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "reason": "SecretSynced"}],
            "syncedResourceVersion": "2-abc",
            "refreshTime": "now",
        },
        "data": {"a": base64.b64encode(b"one").decode()},
    }

    def holds(self, text: str, found: Json | None) -> bool:
        return Condition.parse(text).holds(found, "then")

    def test_each_form_is_read(self) -> None:
        for text in (
            "ExternalSecret/es",
            "ExternalSecret/es=SecretSynced",
            "ExternalSecret/es=True",
            "ExternalSecret/es=Any",
            "ExternalSecret/es@synced",
            "ExternalSecret/es@refreshed",
            "Secret/out:a",
            "Secret/out:a=one",
            "Secret/out:!b",
        ):
            self.assertTrue(self.holds(text, self.FOUND), text)
            self.assertFalse(self.holds(text, None), text)

    def test_what_differs_does_not_hold(self) -> None:
        for text in ("ExternalSecret/es=SecretSyncedError", "Secret/out:a=two", "Secret/out:b", "Secret/out:!a"):
            self.assertFalse(self.holds(text, self.FOUND), text)

    def test_absence_holds_only_without_the_object(self) -> None:
        self.assertTrue(self.holds("!Secret/out", None))
        self.assertFalse(self.holds("!Secret/out", self.FOUND))


if __name__ == "__main__":
    unittest.main()
