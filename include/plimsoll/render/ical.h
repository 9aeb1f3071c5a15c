// SPDX-License-Identifier: Apache-2.0
/*
 * A review for calendars (RFC 5545): the planned session as an event, every action that was
 * committed to as a task, and another task for the check whether it worked. The same revision gives
 * the same bytes: the sequence number is the revision, the time stamp that of its last change,
 * identifiers are made of short ids. Times are UTC.
 *
 * Nobody's mail address is known here, so there is no ORGANIZER and no ATTENDEE, and no METHOD,
 * which would ask for them; people stand by name in CONTACT and DESCRIPTION.
 */
#ifndef PLIMSOLL_RENDER_ICAL_H
#define PLIMSOLL_RENDER_ICAL_H

#include "plimsoll/doc/doc.h"

/* Appends the calendar. realm: what tells the reviews of this organisation from those of others,
 * part of every UID; 1 to 100 letters, digits, dots and hyphens. -PL_E_NOENT: no session is planned
 * and there is no action to list; -PL_E_INVALID: the realm; -PL_E_LIMIT when `out` is full (then
 * its length is unchanged). */
int pl_render_ical(const struct pl_doc *d, const char *realm, struct pl_buf *out,
                   struct pl_err *e) PL_MUST;

/* Appends one content line of type TEXT: "NAME:text", escaped (RFC 5545 3.3.11), folded so that no
 * line has more than 75 bytes and no character is cut (3.1), ended by CRLF. What is not clean text
 * becomes U+FFFD. -PL_E_LIMIT. */
int pl_ical_text(const char *name, const char *text, size_t n, struct pl_buf *out) PL_MUST;

#endif
