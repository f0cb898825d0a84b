"""docs/reference/alarms.md: every alarm that the code can raise, and where it is raised."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HEAD = """# Alarms

Every alarm that the trader can raise, by the name it has in the journal, in the API
(`/api/activity`) and on the dashboard. What each means and what to do is in the
[runbook](../runbook.md). This page is generated from the code (`make reference`).

| alarm | raised by |
|---|---|
"""


def raised_alarms() -> dict[str, list[str]]:
    """By name, the modules that raise an alarm; ``ValueError`` for a name that is computed."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "kalshi_edge").rglob("*.py")):
        module = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "Alarm"):
                continue
            match node.args:
                case [ast.Constant(value=str(name)), *_]:
                    modules = found.setdefault(name, [])
                    modules += [module] * (module not in modules)
                case _:
                    raise ValueError(f"{module}:{node.lineno}: an alarm without a name of its own")
    return dict(sorted(found.items()))


def alarms_page() -> str:
    """The page's Markdown."""
    rows = (
        f"| [`{name}`](../runbook.md#{name}) | {', '.join(f'`{one}`' for one in modules)} |"
        for name, modules in raised_alarms().items()
    )
    return HEAD + "\n".join(rows) + "\n"
