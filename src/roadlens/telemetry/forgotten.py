"""Leaves out positions of the times of erased drivers: sent late, or again, they bring nobody back."""

from __future__ import annotations

import numpy as np

from roadlens.domain import unix_microseconds
from roadlens.telemetry.batch import Complaint, Reason
from roadlens.telemetry.work import Work

_SAYS = "positions of that time are no longer kept: a driver was erased who had the device then"


def leave_out_forgotten(work: Work) -> None:
    """Drop them, with a word. The devices are held, so nobody is erased between this and the storing."""
    forgetting = {device_id: held.forgotten for device_id, held in work.held.items() if held.forgotten}
    if not forgetting:
        return
    devices, times = work.positions["device_id"], work.positions["fix_time"]
    forgotten = np.zeros(len(times), dtype=np.bool_)
    for device_id, spans in forgetting.items():
        for begin, end in spans:
            within = devices == device_id
            if begin is not None:
                within &= times >= unix_microseconds(begin)
            if end is not None:
                within &= times < unix_microseconds(end)
            forgotten |= within
    lines = np.asarray(work.batch.lines)[work.good]
    work.complaints += [Complaint(int(line), Reason.NOT_KEPT, _SAYS) for line in lines[forgotten]]
    work.positions = work.positions[~forgotten]
