// SPDX-License-Identifier: Apache-2.0
/*
 * See attach.h. What the server writes here is owned by it (fields file_...); who may have it
 * written is asked as if the person wrote a field of the same entry that is his to write.
 */
#include "review/attach.h"

#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/rules.h"

struct file_fields {
    uint32_t kind, name, size, type, sha256;
    uint32_t twin; /* a register of the entry that people write */
};

static const struct file_fields kinds[] = {
    {PL_KIND_MATERIAL, PL_F_MATERIAL_FILE_NAME, PL_F_MATERIAL_FILE_SIZE, PL_F_MATERIAL_FILE_TYPE,
     PL_F_MATERIAL_FILE_SHA256, PL_F_MATERIAL_KIND},
    {PL_KIND_EVIDENCE, PL_F_EVIDENCE_FILE_NAME, PL_F_EVIDENCE_FILE_SIZE, PL_F_EVIDENCE_FILE_TYPE,
     PL_F_EVIDENCE_FILE_SHA256, PL_F_EVIDENCE_KIND},
};

static const struct file_fields *fields_of(const struct pl_entry *en)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (en != NULL && pl_entry_kind(en) == kinds[i].kind)
            return &kinds[i];
    return NULL;
}

/* A change of the twin: what rights and locks are asked about. */
static int ask(const struct pl_doc *d, const struct pl_entry *en, uint64_t user, uint64_t *ops,
               struct pl_err *e)
{
    struct pl_value v = pl_value_int(1);
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_cs_reg(&cs, pl_entry_eid(en), fields_of(en)->twin, &v);
    *ops = pl_doc_perm_ops(d, &cs, user);
    int rc = pl_rules_locked(d, &cs, user, e);
    pl_cs_release(&cs);
    return rc;
}

int attach_may(const struct pl_doc *d, struct pl_eid entry, uint64_t user, uint64_t *ops,
               struct pl_err *e)
{
    const struct pl_entry *en = pl_doc_entry(d, entry);
    *ops = 0;
    if (en == NULL || !pl_entry_is_visible(d, en))
        return pl_fail(e, PL_E_NOENT, "there is no such entry, or it was removed");
    if (fields_of(en) == NULL)
        return pl_fail(e, PL_E_INVALID, "files belong to materials and evidence, not to a %s",
                       pl_kind_name(pl_entry_kind(en)));
    int64_t role = pl_doc_role(d, (int64_t)user);
    int64_t status = pl_entry_int(pl_doc_root(d), PL_F_REVIEW_STATUS, PL_STATUS_PREPARING);
    int rc = ask(d, en, user, ops, e);
    if (rc < 0)
        return rc;
    int missing = pl_perm_missing(*ops, pl_perm_mask(role, status));
    if (*ops == 0 || missing >= 0) {
        if (missing == PL_PERM_OWNER_ONLY)
            return pl_fail(e, PL_E_PERM, "only the owner of the action adds evidence to it");
        char rev[PL_SHORT_ID_MAX];
        char why[PL_ERR_TEXT_MAX];
        pl_short_id_format(rev, PL_KIND_REVIEW, pl_entry_int(pl_doc_root(d), PL_F_NO, 0));
        pl_perm_explain(why, sizeof why, missing, role, status, rev);
        return pl_fail(e, PL_E_PERM, "%s", why);
    }
    return 0;
}

static void put(struct pl_cs *cs, const struct pl_entry *en, uint32_t field, struct pl_value v)
{
    if (!pl_value_eq(pl_entry_reg(en, field), &v))
        pl_cs_reg(cs, pl_entry_eid(en), field, &v);
    pl_value_release(&v);
}

int attach_judge(const struct pl_doc *d, const struct attach *a, struct pl_cs *cs, uint64_t *ops,
                 struct pl_err *e)
{
    char hex[2 * PL_SHA256_BYTES + 1];
    int rc = attach_may(d, a->entry, a->user, ops, e);
    if (rc < 0)
        return rc;
    const struct pl_entry *en = pl_doc_entry(d, a->entry);
    const struct file_fields *f = fields_of(en);
    pl_hex_encode(a->sha256, sizeof(a->sha256), hex);
    put(cs, en, f->name, pl_value_str(a->name, strlen(a->name)));
    put(cs, en, f->size, pl_value_int((int64_t)a->size));
    put(cs, en, f->type, pl_value_str(a->media_type, strlen(a->media_type)));
    put(cs, en, f->sha256, pl_value_str(hex, strlen(hex)));
    return 0;
}

bool attach_is_shown(const struct pl_doc *d, struct pl_eid entry,
                     const uint8_t sha256[PL_SHA256_BYTES])
{
    char hex[2 * PL_SHA256_BYTES + 1];
    const struct pl_entry *en = pl_doc_entry(d, entry);
    const struct file_fields *f = fields_of(en);
    pl_hex_encode(sha256, PL_SHA256_BYTES, hex);
    return f != NULL && pl_str_eq(pl_entry_str(en, f->sha256), hex);
}
