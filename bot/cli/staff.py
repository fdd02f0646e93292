"""staff: accounts of the people who serve."""

import argparse
import secrets
import sys

import orjson

from bot.parts import open_program_storage
from bot.settings import Settings
from domain.staff import Role, Staff, StaffError, checked_alias, checked_name
from storage.opening import Storage
from storage.staff import LINK_LASTS, PASSWORD


async def add(options: argparse.Namespace, settings: Settings) -> int:
    """A new account; standard output is the link under which its owner sets the password."""
    name = checked_name(options.name)
    alias = checked_alias(options.alias or name)
    async with open_program_storage(settings) as storage:
        staff = await storage.accounts.add(name, alias, Role(options.role))
        await _print_link(storage, settings, staff)
    return 0


async def link(options: argparse.Namespace, settings: Settings) -> int:
    """A new link for an account whose password was forgotten, or never set."""
    async with open_program_storage(settings) as storage:
        await _print_link(storage, settings, await _usable(storage, options.name))
    return 0


async def list_all(options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        for account in await storage.accounts.overview():
            staff = account.staff
            if options.json:
                row = {
                    "name": staff.name,
                    "alias": staff.alias,
                    "role": staff.role,
                    "disabled": staff.disabled,
                    "second_factor": account.secured,
                    "seen": account.seen,
                }
                sys.stdout.write(orjson.dumps(row).decode() + "\n")
            else:
                state = "중지" if staff.disabled else "사용"
                factor = "2단계 인증" if account.secured else "비밀번호만"
                sys.stdout.write(f"{staff.name}  {staff.alias}  {staff.role}  {state}  {factor}\n")
    return 0


async def change_role(options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        await storage.accounts.change_role(checked_name(options.name), Role(options.role))
    return 0


async def enable(options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        await storage.accounts.enable(checked_name(options.name))
    return 0


async def revoke(options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        await storage.accounts.revoke_link(checked_name(options.name))
    return 0


async def reset_factor(options: argparse.Namespace, settings: Settings) -> int:
    """Ends the person's sessions; the next sign-in asks for the password alone, or for setting a new one up."""
    async with open_program_storage(settings) as storage:
        await storage.factors.reset(await _usable(storage, options.name), None)
    return 0


async def disable(options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        await storage.accounts.disable(checked_name(options.name))
    return 0


async def _usable(storage: Storage, name: str) -> Staff:
    found = await storage.accounts.find(checked_name(name))
    if found is None or found.staff.disabled:
        raise StaffError(f"{name}: 쓸 수 있는 계정이 아닙니다.")
    return found.staff


async def _print_link(storage: Storage, settings: Settings, staff: Staff) -> None:
    token = secrets.token_urlsafe(32)
    await storage.accounts.new_link(PASSWORD, staff.id, token, LINK_LASTS)
    where = settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
    sys.stdout.write(f"{where}/desk/welcome#{token}\n")
