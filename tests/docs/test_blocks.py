"""Every block of commands in the documentation is run, or says why it is not.

The line before a block says how: nothing, and it is run alone; ``<!-- run: sandbox -->`` or
``<!-- run: trader -->``, and it is run where a sandbox serves, or a paper trader trades in one;
``<!-- run by: tests/… -->`` names the test that runs it; ``<!-- not run: … -->`` says why nothing
does.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.doc_pages import ROOT, blocks, name_of, pages
from tests.support.doc_worlds import WORLDS, DocWorld, in_sandbox, new_world, trading

EVERY = {name_of(page): tuple(blocks(page)) for page in pages()}
BREAKS_ITS_SANDBOX = "docs/concepts/sandbox.md"
"""It shows how to inject faults: nothing else is run in that sandbox."""
RUN = sorted(
    {(page, block.detail) for page, some in EVERY.items() for block in some if block.mark == "run"}
)


def test_every_mark_is_one_that_is_known() -> None:
    every = [block for some in EVERY.values() for block in some]
    assert len(every) > 25
    for block in every:
        match block.mark:
            case "run":
                assert block.detail in WORLDS, block
            case "run by":
                assert (ROOT / block.detail).is_file(), block
                assert Path(block.page).name in (ROOT / block.detail).read_text(), block
            case _:
                assert len(block.detail) > 10, f"{block} does not say why it is not run"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocWorld]:
    with in_sandbox(new_world(tmp_path_factory.mktemp("sandbox"))) as world:
        yield world


@pytest.fixture(scope="module")
def trader(sandbox: DocWorld) -> Iterator[DocWorld]:
    with trading(sandbox) as world:
        yield world


@pytest.mark.realtime
@pytest.mark.parametrize(("page", "world"), RUN, ids=lambda part: part)
def test_the_blocks_of_a_page_run(
    page: str, world: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as stack:
        if world == "alone":
            here = new_world(tmp_path)
        elif page == BREAKS_ITS_SANDBOX:
            here = stack.enter_context(in_sandbox(new_world(tmp_path)))
        else:
            here = request.getfixturevalue(world)
        for block in EVERY[page]:
            if (block.mark, block.detail) == ("run", world):
                done = here.run(block)
                assert done.returncode == 0, f"{block}\n{block.text}\n{done.stdout}"
