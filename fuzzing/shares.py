"""Shares a campaign among processes, each with a server of its own, and adds up what they have found.

Python draws requests on one core only, and drawing is a good part of the work.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from fuzzing.campaign import Account, Campaign, Wish
from fuzzing.target import running_target


@dataclass
class Outcome:
    """What a campaign, or a part of one, has come to.

    Attributes:
        accounts: of each operation, by its label.
        troubles: what went wrong beside the answers.
    """

    accounts: dict[str, Account]
    troubles: list[str]

    @property
    def findings(self) -> int:
        """How many kinds of findings there are at all operations together."""
        return sum(len(account.findings) for account in self.accounts.values()) + len(self.troubles)


def asked(wish: Wish, processes: int) -> Outcome:
    """Ask everything; findings are printed as they come."""
    # Each begins anew: a fork would share what Schemathesis and psycopg hold open.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        return added(pool.map(partial(_share, wish, processes), range(processes)))


def added(outcomes: Iterable[Outcome]) -> Outcome:
    """All of them as one."""
    whole = Outcome({}, [])
    for outcome in outcomes:
        whole.troubles += outcome.troubles
        for label, account in outcome.accounts.items():
            whole.accounts.setdefault(label, Account()).add(account)
    whole.troubles = sorted(set(whole.troubles))
    return whole


def _share(wish: Wish, processes: int, number: int) -> Outcome:
    with running_target() as target:
        campaign = Campaign(target, partial(print, flush=True), wish, number, processes)
        campaign.run()
    return Outcome(campaign.accounts, campaign.troubles)
