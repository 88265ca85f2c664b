/// The phases of a recurrent layer's gradient, as items that tasks share out.

DLC_TARGET_BEGIN

typedef struct { int64_t first, last; } rnn_back_range;

/// The items of a call's tasks among `count`.
static rnn_back_range rnn_back_share(const dlc_call *call, int64_t count) {
    int64_t tasks = ((const dlc_rnn_gradient *)call->params)->tasks;
    return (rnn_back_range){ call->begin * count / tasks, call->end * count / tasks };
}

/// Packs the weights as the layer reads them where gates are computed, and puts x, states and given gates into its order.
static void rnn_back_prepare(const rnn_back *t, const dlc_call *call) {
    const rnn_layout *f = &t->l.forward;
    rnn_back_range blocks = rnn_back_share(call, f->directions * f->blocks), rows = rnn_back_share(call, f->directions * t->l.rows);
    for (int64_t i = blocks.first; !t->has_gates && i < blocks.last; i++) {
        const int64_t d = i / f->blocks;
        void *buffers[] = { t->buffers[DLC_RNN_G_W], t->buffers[DLC_RNN_G_R], t->buffers[DLC_RNN_G_BIAS], NULL,
                            rnn_back_at(t, d, t->l.weights) - d * f->direction };
        dlc_rnn_pack_block(t->p, VL, buffers, d, i % f->blocks, NULL);
    }
    for (int64_t i = rows.first; i < rows.last; i++) rnn_back_copy(t, i / t->l.rows, i % t->l.rows);
    const int32_t *lengths = t->buffers[DLC_RNN_G_LENGTHS];
    for (int64_t b = 0; lengths && call->begin == 0 && b < t->p->batch; b++)
        if (lengths[b] < 0 || lengths[b] > t->p->steps) dlc_report(t->buffers[DLC_RNN_G_STATUS]);
}

/// The sums of all gates, or the candidate's part that waits for the reset state; blocks of units by chunks of rows.
static void rnn_back_all_sums(const rnn_back *t, const dlc_call *call, bool candidate) {
    const int64_t chunks = dlc_quotient_up(t->l.rows, rnn_back_chunk), blocks = t->l.forward.blocks;
    rnn_back_range share = rnn_back_share(call, t->l.forward.directions * blocks * chunks);
    for (int64_t i = share.first; i < share.last; i++) {
        const int64_t first = i % chunks * rnn_back_chunk;
        (candidate ? rnn_back_candidate : rnn_back_sums)(t, i / chunks / blocks, i / chunks % blocks, first, dlc_lesser(first + rnn_back_chunk, t->l.rows));
    }
}

/// Activates gates, and packs the weights for the way back, where those of the way forward were.
static void rnn_back_turn(const rnn_back *t, const dlc_call *call) {
    const dlc_rnn *p = t->p;
    const rnn_gradient_layout *l = &t->l;
    const int64_t gates = l->forward.gates, groups = l->groups_h + l->groups_x;
    rnn_back_range blocks = rnn_back_share(call, l->forward.directions * l->forward.blocks), packs = rnn_back_share(call, l->forward.directions * groups);
    for (int64_t i = blocks.first; i < blocks.last; i++) rnn_back_scan(t, i / l->forward.blocks, i % l->forward.blocks);
    for (int64_t i = packs.first; i < packs.last; i++) {
        const int64_t d = i / groups, group = i % groups;
        const float *w = (const float *)t->buffers[DLC_RNN_G_W] + d * gates * p->hidden * p->input;
        const float *r = (const float *)t->buffers[DLC_RNN_G_R] + d * gates * p->hidden * p->hidden;
        if (group >= l->groups_h) {
            rnn_back_pack(w, gates * p->hidden, p->input, l->wide_x, group - l->groups_h, rnn_back_at(t, d, l->w));
            continue;
        }
        rnn_back_pack(r, l->rows1, p->hidden, l->wide_h, group, rnn_back_at(t, d, l->r1));
        if (l->rows2 > 0) rnn_back_pack(r + l->rows1 * p->hidden, l->rows2, p->hidden, l->wide_h, group, rnn_back_at(t, d, l->r2));
    }
}

/// All that is left when the steps are done: one list of items.
static void rnn_back_finish(const rnn_back *t, const dlc_call *call) {
    const dlc_rnn *p = t->p;
    const rnn_gradient_layout *l = &t->l;
    const int64_t directions = l->forward.directions, gates = l->forward.gates, hidden = p->hidden;
    const int64_t row_chunks = dlc_quotient_up(l->rows, rnn_back_chunk), unit_chunks = dlc_quotient_up(hidden, 4 * VL);
    const int64_t extents[] = { gates * hidden, l->rows1, l->rows2 };
    int64_t stripes[3];
    for (int i = 0; i < 3; i++) stripes[i] = directions * dlc_quotient_up(extents[i], DLC_RNN_STRIPE);
    const int64_t counts[] = {
        t->buffers[DLC_RNN_G_DX] ? l->groups_x * row_chunks : 0,
        t->buffers[DLC_RNN_G_DW] ? stripes[0] : 0,
        t->buffers[DLC_RNN_G_DR] ? stripes[1] : 0,
        t->buffers[DLC_RNN_G_DR] ? stripes[2] : 0,
        t->buffers[DLC_RNN_G_DBIAS] ? directions * gates * unit_chunks : 0,
        t->buffers[DLC_RNN_G_DPEEPHOLES] ? directions * l->forward.blocks : 0,
        directions * l->groups_h,
    };
    enum { kinds = sizeof counts / sizeof *counts };
    int64_t total = 0;
    for (int kind = 0; kind < kinds; kind++) total += counts[kind];
    rnn_back_range share = rnn_back_share(call, total);
    for (int64_t item = share.first; item < share.last; item++) {
        int64_t i = item, kind = 0;
        while (i >= counts[kind]) i -= counts[kind++];
        if (kind == 0) {
            const int64_t first = i % row_chunks * rnn_back_chunk;
            rnn_back_inputs(t, i / row_chunks, first, dlc_lesser(first + rnn_back_chunk, l->rows));
        } else if (kind <= 3) {
            const int64_t own = stripes[kind - 1] / directions, d = i / own, first = i % own * DLC_RNN_STRIPE;
            const int64_t last = dlc_lesser(first + DLC_RNN_STRIPE, extents[kind - 1]);
            const float *a = rnn_back_gates(t, d, 0);
            if (kind == 1) {
                float *dw = (float *)t->buffers[DLC_RNN_G_DW] + d * gates * hidden * p->input;
                rnn_back_weights(t, a, first, last, rnn_back_at(t, d, l->x), l->x_ld, p->input, dw);
                continue;
            }
            float *dr = (float *)t->buffers[DLC_RNN_G_DR] + (d * gates * hidden + (kind == 3 ? l->rows1 : 0)) * hidden;
            const float *h = rnn_back_at(t, d, kind == 3 && l->stages == 2 ? l->reset : l->h);
            rnn_back_weights(t, a + (kind == 3 ? l->candidate : 0), first, last, h, l->h_ld, hidden, dr);
        } else if (kind == 4) {
            rnn_back_biases(t, i / unit_chunks / gates, i / unit_chunks % gates, i % unit_chunks * 4 * VL);
        } else if (kind == 5) {
            rnn_back_peepholes(t, i / l->forward.blocks, i % l->forward.blocks);
        } else {
            rnn_back_states(t, i / l->groups_h, i % l->groups_h);
        }
    }
}

static void DLC_NAME(rnn_gradient_f32)(const dlc_call *call) {
    const dlc_rnn_gradient *g = call->params;
    rnn_back t = {
        .p = &g->rnn, .has_gates = g->has_gates, .l = rnn_gradient_layout_of(&g->rnn, VL), .buffers = call->buffers, .shared = call->shared,
        .scratch = call->scratch,
    };
    const int64_t groups = t.l.forward.directions * t.l.groups_h, before = dlc_rnn_gradient_before(g), step = call->phase - before;
    // Given gates leave the phases out that compute them.
    const int64_t phase = g->has_gates && call->phase > 0 ? call->phase + 1 : call->phase;
    if (phase == 0) {
        rnn_back_prepare(&t, call);
    } else if (step == -1) {
        rnn_back_turn(&t, call);
    } else if (step < 0 && phase == 1) {
        rnn_back_all_sums(&t, call, false);
    } else if (step < 0 && phase == 2) {
        rnn_back_range rows = rnn_back_share(call, t.l.forward.directions * t.l.rows);
        for (int64_t i = rows.first; i < rows.last; i++) rnn_back_reset_row(&t, i / t.l.rows, i % t.l.rows);
    } else if (step < 0) {
        rnn_back_all_sums(&t, call, true);
    } else if (step < g->rnn.steps * t.l.stages) {
        rnn_back_range share = rnn_back_share(call, groups);
        // Every other phase goes backwards, to begin with the weights that are still in the cache.
        for (int64_t n = share.first; n < share.last; n++) {
            const int64_t i = call->phase & 1 ? share.first + share.last - 1 - n : n;
            rnn_back_step(&t, i / t.l.groups_h, i % t.l.groups_h, g->rnn.steps - 1 - step / t.l.stages, step % t.l.stages);
        }
    } else {
        rnn_back_finish(&t, call);
    }
}

DLC_TARGET_END
