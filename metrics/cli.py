"""The command line: parses, calls, prints. Verbs live in cli_*.py.

Exit status: 0 fine; 1 a bug, with its traceback; 2 something the user can mend, said in one line on stderr.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from metrics.cli_flags import a_folder
from metrics.errors import TomoniError

__all__ = ["main", "parser"]

# Where each verb lives, in the order of the help. One verb loads only its own module: all of them take half a second.
MODULES = {
    "metrics.cli_demo": ("demo",),
    "metrics.cli_collect": ("collect", "check"),
    "metrics.cli_files": ("import",),
    "metrics.cli_findings": ("findings",),
    "metrics.cli_review": ("review",),
    "metrics.cli_delivery": ("delivery",),
    "metrics.cli_detect": ("detect",),
    "metrics.cli_store": ("export", "backup", "restore"),
}
EPILOG = """\
Exit status: 0 fine; 1 a bug; 2 something you can mend, said in one line on stderr.
Times are ISO 8601 (2026-01-31 or 2026-01-31T09:00+09:00), in UTC where no offset is given."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a flag in one line, as every other refusal."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser(verb: str | None = None) -> argparse.ArgumentParser:
    """Every verb with its flags; only those of one verb's module where it is known which is meant."""
    tree = _Parser(
        prog="python -m metrics",
        description="Tomoni: the page that the development and infrastructure leads of a service open together.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    tree.add_argument(
        "--data",
        type=a_folder,
        default=os.environ.get("TOMONI_DATA") or "data",
        metavar="DIR",
        help="the deployment's folder (TOMONI_DATA, else data/)",
    )
    verbs = tree.add_subparsers(dest="verb", metavar="VERB", required=True, title="verbs")
    for module, its_verbs in MODULES.items():
        if verb is None or verb in its_verbs:
            import_module(module).add_verbs(verbs)
    return tree


def _verb(argv: Sequence[str]) -> str | None:
    """The verb that is meant, if it is one."""
    word = iter(argv)
    for each in word:
        if each == "--data":
            next(word, None)
        elif not each.startswith("-"):
            return each if any(each in verbs for verbs in MODULES.values()) else None
    return None


def main(argv: Sequence[str]) -> int:
    """Runs one verb; returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # httpx would log every address, and an address may carry a secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    arguments = parser(_verb(argv)).parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except TomoniError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    except BrokenPipeError:
        # `export … | head` closes early; point stdout elsewhere so that the exit flush stays quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return status
