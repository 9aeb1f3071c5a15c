// SPDX-License-Identifier: Apache-2.0
/*
 * Decode: look the type up, pre-scan the bytes, unpack within a budget, turn into our struct.
 * Encode: make the generated message in a scratch arena, measure it, pack it straight behind the
 * frame header. Both are driven by one table made from messages.def. A failed encode leaves the
 * output as it was.
 */
#include <string.h>

#include "audit.pb-c.h"
#include "directory.pb-c.h"
#include "edit.pb-c.h"
#include "review.pb-c.h"
#include "session.pb-c.h"

#include "plimsoll/base/utf8.h"
#include "plimsoll/wire/frame.h"

#include "alloc.h"
#include "codec.h"
#include "verify.h"

/* Changesets in journals and logs: what a client composed while offline may be long. */
#define STORED_BYTES_MAX (8u * 1024u * 1024u)
#define STORED_SLOTS_MAX 65536u
#define SCRATCH_MAX      (16u * 1024u * 1024u)
#define UTF8_MAX         4u

#define plimsoll__goaway__descriptor plimsoll__go_away__descriptor

struct entry {
    struct pl_msg_info info;
    const ProtobufCMessageDescriptor *descriptor;
    pl_codec_get_cb *get;
    pl_codec_put_cb *put;
};

static const struct entry entries[] = {
#define PL_MESSAGE(name, number, proto, field, direction, state)       \
    [number] = {                                                       \
        {PL_MSG_##name, #proto, PL_DIR_##direction, PL_STATE_##state}, \
        &plimsoll__##field##__descriptor,                              \
        pl_codec_get_##field,                                          \
        pl_codec_put_##field,                                          \
    },
#include "plimsoll/wire/messages.def"
#undef PL_MESSAGE
};

/* Every repeated field, and a changeset on its way to the server. */
static const struct pl_verify_limit limits[] = {
    {&plimsoll__changeset__descriptor, 1, PL_CHANGESET_SLOTS_MAX},
    {&plimsoll__submit__descriptor, 5, PL_CHANGESET_BYTES_MAX},
    {&plimsoll__history_reply__descriptor, 3, PL_HISTORY_MAX},
    {&plimsoll__list_reply__descriptor, 2, PL_LIST_MAX},
    {&plimsoll__people_reply__descriptor, 2, PL_PEOPLE_MAX},
    {&plimsoll__whoami_reply__descriptor, 5, PL_DEVICES_MAX},
    {&plimsoll__join_welcome__descriptor, 5, PL_CERTS_MAX},
    {&plimsoll__session_reply__descriptor, 7, PL_VOTES_MAX},
    {&plimsoll__cards__descriptor, 4, PL_CARDS_MAX},
    {&plimsoll__invites_reply__descriptor, 2, PL_INVITES_MAX},
    {&plimsoll__actions_reply__descriptor, 2, PL_ACTIONS_PAGE_MAX},
    {&plimsoll__metrics_reply__descriptor, 2, PL_METRICS_PAGE_MAX},
    {&plimsoll__metric_row__descriptor, 6, PL_SERVICES_MAX},
};

static const struct pl_verify_limit stored_limits[] = {
    {&plimsoll__changeset__descriptor, 1, STORED_SLOTS_MAX},
};

static const struct entry *find(uint32_t type)
{
    if (type >= sizeof entries / sizeof entries[0] || entries[type].get == NULL)
        return NULL;
    return &entries[type];
}

const struct pl_msg_info *pl_msg_info(uint32_t type)
{
    const struct entry *en = find(type);
    return en != NULL ? &en->info : NULL;
}

const ProtobufCMessageDescriptor *pl_codec_descriptor(uint32_t type)
{
    const struct entry *en = find(type);
    return en != NULL ? en->descriptor : NULL;
}

/* ---- shared by the codec files ----------------------------------------------------------------
 */

void pl_get_fail(struct pl_get *c, int code, const char *name, const char *what)
{
    if (c->rc == 0)
        c->rc = pl_fail(c->e, code, "%s: %s", name, what);
}

void pl_put_fail(struct pl_put *c, int code, const char *name, const char *what)
{
    if (c->rc == 0)
        c->rc = pl_fail(c->e, code, "%s: %s", name, what);
}

/* More than `max` characters of clean text. */
static bool is_longer(const char *s, size_t n, uint32_t max)
{
    return n > max && (n > (size_t)max * UTF8_MAX || pl_utf8_count(s, n) > max);
}

void pl_get_str(struct pl_get *c, const char **out, const char *s, uint32_t max, const char *name)
{
    size_t n = strlen(s);
    *out = s;
    if (is_longer(s, n, max))
        pl_get_fail(c, PL_E_LIMIT, name, "longer than allowed");
    else if (strcspn(s, "\n\t") != n)
        pl_get_fail(c, PL_E_BAD_TEXT, name, "must be one line");
}

/* That it is clean the pre-scan has seen. */
void pl_get_text(struct pl_get *c, const char **out, const char *s, uint32_t max, const char *name)
{
    *out = s;
    if (is_longer(s, strlen(s), max))
        pl_get_fail(c, PL_E_LIMIT, name, "longer than allowed");
}

void pl_get_bytes(struct pl_get *c, struct pl_bytes *out, const ProtobufCBinaryData *in, size_t min,
                  size_t max, const char *name)
{
    out->p = in->data;
    out->n = in->len;
    if (in->len < min)
        pl_get_fail(c, PL_E_BAD_MESSAGE, name, "too short");
    else if (in->len > max)
        pl_get_fail(c, PL_E_LIMIT, name, "longer than allowed");
}

void *pl_get_items(struct pl_get *c, size_t n, size_t size)
{
    if (n == 0 || c->rc < 0)
        return NULL;
    void *p = pl_arena_alloc(c->arena, n * size);
    if (p == NULL)
        pl_get_fail(c, PL_E_BAD_MESSAGE, "message", "takes more memory than it may");
    else
        memset(p, 0, n * size);
    return p;
}

char *pl_put_str(struct pl_put *c, const char *s, uint32_t max, const char *name)
{
    if (s == NULL)
        return (char *)protobuf_c_empty_string;
    size_t n = strlen(s);
    if (!pl_utf8_is_clean(s, n, NULL) || strcspn(s, "\n\t") != n)
        pl_put_fail(c, PL_E_BAD_TEXT, name, "must be one line of clean text");
    else if (is_longer(s, n, max))
        pl_put_fail(c, PL_E_LIMIT, name, "longer than allowed");
    return (char *)s;
}

char *pl_put_text(struct pl_put *c, const char *s, uint32_t max, const char *name)
{
    if (s == NULL)
        return (char *)protobuf_c_empty_string;
    size_t n = strlen(s);
    if (!pl_utf8_is_clean(s, n, NULL))
        pl_put_fail(c, PL_E_BAD_TEXT, name, "must be clean text");
    else if (is_longer(s, n, max))
        pl_put_fail(c, PL_E_LIMIT, name, "longer than allowed");
    return (char *)s;
}

char *pl_put_shown(struct pl_put *c, const char *s, uint32_t max)
{
    if (s == NULL)
        return (char *)protobuf_c_empty_string;
    size_t n = strlen(s);
    if (pl_utf8_is_clean(s, n, NULL) && strcspn(s, "\n\t") == n && !is_longer(s, n, max))
        return (char *)s;
    char *out = pl_put_alloc(c, (n < max ? n : (size_t)max) * UTF8_MAX + 1);
    if (out == NULL)
        return (char *)protobuf_c_empty_string;
    size_t len = 0;
    const uint8_t *p = (const uint8_t *)s;
    const uint8_t *end = p + n;
    for (uint32_t count = 0; count < max && p < end; count++) {
        uint32_t scalar;
        uint8_t one[UTF8_MAX];
        p += pl_utf8_decode(p, end, &scalar);
        size_t one_len = pl_utf8_encode(scalar, one);
        if (scalar == '\n' || scalar == '\t')
            one[0] = ' ';
        else if (!pl_utf8_is_clean(one, one_len, NULL))
            one_len = pl_utf8_encode(0xFFFD, one);
        memcpy(out + len, one, one_len);
        len += one_len;
    }
    out[len] = '\0';
    return out;
}

ProtobufCBinaryData pl_put_bytes(struct pl_put *c, const struct pl_bytes *in, size_t min,
                                 size_t max, const char *name)
{
    if (in->n < min || in->n > max)
        pl_put_fail(c, PL_E_LIMIT, name, "wrong length");
    return (ProtobufCBinaryData){in->n, (uint8_t *)in->p};
}

void *pl_put_alloc(struct pl_put *c, size_t n)
{
    void *p = pl_arena_alloc(c->arena, n);
    if (p == NULL)
        pl_put_fail(c, PL_E_LIMIT, "message", "too large to send");
    return p;
}

/* ---- decode -----------------------------------------------------------------------------------
 */

static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *d, const void *bytes, size_t n,
                                struct pl_arena *arena, struct pl_err *e)
{
    size_t budget = PL_UNPACK_BUDGET(n);
    if (budget > PL_UNPACK_BUDGET_MAX && n <= PL_FRAME_MAX_SERVER)
        budget = PL_UNPACK_BUDGET_MAX;
    struct pl_alloc alloc;
    pl_alloc_init(&alloc, arena, budget);
    ProtobufCMessage *m = protobuf_c_message_unpack(d, &alloc.pb, n, bytes);
    if (m == NULL)
        (void)pl_fail(e, PL_E_BAD_MESSAGE, "%s: takes more memory than it may", d->short_name);
    return m;
}

int pl_msg_decode(struct pl_msg *out_uninit, uint32_t type, const void *payload, size_t n,
                  enum pl_side reader, struct pl_arena *arena, struct pl_err *e)
{
    const struct entry *en = find(type);
    enum pl_msg_dir way = reader == PL_SIDE_SERVER ? PL_DIR_C2S : PL_DIR_S2C;
    if (en == NULL)
        return pl_fail(e, PL_E_UNKNOWN_MESSAGE, "message type %u is not known", type);
    if ((en->info.direction & way) == 0)
        return pl_fail(e, PL_E_UNKNOWN_MESSAGE, "%s does not go this way", en->info.name);
    const struct pl_verify_rules rules = {
        .limits = limits,
        .n_limits = sizeof limits / sizeof limits[0],
        .fields_max = reader == PL_SIDE_SERVER ? PL_MSG_FIELDS_MAX : PL_MSG_FIELDS_MAX_SERVER,
        .refuse_unknown = reader == PL_SIDE_SERVER,
    };
    int rc = pl_wire_verify(en->descriptor, payload, n, &rules, e);
    if (rc < 0)
        return rc;
    const ProtobufCMessage *m = unpack(en->descriptor, payload, n, arena, e);
    if (m == NULL)
        return -PL_E_BAD_MESSAGE;
    memset(out_uninit, 0, sizeof *out_uninit);
    struct pl_get c = {.arena = arena, .reader = reader, .rc = 0, .e = e};
    rc = en->get(&out_uninit->u, m, &c);
    if (rc < 0) {
        pl_wrap(e, "%s", en->info.name);
        out_uninit->type = PL_MSG_NONE;
        return rc;
    }
    out_uninit->type = en->info.type;
    return 0;
}

void pl_msg_release(struct pl_msg *m)
{
    if (m->type == PL_MSG_SUBMIT)
        pl_cs_release(&m->u.submit.cs);
    else if (m->type == PL_MSG_REV)
        pl_cs_release(&m->u.rev.cs);
    else if (m->type == PL_MSG_HISTORY_REPLY)
        for (size_t i = 0; i < m->u.history_reply.n; i++)
            pl_cs_release(&m->u.history_reply.revs[i].cs);
    m->type = PL_MSG_NONE;
}

/* ---- encode -----------------------------------------------------------------------------------
 */

static size_t frame_max(const struct pl_msg_info *info)
{
    if (info->type == PL_MSG_JOIN_HELLO)
        return PL_FRAME_MAX_JOIN;
    if (info->type == PL_MSG_HELLO)
        return PL_FRAME_MAX_EARLY;
    return info->direction == PL_DIR_S2C ? PL_FRAME_MAX_SERVER : PL_FRAME_MAX_CLIENT;
}

/* Packs behind a header for `type`, or without one for PL_MSG_NONE. */
static int pack(const ProtobufCMessage *m, enum pl_msg_type type, size_t size, struct pl_buf *out)
{
    size_t header = type != PL_MSG_NONE ? PL_FRAME_HEADER : 0;
    if (pl_buf_reserve(out, header + size) == NULL)
        return -PL_E_LIMIT;
    if (header > 0) {
        int rc = pl_frame_header(out, type, size);
        if (rc < 0)
            return rc;
    }
    size_t written = protobuf_c_message_pack(m, out->data + out->len);
    PL_ASSERT(written == size);
    out->len += size;
    return 0;
}

static int pack_frame(const ProtobufCMessage *m, const struct pl_msg_info *info, struct pl_buf *out,
                      struct pl_err *e)
{
    size_t size = protobuf_c_message_get_packed_size(m);
    if (size + 2 > frame_max(info))
        return pl_fail(e, PL_E_TOO_LARGE, "%s of %zu bytes", info->name, size);
    if (pack(m, info->type, size, out) < 0)
        return pl_fail(e, PL_E_LIMIT, "no room for %s of %zu bytes", info->name, size);
    return 0;
}

int pl_msg_encode(const struct pl_msg *m, struct pl_buf *out, struct pl_err *e)
{
    const struct entry *en = find(m->type);
    if (en == NULL)
        return pl_fail(e, PL_E_UNKNOWN_MESSAGE, "message type %u is not known", m->type);
    struct pl_arena scratch;
    pl_arena_init(&scratch, SCRATCH_MAX);
    struct pl_put c = {.arena = &scratch, .rc = 0, .e = e};
    const ProtobufCMessage *pb = en->put(&m->u, &c);
    if (pb != NULL)
        c.rc = pack_frame(pb, &en->info, out, e);
    else
        pl_wrap(e, "%s", en->info.name);
    pl_arena_release(&scratch);
    return c.rc;
}

/* ---- changesets alone -------------------------------------------------------------------------
 */

int pl_cs_encode(const struct pl_cs *cs, struct pl_buf *out, struct pl_err *e)
{
    if (cs->n > STORED_SLOTS_MAX)
        return pl_fail(e, PL_E_LIMIT, "a changeset of %u slots", cs->n);
    struct pl_arena scratch;
    pl_arena_init(&scratch, PL_UNPACK_BUDGET(STORED_BYTES_MAX));
    struct pl_put c = {.arena = &scratch, .rc = 0, .e = e};
    const ProtobufCMessage *pb = pl_codec_put_changeset(cs, NULL, 0, &c);
    size_t size = pb != NULL ? protobuf_c_message_get_packed_size(pb) : 0;
    if (pb != NULL && (size > STORED_BYTES_MAX || pack(pb, PL_MSG_NONE, size, out) < 0))
        c.rc = pl_fail(e, PL_E_LIMIT, "no room for a changeset of %zu bytes", size);
    pl_arena_release(&scratch);
    return c.rc;
}

int pl_cs_decode(struct pl_cs *out_uninit, const void *bytes, size_t n, struct pl_err *e)
{
    if (n > STORED_BYTES_MAX)
        return pl_fail(e, PL_E_LIMIT, "a changeset of %zu bytes", n);
    const struct pl_verify_rules rules = {
        .limits = stored_limits,
        .n_limits = sizeof stored_limits / sizeof stored_limits[0],
        .fields_max = STORED_BYTES_MAX,
        .refuse_unknown = true,
    };
    int rc = pl_wire_verify(&plimsoll__changeset__descriptor, bytes, n, &rules, e);
    if (rc < 0)
        return rc;
    struct pl_arena arena;
    pl_arena_init(&arena, PL_UNPACK_BUDGET(n));
    struct pl_get c = {.arena = &arena, .reader = PL_SIDE_SERVER, .rc = 0, .e = e};
    const ProtobufCMessage *m = unpack(&plimsoll__changeset__descriptor, bytes, n, &arena, e);
    if (m == NULL)
        c.rc = -PL_E_BAD_MESSAGE;
    else
        (void)pl_codec_get_changeset((struct pl_codec_cs){.cs = out_uninit}, m, &c);
    pl_arena_release(&arena);
    return c.rc;
}
