"""Prometheus understands what the dashboards ask it for."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support.deployment import DEPLOY

PROMTOOL = shutil.which("promtool")


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian: apt-get install prometheus) is not installed")
@pytest.mark.parametrize("name", ["bookkeeping", "operations"])
def test_prometheus_understands_every_panel(name: str, tmp_path: Path) -> None:
    """Each expression parses, with Grafana's variables filled in as Grafana fills them."""
    text = (DEPLOY / "monitoring" / "grafana" / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
    filled = json.loads(text.replace("$__rate_interval", "1m").replace("$export", "main|other"))
    asked = [target["expr"] for panel in filled["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:asks:{nth}", "expr": expr} for nth, expr in enumerate(asked)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": name, "rules": rules}]}))

    checked = subprocess.run([str(PROMTOOL), "check", "rules", str(file)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr
    assert f"{len(asked)} rules found" in checked.stdout
