"""Reading the command line. Exit 0 done, 1 a finding or a refusal, 2 wrong use."""

import argparse
import asyncio
import importlib
import io
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime

import uvloop

from bot.logs import configure_logs
from bot.settings import Settings, load_settings
from domain.deadlines import SEOUL
from domain.errors import SangdamError, SettingsError
from domain.gaps import GapKind
from domain.staff import Role

Command = Callable[[argparse.Namespace, Settings], Coroutine[None, None, int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = parser().parse_args(arguments)
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # bytes that are no text must end neither a conversation nor a run
    try:
        settings = load_settings()
        configure_logs("warning" if options.quiet else settings.log_level, _secrets(settings))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_found(options.command)(options, settings))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except SangdamError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sangdam", description="Customer service for Korean shops.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _add(commands, "run", "everything that is configured", "running:run", quiet=False)
    _add(commands, "chat", "one conversation in the terminal", "running:chat")
    _add(commands, "check", "what is wrong with the settings, and how to mend it", "running:check")

    ask = _add(commands, "ask", "answer questions, one a line", "asking:ask")
    ask.add_argument("--json", action="store_true", help="a line of JSON for each line")
    ask.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")

    screen = _add(commands, "screen", "screen lines for abusive language", "asking:screen")
    screen.add_argument("--json", action="store_true", help="a line of JSON for each line")
    screen.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")

    group = commands.add_parser("moderation", help="the abuse detector").add_subparsers(required=True, metavar="WHAT")
    evaluate = _add(group, "evaluate", "precision, recall and false alarms on labelled lines", "asking:evaluate")
    evaluate.add_argument("files", nargs="+", metavar="FILE")

    _add_kb(commands)
    cases = _add(commands, "cases", "the cases, first due first", "records:cases")
    cases.add_argument("--json", action="store_true", help="a line of JSON for each case")

    ledger = commands.add_parser("ledger", help="the tamper-evident ledger").add_subparsers(
        required=True, metavar="WHAT"
    )
    _add(ledger, "verify", "walk every chain; exit 1 when one does not hold", "records:verify")
    _add(ledger, "export", "every link as a line of JSON", "records:export")

    _add_staff(commands.add_parser("staff", help="the people who serve").add_subparsers(required=True, metavar="WHAT"))

    backup = _add(commands, "backup", "write one portable archive of the data", "storing:backup")
    backup.add_argument("file", metavar="FILE")
    restore = _add(commands, "restore", "read an archive into an empty database", "storing:restore")
    restore.add_argument("file", metavar="FILE")
    keys = commands.add_parser("keys", help="the master key").add_subparsers(required=True, metavar="WHAT")
    rotate = _add(keys, "rotate", "wrap every person's key under a new master key", "storing:rotate")
    rotate.add_argument("--new-key-file", metavar="FILE", required=True, help="where the new master key is written")
    return parser


def _add_kb(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = commands.add_parser("kb", help="the knowledge base").add_subparsers(required=True, metavar="WHAT")
    into = _add(
        group, "import", "make the draft what a folder holds, or put a document's clauses in", "importing:import_"
    )
    into.add_argument("path", metavar="DIR|FILE", help="Markdown files, or a policy document (.txt, .md, .html)")
    into.add_argument("--merge", action="store_true", help="keep the draft's other entries; a file always does")
    into.add_argument("--document", default="", metavar="NAME", help="what citations call it; default: its title")
    into.add_argument("--replace", action="store_true", help="write over clauses that are there in other words")
    out = _add(group, "export", "write a version's entries as Markdown files", "kb:export")
    out.add_argument("folder", metavar="DIR")
    out.add_argument("--version", type=int, help="default: the live one; 0 is the draft")
    check = _add(group, "check", "what publishing the draft would change", "kb:check")
    model = check.add_mutually_exclusive_group()
    model.add_argument("--fit", action="store_true", help="first fit when to answer to the draft's own questions")
    model.add_argument("--unfit", action="store_true", help="first go back to the program's own measure")
    diff = _add(group, "diff", "what differs between two versions, line by line", "kb:diff")
    diff.add_argument("before", type=int, nargs="?", metavar="A", help="default: the live version")
    diff.add_argument("after", type=int, nargs="?", default=0, metavar="B", help="default: 0, the draft")
    tried = _add(group, "try", "what the draft and the live version decide on a question", "kb:try_")
    tried.add_argument("question", metavar="QUESTION")
    tried.add_argument("--prev", help="the customer's question before it")
    submit = _add(group, "submit", "hand the draft in for another admin's review", "kb:submit")
    submit.add_argument("--note", default="", help="what changed")
    approve = _add(group, "approve", "approve the draft that was handed in", "kb:approve")
    approve.add_argument("--remark", default="", help="a word to whoever handed it in")
    give_back = _add(group, "return", "give the draft that was handed in back", "kb:return_")
    give_back.add_argument("remark", metavar="REMARK", help="why")
    publish = _add(group, "publish", "publish the draft, when the gate lets it pass", "kb:publish")
    publish.add_argument("--note", default="", help="what changed")
    publish.add_argument("--override", default="", metavar="REASON", help="publish although questions would break")
    _add_unanswered(group)
    _add(group, "build", "keep the default knowledge base's index, for a faster first start", "kb:build")
    _add(group, "history", "the published versions, newest first", "kb:history")
    back = _add(group, "rollback", "publish what an older version held", "kb:rollback")
    back.add_argument("version", type=int)
    for changing in (into, check, submit, approve, give_back, publish, back):
        changing.add_argument("--by", metavar="NAME", help="the admin's account; default: the system user's name")


def _add_unanswered(group: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    asked = _add(group, "unanswered", "what customers asked in vain, put together by meaning", "unanswered:unanswered")
    asked.add_argument("--json", action="store_true", help="a line of JSON for each group")
    kinds = [kind.value for kind in GapKind]
    asked.add_argument(
        "--kind", action="append", choices=kinds, metavar="KIND", default=[], help=f"only {', '.join(kinds)}"
    )
    asked.add_argument("--since", type=_day, metavar="DATE", help="from this day on, such as 2026-01-31")
    step = asked.add_mutually_exclusive_group()
    step.add_argument("--alias", nargs=2, metavar=("GROUP", "ENTRY"), help="make it another way to ask for an entry")
    step.add_argument("--question", nargs=2, metavar=("GROUP", "ENTRY"), help="make it a regression question of it")
    step.add_argument("--propose", metavar="GROUP", help="print a new entry for it, to be filled in")
    step.add_argument("--draft", nargs=2, metavar=("GROUP", "FILE"), help="put the new entry in the draft")
    step.add_argument("--dismiss", nargs=2, metavar=("GROUP", "REASON"), help="leave it as it is")
    asked.add_argument("--text", action="append", help="words for --alias and --question; default: the group's label")
    asked.add_argument("--by", metavar="NAME", help="the admin's account; default: the system user's name")


def _day(text: str) -> datetime:
    """The beginning of a day in Seoul."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SEOUL)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-01-31") from None


def _add_staff(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    add = _add(commands, "add", "a new account; prints the one-time link that sets its password", "staff:add")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--alias", metavar="ALIAS", help="what customers read; default: the name")
    listed = _add(commands, "list", "the accounts", "staff:list_all")
    listed.add_argument("--json", action="store_true", help="a line of JSON for each account")
    role = _add(commands, "role", "changes what an account may do", "staff:change_role")
    role.add_argument("name", metavar="NAME")
    role.add_argument("role", choices=[role.value for role in Role])
    for name, words in {
        "disable": "nobody signs in with it any more",
        "enable": "a disabled account may be used again",
        "link": "a new one-time link that sets an account's password",
        "revoke": "the link that was given out is good for nothing any more",
        "reset_factor": "takes away a second factor whose owner has lost phone and recovery codes",
    }.items():
        _add(commands, name.replace("_", "-"), words, f"staff:{name}").add_argument("name", metavar="NAME")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    words: str,
    command: str,
    *,
    quiet: bool = True,
) -> argparse.ArgumentParser:
    """command: module in this package and function, imported when it is run."""
    parser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(command=command, quiet=quiet)
    return parser


def _found(name: str) -> Command:
    module, _, function = name.partition(":")
    command: Command = getattr(importlib.import_module(f"bot.cli.{module}"), function)
    return command


def _secrets(settings: Settings) -> tuple[str, ...]:
    return (
        settings.telegram_token.get_secret_value(),
        settings.master_key.get_secret_value(),
        settings.telegram_webhook_secret.get_secret_value(),
        settings.embeddings_key.get_secret_value(),
    )
