// SPDX-License-Identifier: Apache-2.0
/*
 * The top lines: where I am, who else is here, whether what I typed is safe. "saved" is said only
 * when everything has been acknowledged as durable; until then there is a mark.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/timer.h"

#include "ui/cell.h"
#include "ui/view.h"

#define SENDING_US INT64_C(400000)
#define SILENT_MS  30000

/* --- who is here
 * ------------------------------------------------------------------------------------ */

static int person_of(const struct pl_doc *d, uint64_t user)
{
    struct pl_entry *all[200];
    size_t n = pl_doc_list(d, PL_KIND_PARTICIPANT, all, 200);
    for (size_t i = 0; i < n && i < 200; i++)
        if (pl_entry_int(all[i], PL_F_PARTICIPANT_USER, 0) == (int64_t)user)
            return (int)(i % 6);
    return (int)(user % 6);
}

static void name_peer(struct ui *ui, struct ui_peer *u, const char *name)
{
    struct cell c;
    if (!name[0])
        name = pl_doc_user_name(review_doc(ui->rv.review), (int64_t)u->user);
    if (!name[0])
        name = "?";
    (void)pl_strlcpy(u->name, name, sizeof(u->name));
    u->name[strcspn(u->name, " ")] = '\0';
    const uint8_t *p = (const uint8_t *)name;
    cell_read(p, p + strlen(name), 0, &c);
    size_t n = c.bytes < sizeof(u->letter) ? c.bytes : 1;
    memcpy(u->letter, name, n);
    u->letter[n] = '\0';
    if (u->letter[0] >= 'a' && u->letter[0] <= 'z')
        u->letter[0] = (char)(u->letter[0] - 'a' + 'A');
}

struct ui_peer *status_peer_find(struct ui *ui, uint64_t client)
{
    for (size_t i = 0; i < ui->rv.n_peers; i++)
        if (ui->rv.peers[i].client == client)
            return &ui->rv.peers[i];
    return NULL;
}

static bool has_moved(const struct pl_caret *a, const struct pl_caret *b)
{
    return a->set != b->set || a->head != b->head || a->field != b->field ||
           !pl_eid_eq(a->eid, b->eid);
}

void status_peer(struct ui *ui, const struct pl_peer *p)
{
    struct rview *rv = &ui->rv;
    struct ui_peer *u = status_peer_find(ui, p->client);
    if (p->gone) {
        if (u)
            *u = rv->peers[--rv->n_peers];
        return;
    }
    if (!u) {
        if (rv->n_peers == UI_PEERS)
            return;
        u = &rv->peers[rv->n_peers++];
        memset(u, 0, sizeof(*u));
        u->client = p->client;
    }
    u->user = p->user;
    if (p->name[0] || !u->name[0])
        name_peer(ui, u, p->name);
    u->person = person_of(review_doc(rv->review), p->user);
    u->seen_ms = ui_now(ui);
    if (p->stage != 0)
        u->stage = p->stage;
    if (has_moved(&u->last, &p->caret))
        u->moved_ms = u->seen_ms;
    u->last = p->caret;
}

size_t status_carets(struct ui *ui, struct editor_peer *out, size_t max)
{
    const struct editor *ed = &ui->rv.editor;
    const struct pl_peer *all[UI_PEERS];
    size_t n = review_peers(ui->rv.review, all, UI_PEERS);
    size_t used = 0;
    uint64_t now = ui_now(ui);
    for (size_t i = 0; i < n && i < UI_PEERS && used < max; i++) {
        struct pl_caret c;
        const struct ui_peer *u = status_peer_find(ui, all[i]->client);
        if (!u || ui->is_down || now - u->seen_ms > SILENT_MS ||
            !sync_map_caret(review_sync(ui->rv.review), all[i], &c))
            continue;
        if (!pl_eid_eq(c.eid, ed->eid) || c.field != ed->field)
            continue;
        bool flag = now - u->moved_ms < UI_FLAG_MS;
        if (flag)
            ui_wake_at(ui, u->moved_ms + UI_FLAG_MS);
        out[used++] = (struct editor_peer){c.head, u->name, u->person, flag};
    }
    return used;
}

/* --- the sync word
 * ---------------------------------------------------------------------------------- */

size_t status_unsent(const struct ui *ui)
{
    struct sync_status st;
    if (!ui->rv.review)
        return 0;
    sync_status(review_sync(ui->rv.review), &st);
    return st.pending_slots + (st.inflight ? 1 : 0);
}

const char *status_trouble(const struct ui *ui)
{
    return ui->rv.review ? review_journal_trouble(ui->rv.review) : NULL;
}

/* In flight: "~" at once, how many once it takes long. Not "saved" before the last of it has been
 * durable for a moment, so that typing does not make the word flicker. */
static enum style flight_word(struct ui *ui, const struct sync_status *st, size_t n, char *out,
                              size_t size)
{
    int64_t age = (int64_t)pl_mono_us() - st->oldest_unsaved_us;
    bool is_late = n > 0 && st->oldest_unsaved_us != 0 && age >= SENDING_US;
    if (is_late)
        (void)snprintf(out, size, "~ sending %zu", n);
    else
        (void)snprintf(out, size, "~");
    if (n > 0 && !is_late)
        ui_wake_at(ui, ui_now(ui) + (uint64_t)(SENDING_US - age) / 1000 + 1);
    if (n == 0)
        ui_wake_at(ui, ui->unsaved_ms + SENDING_US / 1000 + 1);
    return is_late ? STYLE_SOON : STYLE_OK;
}

static enum style open_word(struct ui *ui, char *out, size_t size)
{
    struct sync_status st;
    size_t n = status_unsent(ui);
    sync_status(review_sync(ui->rv.review), &st);
    bool is_saved = n == 0 && sync_is_saved(review_sync(ui->rv.review));
    if (!is_saved)
        ui->unsaved_ms = ui_now(ui);
    bool is_calm = is_saved && ui_now(ui) - ui->unsaved_ms > SENDING_US / 1000;
    if (st.gone) {
        (void)snprintf(out, size, "? read only");
        return STYLE_LATE;
    }
    if (ui->is_down) {
        (void)snprintf(out, size, "! offline %zu %s", n, status_trouble(ui) ? "NOT KEPT" : "kept");
        return STYLE_LATE;
    }
    if (status_trouble(ui) && !is_saved) {
        (void)snprintf(out, size, "! %zu NOT KEPT", n);
        return STYLE_LATE;
    }
    if (ui->rv.n_refused > 0) {
        (void)snprintf(out, size, "x refused %u%s", ui->rv.n_refused, is_saved ? "" : " ~");
        return STYLE_LATE;
    }
    if (st.link == SYNC_CATCHING_UP && n > 0) {
        (void)snprintf(out, size, "> replay %zu", n);
        return STYLE_SOON;
    }
    if (!is_calm)
        return flight_word(ui, &st, n, out, size);
    if (st.link == SYNC_LIVE && !(st.perms & ~PL_PERM_BIT(PL_PERM_READ)))
        (void)snprintf(out, size, "? read only");
    else if (st.link == SYNC_LIVE)
        (void)snprintf(out, size, "= saved");
    return STYLE_OK;
}

/* Without an open review there is nothing to be saved: only being offline is said. */
static enum style sync_word(struct ui *ui, char *out, size_t size)
{
    out[0] = '\0';
    if (ui->rv.review)
        return open_word(ui, out, size);
    if (ui->is_down)
        (void)snprintf(out, size, "! offline");
    return STYLE_LATE;
}

/* --- drawing
 * --------------------------------------------------------------------------------------- */

/* "[A]na:4" for one person, from the right edge of a place; returns the columns it takes. */
static int chip(struct ui *ui, const struct ui_peer *u, bool is_short, int at, bool draw)
{
    char tail[80];
    size_t letter = strlen(u->letter);
    if (is_short)
        tail[0] = '\0';
    else if (u->stage)
        (void)snprintf(tail, sizeof(tail), "%.12s:%u", u->name + (letter < 2 ? letter : 0),
                       u->stage);
    else
        (void)snprintf(tail, sizeof(tail), "%.12s", u->name + (letter < 2 ? letter : 0));
    int lw = cell_width(u->letter, letter);
    int width = lw + 2 + cell_width(tail, strlen(tail)) + 1;
    if (draw) {
        (void)screen_puts(ui->screen, 0, at, 1, STYLE_TEXT, "[");
        (void)screen_puts(ui->screen, 0, at + 1, lw, (enum style)(STYLE_PERSON + u->person),
                          u->letter);
        (void)screen_puts(ui->screen, 0, at + 1 + lw, 1, STYLE_TEXT, "]");
        (void)screen_puts(ui->screen, 0, at + 2 + lw, width, STYLE_TEXT, tail);
    }
    return width;
}

static int draw_people(struct ui *ui, int right, int left, bool is_short)
{
    struct rview *rv = &ui->rv;
    int width = 0;
    size_t n = ui->is_down ? 0 : rv->n_peers;
    size_t shown = 0;
    for (; shown < n; shown++) {
        int w = chip(ui, &rv->peers[shown], is_short, 0, false);
        if (width + w + 4 > right - left)
            break;
        width += w;
    }
    int at = right - width - (shown < n ? 4 : 0);
    int begin = at;
    for (size_t i = 0; i < shown; i++) {
        int w = chip(ui, &rv->peers[i], is_short, at, true);
        if (rv->peers[i].stage != 0)
            hits_add(&ui->hits, &(struct hit){HIT_PERSON, 0, at, 1, w - 1, rv->peers[i].stage});
        at += w;
    }
    if (shown < n)
        (void)screen_printf(ui->screen, 0, at, 3, STYLE_TEXT, "+%zu", n - shown);
    return begin;
}

static void draw_tabs(struct ui *ui, int cols)
{
    int at = 1;
    if (cols < 80) {
        (void)screen_printf(ui->screen, 1, 1, cols - 1, STYLE_BOLD, "%u/7 %s", ui->rv.tab + 1,
                            rview_tab_name(ui->rv.tab));
        return;
    }
    for (unsigned i = 0; i < UI_TABS; i++) {
        bool now = i == ui->rv.tab;
        int from = at;
        at += screen_printf(ui->screen, 1, at, cols - at, now ? STYLE_BOLD : STYLE_TEXT,
                            now ? ">%u %s<" : " %u %s ", i + 1, rview_tab_name(i));
        hits_add(&ui->hits, &(struct hit){HIT_TAB, 1, from, 1, at - from, i});
    }
}

/* The stage's timer, where there is one: how much is left, marked from a fifth on, more from a
 * twentieth on. Returns the columns used. */
static int draw_timer(struct ui *ui, int right)
{
    static const enum style styles[] = {[PL_TIMER_RUNS] = STYLE_TEXT,
                                        [PL_TIMER_LATE] = STYLE_SOON,
                                        [PL_TIMER_FINAL] = STYLE_LATE,
                                        [PL_TIMER_UP] = STYLE_LATE};
    struct pl_timer t;
    char words[PL_TIMER_WORDS];
    if (!ui->rv.is_open)
        return 0;
    pl_timer_at(review_doc(ui->rv.review), client_server_us(ui->client), &t);
    if (t.state == PL_TIMER_OFF)
        return 0;
    pl_timer_words(&t, words);
    char *of = strstr(words, " of "); /* the head has no room for the whole */
    if (of != NULL)
        *of = '\0';
    int n = (int)strlen(words);
    if (right - n < 14)
        return 0;
    (void)screen_puts(ui->screen, 0, right - n, n, styles[t.state], words);
    ui_wake_at(ui, ui_now(ui) + 1000);
    return n + 2;
}

static void draw_place(struct ui *ui, int max)
{
    const char *title = "";
    const struct pl_welcome *w = client_welcome(ui->client);
    if (ui->view == VIEW_HOME) {
        (void)screen_printf(ui->screen, 0, 1, max, STYLE_BOLD, "plimsoll  %s%s%s",
                            ui->profile.user_name ? ui->profile.user_name : "",
                            w && w->organisation[0] ? " at " : "", w ? w->organisation : "");
        (void)screen_printf(ui->screen, 1, 1, max, STYLE_BOLD, "Reviews %zu", ui->home.n);
        return;
    }
    if (ui->rv.is_open)
        title = pl_entry_str(pl_doc_root(review_doc(ui->rv.review)), PL_F_TITLE);
    (void)screen_printf(ui->screen, 0, 1, max, STYLE_BOLD, "REV-%llu %s",
                        (unsigned long long)ui->rv.id, title);
}

void status_draw_top(struct ui *ui, int cols)
{
    char word[40];
    struct pl_civil now;
    enum style st = sync_word(ui, word, sizeof(word));
    int64_t us = pl_now_us();
    pl_civil_from_us(us, 0, &now);
    (void)screen_printf(ui->screen, 0, cols - 7, 6, STYLE_TEXT, "%02d:%02dZ", now.hour, now.minute);
    ui_wake_at(ui, ui_now(ui) + 60000 - (uint64_t)(us / 1000 % 60000));
    /* The mark keeps its column as long as the word is short. */
    int room = (int)strlen(word) > 7 ? (int)strlen(word) : 7;
    int at = cols - 9 - room;
    (void)screen_puts(ui->screen, 0, at, cols - at, st, word);
    if (ui->rv.n_refused > 0)
        hits_add(&ui->hits, &(struct hit){HIT_STATE, 0, at, 1, room, 0});
    /* The words differ in length: people keep their place beside the longest usual one. */
    int right = at < cols - 22 ? at : cols - 22;
    int left = 14;
    if (ui->view != VIEW_HOME) {
        right -= draw_timer(ui, right);
        right = draw_people(ui, right, left, cols < 80);
        draw_tabs(ui, cols);
    }
    draw_place(ui, right - 2);
}

bool status_draw_banner(struct ui *ui, int row, int cols)
{
    struct pl_civil t;
    char text[240];
    uint64_t ms = client_retry_in_ms(ui->client);
    if (!ui->is_down)
        return false;
    pl_civil_from_us(ui->down_since_us, 0, &t);
    int n =
        snprintf(text, sizeof(text), " OFFLINE since %02d:%02dZ. %zu %s. ", t.hour, t.minute,
                 status_unsent(ui), status_trouble(ui) ? "ONLY IN MEMORY" : "kept on this machine");
    size_t at = n > 0 ? (size_t)n : 0;
    if (ui->link_stopped)
        (void)snprintf(text + at, sizeof(text) - at, "%.120s", ui->link_why);
    else if (ms == 0)
        (void)snprintf(text + at, sizeof(text) - at, "Trying now");
    else
        (void)snprintf(text + at, sizeof(text) - at, "Next try %llu s (F5 now)",
                       (unsigned long long)(ms + 999) / 1000);
    screen_fill(ui->screen, row, 0, cols, STYLE_BANNER, ' ');
    (void)screen_puts(ui->screen, row, 0, cols, STYLE_BANNER, text);
    if (!ui->link_stopped)
        ui_wake_at(ui, ui_now(ui) + 1000);
    return true;
}
