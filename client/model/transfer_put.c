// SPDX-License-Identifier: Apache-2.0
/*
 * An upload: hash the file, ask where the server stands (FilePut), send from there on with a few
 * pieces under way, say that it was all (FileEnd).
 */
#include "model/transfer_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

const char *transfer_media_type(const char *name)
{
    static const struct {
        const char *end, *type;
    } known[] = {
        {".txt", "text/plain"},
        {".log", "text/plain"},
        {".md", "text/markdown"},
        {".csv", "text/csv"},
        {".tsv", "text/tab-separated-values"},
        {".json", "application/json"},
        {".jsonl", "application/jsonl"},
        {".yaml", "application/yaml"},
        {".yml", "application/yaml"},
        {".xml", "application/xml"},
        {".html", "text/html"},
        {".pdf", "application/pdf"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".svg", "image/svg+xml"},
        {".webp", "image/webp"},
        {".zip", "application/zip"},
        {".gz", "application/gzip"},
        {".tar", "application/x-tar"},
        {".zst", "application/zstd"},
        {".pcap", "application/vnd.tcpdump.pcap"},
        {".ics", "text/calendar"},
        {".eml", "message/rfc822"},
    };
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t k = strlen(known[i].end);
        if (n > k && pl_strcasecmp(name + n - k, known[i].end) == 0)
            return known[i].type;
    }
    return "application/octet-stream";
}

static void send_more(struct transfer *t);

static void on_end(struct transfer *t, int rc, struct pl_msg *m, const struct pl_err *e)
{
    if (rc < 0) {
        transfer_failed(t, rc, e, rc == -PL_E_BAD_STATE);
        return;
    }
    t->result.rev = m->u.done.rev;
    t->result.size = t->size;
    memcpy(t->result.sha256, t->want, sizeof(t->want));
    transfer_end(t, 0, NULL);
}

static void send_end(struct transfer *t)
{
    struct pl_msg m = {.type = PL_MSG_FILE_END};
    m.u.file_end.file = t->file;
    transfer_call(t, &m, TRANSFER_END_MS, on_end);
}

static void on_piece(struct transfer *t, int rc, struct pl_msg *m, const struct pl_err *e)
{
    if (rc < 0) {
        transfer_failed(t, rc, e, rc == -PL_E_BAD_STATE);
        return;
    }
    if (m->u.file_ready.offset > t->done)
        transfer_moved(t, m->u.file_ready.offset);
    if (t->done >= t->size)
        send_end(t);
    else
        send_more(t);
}

static int send_piece(struct transfer *t, struct pl_err *e)
{
    uint8_t piece[PL_CHUNK_MAX / 2];
    struct pl_buf b;
    struct pl_msg m = {.type = PL_MSG_FILE_CHUNK};
    uint64_t left = t->size - t->next;
    size_t want = left < PL_CHUNK_MAX ? (size_t)left : PL_CHUNK_MAX;
    int rc = 0;
    pl_buf_init(&b, PL_CHUNK_MAX);
    while (rc == 0 && b.len < want) {
        size_t ask = want - b.len < sizeof(piece) ? want - b.len : sizeof(piece);
        ssize_t n = pread(t->fd, piece, ask, (off_t)(t->next + b.len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            rc = pl_fail(e, n < 0 ? PL_E_IO : PL_E_CONFLICT, "cannot read %s: %s", t->path,
                         n < 0 ? strerror(errno) : "it became shorter while it was sent");
        else
            rc = pl_buf_add(&b, piece, (size_t)n);
    }
    if (rc == 0) {
        m.u.file_chunk.file = t->file;
        m.u.file_chunk.offset = t->next;
        m.u.file_chunk.chunk = (struct pl_bytes){b.data, b.len};
        t->next += want;
        transfer_call(t, &m, TRANSFER_CALL_MS, on_piece);
    }
    pl_buf_release(&b);
    return rc;
}

static void send_more(struct transfer *t)
{
    struct pl_err e;
    int rc = 0;
    pl_err_init(&e);
    while (rc == 0 && t->next < t->size && t->attempt->open < PL_FILE_CHUNKS_OPEN)
        rc = send_piece(t, &e);
    if (rc < 0)
        transfer_end(t, rc, &e);
}

static void on_ready(struct transfer *t, int rc, struct pl_msg *m, const struct pl_err *e)
{
    struct pl_err own;
    pl_err_init(&own);
    if (rc == 0 && m->u.file_ready.offset > t->size) {
        rc = pl_fail(&own, PL_E_BAD_MESSAGE, "the server says that it holds more than there is");
        e = &own;
    }
    if (rc < 0) {
        transfer_failed(t, rc, e, false);
        return;
    }
    t->file = m->u.file_ready.file;
    t->next = m->u.file_ready.offset;
    if (t->done == 0)
        t->result.resumed_at = t->next;
    if (t->next > t->done)
        transfer_moved(t, t->next);
    t->done = t->next; /* after a crash there it may be less than before */
    if (t->next == t->size)
        send_end(t);
    else
        send_more(t);
}

static void put_begin(struct transfer *t)
{
    struct pl_msg m = {.type = PL_MSG_FILE_PUT};
    m.u.file_put.review = t->review;
    m.u.file_put.entry = t->entry;
    m.u.file_put.name = t->name;
    m.u.file_put.media_type = t->media_type;
    m.u.file_put.size = t->size;
    m.u.file_put.sha256 = (struct pl_bytes){t->want, sizeof(t->want)};
    transfer_call(t, &m, TRANSFER_CALL_MS, on_ready);
}

static void hash_step(struct transfer *t)
{
    struct pl_err e;
    pl_err_init(&e);
    int rc = transfer_hash(t, t->size, &e);
    if (rc < 0) {
        transfer_end(t, rc, &e);
    } else if (rc == 0) {
        transfer_later(t, hash_step, 0);
    } else {
        pl_sha256_final(&t->sha, t->want);
        t->progress_ms = uv_now(t->timer.loop);
        transfer_try(t);
    }
}

static int judge_file(int fd, const char *path, uint64_t *size, struct pl_err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return pl_fail(e, PL_E_INVALID,
                       "%s is not a file: what a pipe or a device gives must be written into one",
                       path);
    if (st.st_size == 0)
        return pl_fail(e, PL_E_INVALID, "%s is empty", path);
    if ((uint64_t)st.st_size > PL_FILE_BYTES_MAX)
        return pl_fail(e, PL_E_FILE_SIZE, "%s has %llu bytes; no server takes more than %u", path,
                       (unsigned long long)st.st_size, PL_FILE_BYTES_MAX);
    *size = (uint64_t)st.st_size;
    return 0;
}

int transfer_open_file(const char *path, uint64_t *size, struct pl_err *e)
{
    /* Of a pipe a plain opening would wait for somebody to write. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return pl_fail(e, errno == ENOENT ? PL_E_NOENT : PL_E_IO, "cannot open %s: %s", path,
                       strerror(errno));
    int rc = judge_file(fd, path, size, e);
    if (rc < 0)
        (void)close(fd);
    return rc < 0 ? rc : fd;
}

int transfer_put(struct transfer **out, struct client *c, const struct transfer_options *o,
                 const struct transfer_handlers *h, struct pl_err *e)
{
    char name[4 * PL_FILE_NAME_MAX + 1];
    const char *from = o->name != NULL ? o->name : o->path;
    struct transfer *t = transfer_new(c, o, h);
    int fd = transfer_open_file(t->path, &t->size, e);
    if (fd < 0) {
        transfer_drop(t);
        return fd;
    }
    t->fd = fd;
    (void)pl_file_name_safe(from, strlen(from), PL_FILE_NAME_MAX, name, sizeof(name));
    t->name = pl_xstrdup(name);
    t->media_type = pl_xstrdup(o->media_type != NULL ? o->media_type : transfer_media_type(name));
    t->begin = put_begin;
    transfer_later(t, hash_step, 0);
    *out = t;
    return 0;
}
