/// Non-maximum suppression.
#include "dlc_region.h"

#include "gather_index.h"
#include "ranking.h"

/// Edges of a box and its area, side by side for all boxes: `[5, boxes]`.
enum { left, top, right, bottom, area, columns };

/// Kept boxes that a box is compared with before the answer is asked for.
enum { block = 16 };

static void corners(const dlc_nms *p, const float *box, float edges[columns]) {
    float a = box[0], b = box[1], c = box[2], d = box[3];
    if (p->centred) {
        float half_width = c / 2, half_height = d / 2;
        c = a + half_width, a -= half_width;
        d = b + half_height, b -= half_height;
    }
    edges[left] = a < c ? a : c, edges[right] = a < c ? c : a;
    edges[top] = b < d ? b : d, edges[bottom] = b < d ? d : b;
    edges[area] = (edges[right] - edges[left]) * (edges[bottom] - edges[top]);
}

/// Whether a box overlaps one of the `n` kept ones by more than the threshold. Quotients by nothing are NaN, not more.
static bool is_suppressed(const dlc_nms *p, float overlap, const float *kept, int64_t n, const float box[columns]) {
    const float *l = kept + left * p->limit, *t = kept + top * p->limit, *r = kept + right * p->limit;
    const float *b = kept + bottom * p->limit, *areas = kept + area * p->limit;
    for (int64_t first = 0; first < n; first += block) {
        int32_t found = 0;
        int64_t end = dlc_lesser(first + block, n);
        for (int64_t i = first; i < end; ++i) {
            float x0 = l[i] > box[left] ? l[i] : box[left], x1 = r[i] < box[right] ? r[i] : box[right];
            float y0 = t[i] > box[top] ? t[i] : box[top], y1 = b[i] < box[bottom] ? b[i] : box[bottom];
            float width = x1 > x0 ? x1 - x0 : 0, height = y1 > y0 ? y1 - y0 : 0, common = width * height;
            found |= common > 0 && common / (areas[i] + box[area] - common) > overlap;
        }
        if (found) return true;
    }
    return false;
}

static void run_nms(const dlc_call *call) {
    const dlc_nms *p = call->params;
    const float overlap = call->buffers[2] ? *(const float *)call->buffers[2] : p->overlap;
    const float score = call->buffers[3] ? *(const float *)call->buffers[3] : p->score;
    if (!(overlap >= 0 && overlap <= 1)) dlc_report(call->buffers[5]);
    dlc_ranked *heap = call->scratch;
    float *kept = (float *)(heap + p->boxes);
    for (int64_t task = call->begin; task < call->end; ++task) {
        const float *boxes = (const float *)call->buffers[0] + task / p->classes * p->boxes * 4;
        const float *scores = (const float *)call->buffers[1] + task * p->boxes;
        int64_t *result = (int64_t *)call->buffers[4] + task * p->limit;
        int64_t waiting = 0, count = 0;
        // The heap has at its root what comes last, so keys and indices are turned around.
        for (int64_t i = 0; i < p->boxes; ++i)
            if (scores[i] > score) heap[waiting++] = (dlc_ranked){ ~dlc_float_key(scores[i]), p->boxes - 1 - i };
        for (int64_t at = waiting / 2 - 1; at >= 0; --at) dlc_sift(heap, waiting, at);
        while (waiting > 0 && count < p->limit) {
            int64_t index = p->boxes - 1 - heap[0].index;
            heap[0] = heap[--waiting];
            dlc_sift(heap, waiting, 0);
            float edges[columns];
            corners(p, boxes + index * 4, edges);
            if (is_suppressed(p, overlap, kept, count, edges)) continue;
            for (int column = 0; column < columns; ++column) kept[column * p->limit + count] = edges[column];
            result[count++] = index;
        }
        while (count < p->limit) result[count++] = -1;
    }
}

bool dlc_nms_prepare(dlc_isa isa, dlc_nms *p, dlc_launch *launch) {
    (void)isa;
    int64_t scores, results, candidates, kept;
    if (p->limit < 0 || p->limit > p->boxes || p->overlap != p->overlap) return false;
    if (!dlc_product((int64_t[]){ p->batch, p->classes, p->boxes, 8 }, 4, &scores)) return false;
    if (!dlc_product((int64_t[]){ p->batch, p->classes, p->limit }, 3, &results)) return false;
    if (!dlc_product((int64_t[]){ p->boxes, sizeof(dlc_ranked) }, 2, &candidates)) return false;
    if (!dlc_product((int64_t[]){ p->limit, columns * sizeof(float) }, 2, &kept)) return false;
    *launch = (dlc_launch){
        .run = run_nms, .phases = 1, .tasks = results == 0 ? 0 : p->batch * p->classes, .scratch_bytes = candidates + kept,
    };
    return true;
}
