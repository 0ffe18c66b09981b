"""Schemathesis sends what the OpenAPI document allows, and what it does not: every answer is one that it describes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, given, settings

from mlpcli.serve.feedback import FeedbackFile
from mlpcli.serve.limits import Limits
from tests.serve.serving import asking, serving

schemathesis = pytest.importorskip("schemathesis")

EXAMPLES = int(os.environ.get("MLPCLI_FUZZ", 8))
"""For each operation, of data that fits the document and of data that does not."""


@pytest.fixture(scope="module")
def address(model_files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    feedback = FeedbackFile(tmp_path_factory.mktemp("kept") / "feedback.csv")
    with serving(list(model_files.values()), feedback=feedback, limits=Limits(mib=1)) as found:
        yield found


def operations(address: str) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


def test_every_answer_is_one_that_the_document_describes(address: str) -> None:
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    session, answers = requests.Session(), Counter[int]()
    for operation in operations(address):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=EXAMPLES, database=None, derandomize=True, deadline=None,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            def ask(case: Any) -> None:
                answers[case.call_and_validate(base_url=address, session=session, checks=checks).status_code] += 1

            if mode == GenerationMode.POSITIVE or operation.body or len(operation.path_parameters):
                ask()
    session.close()
    print(answers.total(), "requests; answers by status:", dict(sorted(answers.items())))
    assert answers.total() > 12 * EXAMPLES


def test_the_examples_of_the_document_are_answered(address: str) -> None:
    with asking(address) as client:
        _ask_examples(client)


def _ask_examples(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    answered = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if method == "post":
                answer = client.post(path.replace("{name}", "passengers"), json=content["example"])
                assert answer.status_code in (200, 201), (path, answer.text)
                answered.append(path)
    assert len(answered) == 5
