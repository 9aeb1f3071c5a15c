// SPDX-License-Identifier: Apache-2.0
/*
 * Negative controls. The simulation of the protocol (tests/prop) is only worth something if it
 * notices a broken protocol, so it is also run against this machine with one rule broken at a time.
 * The faults exist only in a build with PL_SYNC_FAULTS, which no program uses; in every other build
 * not a line of them is compiled.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_FAULT_H
#define PLIMSOLL_CLIENT_SYNC_FAULT_H

enum sync_fault_kind {
    SYNC_FAULT_NONE = 0,
    SYNC_FAULT_COMPOSED = 1, /* transforms over composed revisions instead of one by one */
    SYNC_FAULT_TIE = 3,      /* of two inserts at one place the earlier goes left, here only */
    SYNC_FAULT_THAW = 4,     /* composes new edits into the changeset that is under way */
    SYNC_FAULT_REMOTE = 5    /* a remote register is shown over a local, unacknowledged one */
};

#ifdef PL_SYNC_FAULTS
extern enum sync_fault_kind sync_fault;
#define SYNC_FAULT(kind) (sync_fault == SYNC_FAULT_##kind)
#endif

#endif
