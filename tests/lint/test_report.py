"""The four formats, the comments and options that silence, and the exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from tests.lint.manifests import CLAIM, GOOD, changed, codes, run
from vllm_cdk8s.cli.main import main
from vllm_cdk8s.lint.checking import check
from vllm_cdk8s.lint.finding import Options
from vllm_cdk8s.lint.report import report, summary


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    document = changed(container__image="vllm/vllm-openai:latest", container__securityContext={"privileged": True},
                       container__readinessProbe={"httpGet": {"port": 8080}})  # fmt: skip
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def test_json_is_a_list_of_objects(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--format", "json", str(bad)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [list(one) for one in found] == [["rule", "severity", "file", "line", "object", "message", "fix"]] * 3
    first = next(one for one in found if one["rule"] == "VC407")
    assert first["severity"] == "error"
    assert first["object"] == "Deployment/llm"
    assert first["message"] == "readinessProbe: asks port 8080, and vLLM listens on 8000"
    assert bad.read_text(encoding="utf-8").splitlines()[first["line"] - 1].strip() == "readinessProbe:"


def test_sarif_names_its_rules_and_places(bad: Path) -> None:
    log = json.loads(report(check([str(bad)]), "sarif", version="1.0"))
    (one,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in one["tool"]["driver"]["rules"]] == ["VC220", "VC407", "VC506"]
    for result in one["results"]:
        assert one["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 1


def test_sarif_is_what_its_schema_allows(tmp_path: Path) -> None:
    odd = tmp_path / "a b#é%.yaml"
    odd.write_text(yaml.safe_dump(changed(container__image="vllm/vllm-openai:latest")), encoding="utf-8")
    for log in (report(check([str(odd)]), "sarif", version="1.0"), report(check([]), "sarif")):
        StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(log)
    (result,) = json.loads(report(check([str(odd)]), "sarif"))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.endswith("/a%20b%23%C3%A9%25.yaml")


def test_annotations_escape_what_ends_their_parts(tmp_path: Path) -> None:
    folder = tmp_path / "a,b:100%"
    folder.mkdir()
    path = folder / "m.yaml"
    path.write_text(yaml.safe_dump(changed(container__image="vllm/vllm-openai:latest")), encoding="utf-8")
    (line,) = report(check([str(path)]), "github").splitlines()
    properties, _, text = line.removeprefix("::warning ").partition("::")
    assert dict(part.split("=", 1) for part in properties.split(",")).keys() == {"file", "line", "title"}
    assert "a%2Cb%3A100%25/m.yaml" in properties
    assert text.startswith("Deployment/llm: image: ")


def test_annotations_stay_on_one_line(bad: Path) -> None:
    lines = report(check([str(bad)]), "github").splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"::warning file={bad},line=")
    assert "title=VC220 floating-tag::Deployment/llm: image" in lines[0]
    assert "%0A" in lines[0]


def test_text_has_colour_on_demand_only(bad: Path) -> None:
    result = check([str(bad)])
    assert "\x1b" not in report(result, "text")
    assert "\x1b[1;31merror" in report(result, "text", colour=True)
    assert summary(result) == "1 vLLM server in 1 file: 1 error, 2 warnings"


def test_codes_are_selected_and_ignored_by_their_beginnings(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def found(*arguments: str) -> list[str]:
        main(["check", "--format", "json", *arguments, str(bad)])
        return sorted(one["rule"] for one in json.loads(capsys.readouterr().out))

    assert found("--select", "VC2,VC5") == ["VC220", "VC506"]
    assert found("--ignore", "VC220", "--ignore", "privilege") == ["VC407"]
    assert found("--severity", "error") == ["VC407"]


def test_a_wrong_code_is_an_error(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--select", "VC999", str(bad)]) == 2
    assert "'VC999' is not a rule" in capsys.readouterr().err


def test_a_comment_silences_one_rule_at_one_line(tmp_path: Path) -> None:
    text = yaml.safe_dump(changed(container__image="vllm/vllm-openai:latest"), sort_keys=False)
    beside = text.replace(
        "image: vllm/vllm-openai:latest", "image: vllm/vllm-openai:latest  # vllm-cdk8s: ignore VC220 demo"
    )
    assert codes(run(tmp_path, text)) == ["VC220"]
    assert run(tmp_path, beside) == []
    above = text.replace("        image:", "        # vllm-cdk8s: ignore VC220 demo\n        image:")
    assert run(tmp_path, above) == []
    assert codes(run(tmp_path, beside.replace("VC220", "VC402"))) == ["VC220"]


def test_exit_codes(tmp_path: Path, bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(yaml.safe_dump_all([GOOD, CLAIM]), encoding="utf-8")
    template = tmp_path / "t.yaml"
    template.write_text("kind: A\napiVersion: v1\nspec: {{ .Values.x }}\n", encoding="utf-8")
    assert main(["check", str(good)]) == 0
    assert capsys.readouterr().err == "1 vLLM server in 1 file: nothing found\n"
    assert main(["check", str(bad)]) == 1
    assert main(["check", str(template), str(bad)]) == 2
    out = capsys.readouterr()
    assert "VC407" in out.out
    assert f"error: {template}:3: is a template" in out.err


def test_it_starts_without_node_and_cdk8s(bad: Path) -> None:
    code = (
        "import sys; from vllm_cdk8s.cli.main import main; main(['check', sys.argv[1]]);"
        "print(sorted({'jsii', 'cdk8s', 'constructs'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bad)], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_findings_do_not_depend_on_how_often_they_are_made(bad: Path) -> None:
    assert check([str(bad)]).findings == check([str(bad)], Options()).findings
    assert len(check([str(bad), str(bad)]).findings) == 3
