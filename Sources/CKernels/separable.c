/// Depthwise separable convolutions without a trip to memory between their stages. A task goes down a band of
/// output rows: it expands the input lines that the next rows need into a ring, takes the depthwise convolution
/// of them, and projects its rows. Bands expand the lines they share twice; where nothing is projected, tasks
/// take groups of channels instead, which share nothing.
#include "dlc_separable.h"
#include "depthwise.h"

enum { X, EXPAND, EXPAND_BIAS, DEPTHWISE, DEPTHWISE_BIAS, PROJECT, PROJECT_BIAS, RESIDUAL, Y };

static dlc_panels expand_panels(dlc_isa isa, const dlc_separable *p) { return dlc_panels_of(dlc_tiles(isa), p->c, p->middle); }
static dlc_panels project_panels(dlc_isa isa, const dlc_separable *p) { return dlc_panels_of(dlc_tiles(isa), p->middle, p->oc); }

int64_t dlc_separable_expand_bytes(dlc_isa isa, const dlc_separable *p) {
    const dlc_panels panels = expand_panels(isa, p);
    return p->expands ? 4 * dlc_packed_floats(&panels) : 0;
}

int64_t dlc_separable_project_bytes(dlc_isa isa, const dlc_separable *p) {
    const dlc_panels panels = project_panels(isa, p);
    return p->projects ? 4 * dlc_packed_floats(&panels) : 0;
}

/// What lies where in a thread's scratch, in bytes; `floats` a pixel of the ring and of the depthwise rows.
typedef struct { int64_t pixels, lines, inner, ring, rows, all; } layout;

static int64_t round_up(int64_t bytes) { return dlc_ceil_div(bytes, 64) * 64; }

static layout layout_of(const dlc_separable *p, int64_t floats) {
    layout l = {.lines = round_up(8 * dlc_max(p->expands ? p->lines * p->w : 0, p->projects ? p->rows * p->ow : 0))};
    l.inner = l.lines + round_up(8 * p->kernel * p->rows);
    l.ring = l.inner + round_up(dlc_depthwise_rows_scratch_bytes(&p->inner, dlc_depthwise_plan_of(&p->inner), floats));
    l.rows = l.ring + (p->expands ? round_up(4 * p->lines * p->w * floats) : 0);
    l.all = l.rows + (p->projects ? round_up(4 * p->rows * p->ow * floats) : 0);
    return l;
}

/// A product of 1×1 weights with `rows` pixels given by pointers.
static dlc_block block_of(const dlc_separable *p, dlc_panels panels, const float **pixels, const dlc_call *call, int weights, dlc_epilogue epilogue) {
    return (dlc_block){
        .set = dlc_tiles(p->isa), .panels = panels, .a = pixels, .taps = 1, .run = panels.k, .depth_block = 1024,
        .b = call->buffers[weights], .alpha = 1, .epilogue = epilogue, .bias = call->buffers[weights + 1],
    };
}

/// Expands input lines `first ..< last` of an image into their places in the ring.
static void expand_lines(const dlc_separable *p, dlc_block *block, const float **pixels, const float *x, int64_t first, int64_t last,
                         float *ring, int64_t floats, int64_t column, int64_t first_panel, int64_t last_panel) {
    while (first < last) {
        // Lines up to the ring's end are neighbours there.
        const int64_t count = dlc_min(last - first, p->lines - first % p->lines);
        for (int64_t i = 0; i < count * p->w; i++) pixels[i] = x + (first * p->w + i) * p->x_ld;
        block->rows = count * p->w;
        block->c = ring + first % p->lines * p->w * floats - column;
        dlc_block_run(block, first_panel, last_panel);
        first += count;
    }
}

static void run(const dlc_call *call) {
    const dlc_separable *p = call->params;
    const dlc_panels expand = expand_panels(p->isa, p);
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t group = task % p->groups, band = task / p->groups % p->bands, n = task / p->groups / p->bands;
        const int64_t begin = band * p->oh / p->bands, end = (band + 1) * p->oh / p->bands;
        const int64_t first_panel = group * expand.panels / p->groups, last_panel = (group + 1) * expand.panels / p->groups;
        const int64_t column = p->groups > 1 ? dlc_panel_column(&expand, first_panel) : 0;
        const int64_t floats = (p->groups > 1 ? dlc_min(dlc_panel_column(&expand, last_panel), p->middle) : p->middle) - column;
        const layout l = layout_of(p, floats);
        char *scratch = call->scratch;
        const float **pixels = (const float **)scratch, **lines = (const float **)(scratch + l.lines);
        float *ring = (float *)(scratch + l.ring), *between = (float *)(scratch + l.rows);
        dlc_block expansion = block_of(p, expand, pixels, call, EXPAND, p->expand);
        expansion.c_row = floats;
        dlc_block projection = block_of(p, project_panels(p->isa, p), pixels, call, PROJECT, p->project);
        projection.c_row = p->y_ld, projection.residual_row = p->residual_ld;

        const float *x = (const float *)call->buffers[X] + n * p->h * p->w * p->x_ld;
        const float *bias = call->buffers[DEPTHWISE_BIAS], *residual = call->buffers[RESIDUAL];
        dlc_depthwise_rows rows = {
            .conv = &p->inner, .plan = dlc_depthwise_plan_of(&p->inner), .lines = lines, .line_ld = p->expands ? floats : p->x_ld, .channels = floats,
            .weights = (const float *)call->buffers[DEPTHWISE] + column, .bias = bias ? bias + column : 0,
            .y_ld = p->projects ? floats : p->y_ld, .scratch = scratch + l.inner,
            .residual_ld = p->residual_ld, .residual_line = p->ow * p->residual_ld,
        };
        rows.y_line = p->ow * rows.y_ld;
        int64_t expanded = 0; // lines before this one are in the ring or not needed any more
        for (int64_t oh = begin; oh < end; oh += p->rows) {
            rows.rows = dlc_min(p->rows, end - oh);
            const int64_t above = oh * p->stride[0] - p->pad[0], count = (rows.rows - 1) * p->stride[0] + p->kernel;
            if (p->expands) {
                const int64_t first = dlc_max(expanded, above), last = dlc_min(above + count, p->h);
                expand_lines(p, &expansion, pixels, x, first, last, ring, floats, column, first_panel, last_panel);
                expanded = dlc_max(first, last);
            }
            for (int64_t i = 0; i < p->kernel * rows.rows; i++) {
                const int64_t ih = above + i % rows.rows * p->stride[0] + i / rows.rows;
                lines[i] = (uint64_t)ih >= (uint64_t)p->h ? 0 : p->expands ? ring + ih % p->lines * p->w * floats : x + ih * p->w * p->x_ld;
            }
            const int64_t pixel = (n * p->oh + oh) * p->ow;
            float *y = (float *)call->buffers[Y] + pixel * p->y_ld + column;
            rows.y = p->projects ? between : y;
            rows.residual = residual && !p->projects ? residual + pixel * p->residual_ld + column : 0;
            dlc_depthwise_rows_run(&rows);
            if (!p->projects) continue;
            projection.rows = rows.rows * p->ow;
            for (int64_t i = 0; i < projection.rows; i++) pixels[i] = between + i * floats;
            projection.c = y;
            projection.residual = residual ? residual + pixel * p->residual_ld : 0;
            dlc_block_run(&projection, 0, projection.panels.panels);
        }
    }
}

/// Extents that no arithmetic on offsets overflows with.
static bool is_valid(const dlc_separable *p) {
    const int64_t most = 1 << 24;
    const int64_t extents[] = {p->n, p->h, p->w, p->oh, p->ow}, positive[] = {p->c, p->middle, p->oc, p->x_ld, p->y_ld, p->residual_ld};
    for (int i = 0; i < 5; i++)
        if (extents[i] < 0 || extents[i] > most) return false;
    for (int i = 0; i < 6; i++)
        if (positive[i] < 1 || positive[i] > most) return false;
    for (int i = 0; i < 2; i++)
        if (p->stride[i] < 1 || p->stride[i] > 2 || p->pad[i] < -most || p->pad[i] > most) return false;
    const double pixels = (double)p->n * (double)p->h * (double)p->w, outputs = (double)p->n * (double)p->oh * (double)p->ow;
    const double limit = 0x1p46;
    return (p->kernel == 3 || p->kernel == 5) && (p->expands || p->projects) && p->x_ld >= p->c && p->y_ld >= p->oc &&
           p->residual_ld >= p->oc && (p->expands || p->middle == p->c) && (p->projects || p->middle == p->oc) &&
           pixels * (double)p->x_ld < limit && outputs * (double)(p->y_ld > p->residual_ld ? p->y_ld : p->residual_ld) < limit &&
           16.0 * (double)p->w * (double)p->middle < limit && 16.0 * (double)p->ow * (double)p->middle < limit;
}

bool dlc_separable_pays(dlc_isa isa, const dlc_separable *p) {
    (void)isa;
    if (!is_valid(p)) return false;
    // What lies between the stages must exceed half of L2 (1 MB). Expanding alone is bound by its products: at stride 1 the
    // depthwise convolution is as fast by itself.
    const double between = p->expands ? (double)p->h * (double)p->w : (double)p->oh * (double)p->ow;
    return 4 * between * (double)p->middle > 1 << 19 && (p->projects || p->stride[0] > 1);
}

bool dlc_separable_prepare(dlc_isa isa, dlc_separable *p, dlc_launch *out) {
    if (!is_valid(p)) return false;
    p->isa = isa;
    p->inner = (dlc_conv){
        .type = DLC_F32, .algorithm = DLC_CONV_DEPTHWISE, .n = 1, .d = 1, .h = p->h, .w = p->w, .c = p->middle,
        .od = 1, .oh = p->oh, .ow = p->ow, .oc = p->middle, .groups = p->middle, .kernel = {1, p->kernel, p->kernel},
        .stride = {1, p->stride[0], p->stride[1]}, .dilation = {1, 1, 1}, .pad = {0, p->pad[0], p->pad[1]},
        .x_ld = p->middle, .y_ld = p->middle, .residual_ld = p->residual_ld, .epilogue = p->depthwise, .isa = isa,
        .tile_block = dlc_depthwise_outputs(p->ow),
    };
    const dlc_panels panels = expand_panels(isa, p);
    p->groups = p->projects ? 1 : panels.panels;
    // Bands of several times the lines that two of them share.
    const int64_t wanted = p->groups == 1 ? 4 : p->groups < 4 ? 2 : 1;
    p->bands = dlc_max(1, dlc_min(wanted, p->oh * p->stride[0] / (4 * p->kernel)));
    // As many rows at once as leave most of L2 (1 MB) to weights, input and output.
    const int64_t floats = p->groups > 1 ? dlc_min(p->middle, dlc_panel_vectors(&panels, 0) * panels.lanes) : p->middle;
    for (p->rows = 8; p->rows > 1; p->rows /= 2) {
        const int64_t pixels = (p->expands ? ((p->rows - 1) * p->stride[0] + p->kernel) * p->w : 0) + (p->projects ? p->rows * p->ow : 0);
        if (4 * pixels * floats <= 320 * 1024) break;
    }
    p->lines = (p->rows - 1) * p->stride[0] + p->kernel;
    p->tasks = p->oh * p->ow == 0 ? 0 : p->n * p->bands * p->groups;
    *out = (dlc_launch){.run = run, .tasks = p->tasks, .phases = 1, .scratch_bytes = layout_of(p, floats).all};
    return true;
}
