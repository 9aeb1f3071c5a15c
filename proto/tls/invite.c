// SPDX-License-Identifier: Apache-2.0
/*
 * The text of an invite (invite.h). Pure: bytes to struct and back. Input comes from a person's
 * clipboard, so errors say what looks wrong; the secret never gets into a message.
 */
#include "plimsoll/tls/invite.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"

#define PREFIX        "plm1:"
#define VERSION_BYTE  0x01
#define CHECK_AT      (2 + PL_SPKI_HASH + PL_INVITE_SECRET)
#define CODE_BYTES    (CHECK_AT + 2)
#define CODE_TEXT_MAX 200 /* with hyphens */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Letters, digits, '.', '-', '_' for names and IPv4; hex digits, ':' and '.' for IPv6 (with an
 * optional zone behind '%'). */
static bool is_good_host(const char *s, size_t n, bool *is_v6)
{
    static const char name_set[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char v6_set[] = "0123456789abcdefABCDEF:.";
    if (n == 0 || n > PL_INVITE_HOST_MAX) {
        return false;
    }
    *is_v6 = memchr(s, ':', n) != NULL;
    const char *zone = *is_v6 ? memchr(s, '%', n) : NULL;
    size_t address_n = zone == NULL ? n : (size_t)(zone - s);
    for (size_t i = 0; i < n; i++) {
        if (zone != NULL && i == address_n) {
            continue;
        }
        const char *set = *is_v6 && i < address_n ? v6_set : name_set;
        if (s[i] == '\0' || strchr(set, s[i]) == NULL) {
            return false;
        }
    }
    return s[0] != '-' && (zone == NULL || address_n + 1 < n);
}

bool pl_user_name_is_good(const char *s)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strspn(s, set);
    return n > 0 && n <= 64 && s[n] == '\0' && strchr("._-", s[0]) == NULL;
}

int pl_invite_format(const struct pl_invite *i, char out[PL_INVITE_TEXT_SIZE], struct pl_err *e)
{
    bool is_v6 = false;
    if (!is_good_host(i->host, strnlen(i->host, sizeof(i->host)), &is_v6) || i->port == 0) {
        return pl_fail(e, PL_E_INVALID, "not an address for an invite: %s:%u", i->host, i->port);
    }
    if (i->kind < PL_INVITE_USER || i->kind > PL_INVITE_GROUP) {
        return pl_fail(e, PL_E_INVALID, "not a kind of invite: %d", (int)i->kind);
    }
    uint8_t bytes[CODE_BYTES];
    uint8_t sum[PL_SHA256_BYTES];
    char code[PL_B32_LEN(CODE_BYTES) + 1];
    bytes[0] = VERSION_BYTE;
    bytes[1] = (uint8_t)i->kind;
    memcpy(bytes + 2, i->root_pin, PL_SPKI_HASH);
    memcpy(bytes + 2 + PL_SPKI_HASH, i->secret, PL_INVITE_SECRET);
    pl_sha256(bytes, CHECK_AT, sum);
    memcpy(bytes + CHECK_AT, sum, 2);
    pl_b32_encode(bytes, sizeof(bytes), code);
    (void)snprintf(out, PL_INVITE_TEXT_SIZE, is_v6 ? PREFIX "[%s]:%u:%s" : PREFIX "%s:%u:%s",
                   i->host, i->port, code);
    pl_wipe(bytes, sizeof(bytes));
    pl_wipe(code, sizeof(code));
    return 0;
}

int pl_host_port_parse(const char *text, size_t n, uint16_t preset,
                       char host[PL_INVITE_HOST_MAX + 1], uint16_t *port, struct pl_err *e)
{
    const char *name = text;
    size_t name_n = n;
    const char *rest = text + n; /* ":PORT" or nothing */
    bool bracketed = n > 0 && text[0] == '[';
    if (bracketed) {
        const char *end = memchr(text, ']', n);
        if (end == NULL) {
            return pl_fail(e, PL_E_INVALID, "an address with '[' and no ']'");
        }
        name = text + 1;
        name_n = (size_t)(end - name);
        rest = end + 1;
    } else {
        const char *colon = memchr(text, ':', n);
        if (colon != NULL) {
            name_n = (size_t)(colon - text);
            rest = colon;
        }
    }
    size_t rest_n = (size_t)(text + n - rest);
    uint64_t number = preset;
    if (rest_n > 0 && (rest[0] != ':' || pl_parse_u64n(rest + 1, rest_n - 1, &number) != 0)) {
        number = 0;
    }
    if (number == 0 || number > UINT16_MAX) {
        return pl_fail(e, PL_E_INVALID, "a port from 1 to 65535 must stand behind the address");
    }
    bool is_v6 = false;
    if (!is_good_host(name, name_n, &is_v6) || is_v6 != bracketed) {
        return pl_fail(e, PL_E_INVALID, "not a host name or address (IPv6 stands in brackets)");
    }
    memcpy(host, name, name_n);
    host[name_n] = '\0';
    *port = (uint16_t)number;
    return 0;
}

static int parse_code(const char *code, size_t n, struct pl_invite *out, struct pl_err *e)
{
    uint8_t bytes[CODE_BYTES];
    uint8_t sum[PL_SHA256_BYTES];
    int rc = 0;
    if (n > CODE_TEXT_MAX || pl_b32_decode(code, n, bytes, sizeof(bytes)) != 0) {
        rc = pl_fail(e, PL_E_INVITE, "the code must have %d letters and digits; was it cut?",
                     PL_INVITE_CODE_LEN);
        goto out;
    }
    pl_sha256(bytes, CHECK_AT, sum);
    if (memcmp(sum, bytes + CHECK_AT, 2) != 0) {
        rc = pl_fail(e, PL_E_INVITE, "the code has a typing error");
        goto out;
    }
    if (bytes[0] != VERSION_BYTE) {
        rc = pl_fail(e, PL_E_INVITE, "an invite of a newer kind; update the client");
        goto out;
    }
    if (bytes[1] < PL_INVITE_USER || bytes[1] > PL_INVITE_GROUP) {
        rc = pl_fail(e, PL_E_INVITE, "an invite of unknown kind %u", bytes[1]);
        goto out;
    }
    out->kind = (enum pl_invite_kind)bytes[1];
    memcpy(out->root_pin, bytes + 2, PL_SPKI_HASH);
    memcpy(out->secret, bytes + 2 + PL_SPKI_HASH, PL_INVITE_SECRET);
out:
    pl_wipe(bytes, sizeof(bytes));
    return rc;
}

int pl_invite_parse(const char *text, size_t n, struct pl_invite *out, struct pl_err *e)
{
    memset(out, 0, sizeof(*out));
    while (n > 0 && is_blank(text[0])) {
        text++;
        n--;
    }
    while (n > 0 && is_blank(text[n - 1])) {
        n--;
    }
    const size_t prefix_n = sizeof(PREFIX) - 1;
    if (n <= prefix_n || memcmp(text, PREFIX, prefix_n) != 0) {
        return pl_fail(e, PL_E_INVITE, "an invite begins with \"" PREFIX "\"");
    }
    const char *address = text + prefix_n;
    const char *code = memrchr(address, ':', n - prefix_n);
    if (code == NULL) {
        return pl_fail(e, PL_E_INVITE, "an invite has the form " PREFIX "HOST:PORT:CODE");
    }
    size_t code_n = (size_t)(text + n - code) - 1;
    struct pl_err why;
    int rc = pl_host_port_parse(address, (size_t)(code - address), 0, out->host, &out->port, &why);
    if (rc != 0) {
        rc = pl_fail(e, PL_E_INVITE, "the invite's address: %s", why.text);
    } else {
        rc = parse_code(code + 1, code_n, out, e);
    }
    if (rc != 0) {
        pl_wipe(out, sizeof(*out));
    }
    return rc;
}
