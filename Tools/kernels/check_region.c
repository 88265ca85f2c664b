/// Non-maximum suppression and features of regions against plain loops: every instruction set of the host, channels
/// first and last, whole vectors and tails, one level and pyramids, boxes inside, across and outside the image.
#include "dlc_region.h"
#include "harness.h"

static int failures, cases;

static double area(const float *b) { return ((double)b[2] - b[0]) * ((double)b[3] - b[1]); }

static double overlap(const float *a, const float *b) {
    double width = fmin(a[2], b[2]) - fmax(a[0], b[0]), height = fmin(a[3], b[3]) - fmax(a[1], b[1]);
    return width <= 0 || height <= 0 ? 0 : width * height / (area(a) + area(b) - width * height);
}

static void check_nms(void) {
    dlc_nms p = { .batch = 1 + random_below(2), .classes = 1 + random_below(3), .boxes = 1 + random_below(80), .overlap = 0.3f, .score = 0.1f };
    p.limit = 1 + random_below(p.boxes), p.centred = random_below(2);
    int64_t rows = p.batch * p.classes;
    float *boxes = aligned(p.batch * p.boxes * 16), *corners = aligned(p.batch * p.boxes * 16), *scores = aligned(rows * p.boxes * 4);
    int64_t *result = aligned(rows * p.limit * 8), *expected = aligned(rows * p.limit * 8);
    for (int64_t i = 0; i < p.batch * p.boxes; i++) {
        // Quarters, so that centres and corners are the same boxes.
        float x = (float)random_below(200) / 4, y = (float)random_below(200) / 4, w = (float)random_below(80) / 2, h = (float)random_below(80) / 2;
        memcpy(corners + 4 * i, (float[]){x, y, x + w, y + h}, 16);
        if (p.centred) memcpy(boxes + 4 * i, (float[]){x + w / 2, y + h / 2, w, h}, 16);
        else memcpy(boxes + 4 * i, random_below(2) ? (float[]){x, y, x + w, y + h} : (float[]){x + w, y, x, y + h}, 16);
    }
    for (int64_t i = 0; i < rows * p.boxes; i++) scores[i] = random_below(20) ? (float)random_below(30) / 30 : NAN;
    for (int64_t row = 0; row < rows; row++) {
        const float *own = corners + row / p.classes * p.boxes * 4, *s = scores + row * p.boxes;
        int64_t count = 0, *kept = expected + row * p.limit;
        bool seen[80] = {false};
        for (;;) {
            int64_t best = -1;
            for (int64_t i = 0; i < p.boxes; i++)
                if (!seen[i] && s[i] > p.score && (best < 0 || s[i] > s[best])) best = i;
            if (best < 0 || count == p.limit) break;
            seen[best] = true;
            bool free = true;
            for (int64_t k = 0; k < count; k++) free = free && overlap(own + 4 * best, own + 4 * kept[k]) <= p.overlap;
            if (free) kept[count++] = best;
        }
        while (count < p.limit) kept[count++] = -1;
    }
    dlc_launch launch;
    cases++;
    // Data may decide what parameters else say.
    int given = (int)random_below(4);
    float overlap_of_data = p.overlap, score_of_data = p.score;
    int32_t status = 0;
    if (given & 1) p.overlap = 0;
    if (given & 2) p.score = 0;
    if (!dlc_nms_prepare(dlc_host_isa(), &p, &launch) || !launch_run(&launch, &p, (void *[]){boxes, scores, given & 1 ? &overlap_of_data : 0, given & 2 ? &score_of_data : 0, result, &status}, 1 + random_below(3))
        || memcmp(result, expected, (size_t)(rows * p.limit * 8)) != 0 || status != 0) {
        if (failures++ < 10) printf("FAIL: nms of %ld boxes, limit %ld\n", (long)p.boxes, (long)p.limit);
    }
    free(boxes), free(corners), free(scores), free(result), free(expected);
}

static float element(const dlc_roi_level *l, const float *x, int64_t image, int64_t channel, int64_t row, int64_t column) {
    return x[image * l->image_stride + row * l->row_stride + column * l->column_stride + channel * l->channel_stride];
}

/// A bin by its definition, in double but for positions, which decide what is outside.
static double aligned_bin(const dlc_roi *p, const dlc_roi_level *l, const float *x, const float *box, int64_t image, int64_t channel, int64_t h, int64_t w) {
    float shift = p->half_pixel ? 0.5f : 0, left = box[0] * l->scale - shift, top = box[1] * l->scale - shift;
    float width = box[2] * l->scale - shift - left, height = box[3] * l->scale - shift - top;
    if (!p->half_pixel) width = fmaxf(width, 1), height = fmaxf(height, 1);
    float column = width / (float)p->width, row = height / (float)p->height;
    int rows = p->samples ? p->samples : (int)ceilf(row), columns = p->samples ? p->samples : (int)ceilf(column);
    double sum = 0, most = -INFINITY;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            double y = top + (float)h * row + ((float)i + 0.5f) * row / (float)rows, u = left + (float)w * column + ((float)j + 0.5f) * column / (float)columns;
            bool outside = y < -1 || y > (double)l->height || u < -1 || u > (double)l->width;
            y = fmin(fmax(y, 0), (double)(l->height - 1)), u = fmin(fmax(u, 0), (double)(l->width - 1));
            for (int k = 0; k < 4; k++) {
                int64_t a = (int64_t)y, b = (int64_t)u;
                double weight = (k & 2 ? y - (double)a : 1 - y + (double)a) * (k & 1 ? u - (double)b : 1 - u + (double)b);
                if (k & 2 && a < l->height - 1) a++;
                if (k & 1 && b < l->width - 1) b++;
                double product = outside ? 0 : weight * element(l, x, image, channel, a, b);
                sum += product, most = fmax(most, product);
            }
        }
    return rows <= 0 || columns <= 0 ? 0 : p->kind == DLC_ROI_ALIGN_MAX ? most : sum / (rows * columns);
}

static double pooled_bin(const dlc_roi *p, const dlc_roi_level *l, const float *x, const float *box, int64_t image, int64_t channel, int64_t h, int64_t w) {
    float left = roundf(box[0] * l->scale), top = roundf(box[1] * l->scale);
    float column = fmaxf(roundf(box[2] * l->scale) - left + 1, 1) / (float)p->width, row = fmaxf(roundf(box[3] * l->scale) - top + 1, 1) / (float)p->height;
    double most = -INFINITY;
    for (int64_t a = 0; a < l->height; a++)
        for (int64_t b = 0; b < l->width; b++)
            if ((float)a >= top + floorf((float)h * row) && (float)a < top + ceilf((float)(h + 1) * row) && (float)b >= left + floorf((float)w * column)
                && (float)b < left + ceilf((float)(w + 1) * column))
                most = fmax(most, element(l, x, image, channel, a, b));
    return most == -INFINITY ? 0 : most;
}

/// Features are sums of weighted elements, of the chosen one where they are maxima, so ⟨result, dy⟩ = ⟨x, gradient of dy⟩; the
/// bits are the same however tasks are split.
static bool is_adjoint(dlc_isa isa, const dlc_roi *p, const float *boxes, const int64_t *images, float *const *x, const float *result, bool last) {
    const int64_t c = p->channels, elements = p->regions * p->height * p->width * c;
    float *dy = random_floats(elements), *dx[2][3];
    dlc_roi_gradient g = {.roi = *p, .region_stride = p->height * p->width * c};
    // The order of dy is one of two: channels last, as the result, or first.
    g.row_stride = p->width * (last ? c : 1), g.column_stride = last ? c : 1, g.channel_stride = last ? 1 : p->height * p->width;
    double there = 0, back = 0, scale = 1;
    for (int64_t r = 0, at = 0; r < p->regions; r++) for (int64_t h = 0; h < p->height; h++) for (int64_t w = 0; w < p->width; w++) for (int64_t k = 0; k < c; k++, at++) {
        const double product = (double)result[at] * (double)dy[r * g.region_stride + h * g.row_stride + w * g.column_stride + k * g.channel_stride];
        there += product, scale += fabs(product);
    }
    int32_t status = 0;
    bool fine = true;
    for (int run = 0; run < 2; run++) {
        void *buffers[10] = {(void *)boxes, (void *)images, dy};
        for (int i = 0; i < p->levels; i++) {
            const int64_t count = p->batch * p->level[i].height * p->level[i].width * c;
            buffers[3 + i] = x[i], buffers[3 + p->levels + i] = dx[run][i] = aligned(4 * count);
            memset(dx[run][i], 0x55, (size_t)(4 * count));
        }
        buffers[3 + 2 * p->levels] = &status;
        dlc_launch launch;
        fine = fine && dlc_roi_gradient_prepare(isa, &g, &launch) && launch_run(&launch, &g, buffers, run ? 1 : 1 + random_below(4)) && status == 0;
    }
    for (int i = 0; i < p->levels; i++) {
        const dlc_roi_level *l = &p->level[i];
        for (int64_t n = 0, at = 0; n < p->batch; n++) for (int64_t row = 0; row < l->height; row++) for (int64_t column = 0; column < l->width; column++)
            for (int64_t k = 0; k < c; k++, at++) back += (double)dx[0][i][at] * (double)element(l, x[i], n, k, row, column);
        fine &= memcmp(dx[0][i], dx[1][i], (size_t)(4 * p->batch * l->height * l->width * c)) == 0;
        free(dx[0][i]), free(dx[1][i]);
    }
    free(dy);
    return fine && fabs(there - back) < 1e-5 * scale;
}

static void check_regions(dlc_isa isa) {
    static const int64_t channels[] = {1, 3, 4, 15, 16, 17, 32, 256, 300};
    dlc_roi p = {.kind = (dlc_roi_kind)random_below(3), .half_pixel = random_below(2), .samples = (int32_t)random_below(4)};
    p.levels = p.kind == DLC_ROI_POOL || random_below(2) ? 1 : 3, p.first = 2;
    p.batch = 1 + random_below(2), p.regions = p.batch * (1 + random_below(5)), p.channels = channels[random_below(9)];
    p.height = 1 + random_below(4), p.width = 1 + random_below(4);
    float *boxes = aligned(16 * p.regions), *x[3], *result = aligned(4 * p.regions * p.height * p.width * p.channels);
    int64_t *images = aligned(8 * p.regions);
    bool named = random_below(2), last = random_below(2);
    int32_t status = 0;
    float reach = p.levels == 1 ? 40 : 900;
    for (int64_t i = 0; i < p.regions; i++) {
        float *b = boxes + 4 * i;
        b[0] = random_float() * reach, b[1] = random_float() * reach;
        b[2] = b[0] + fabsf(random_float()) * reach, b[3] = b[1] + fabsf(random_float()) * reach;
        images[i] = named ? random_below(p.batch) : i / (p.regions / p.batch);
    }
    for (int i = 0; i < p.levels; i++) {
        int64_t height = (12 + random_below(6)) >> i, width = (12 + random_below(6)) >> i, c = p.channels;
        x[i] = random_floats(p.batch * height * width * c);
        p.level[i] = last ? (dlc_roi_level){height, width, height * width * c, width * c, c, 1, 0} : (dlc_roi_level){height, width, c * height * width, width, 1, height * width, 0};
        p.level[i].scale = p.levels == 1 ? 0.5f : ldexpf(1, -2 - i);
    }
    void *buffers[7] = {boxes, named ? images : NULL};
    for (int i = 0; i < p.levels; i++) buffers[2 + i] = x[i];
    buffers[2 + p.levels] = result, buffers[3 + p.levels] = &status;
    dlc_launch launch;
    bool fine = dlc_roi_prepare(isa, &p, &launch) && launch_run(&launch, &p, buffers, 1 + random_below(3)) && status == 0;
    double worst = 0;
    for (int64_t r = 0, at = 0; fine && r < p.regions; r++) {
        const float *box = boxes + 4 * r;
        double wanted = floor(4 + log2(sqrt(area(box)) / 224) + 1e-6) - p.first;
        int level = p.levels == 1 ? 0 : (int)fmin(fmax(wanted, 0), p.levels - 1);
        for (int64_t h = 0; h < p.height; h++)
            for (int64_t w = 0; w < p.width; w++)
                for (int64_t c = 0; c < p.channels; c++, at++) {
                    double expected = (p.kind == DLC_ROI_POOL ? pooled_bin : aligned_bin)(&p, &p.level[level], x[level], box, images[r], c, h, w);
                    worst = fmax(worst, fabs(expected - result[at]));
                }
    }
    cases++;
    fine = fine && is_adjoint(isa, &p, boxes, named ? images : NULL, x, result, last);
    if (!fine || !(worst < 1e-4)) {
        if (failures++ < 10) printf("FAIL: regions %s kind %d, %ld channels %s, %d levels: %g\n", isa_names[isa], p.kind, (long)p.channels, last ? "last" : "first", p.levels, worst);
    }
    for (int i = 0; i < p.levels; i++) free(x[i]);
    free(boxes), free(images), free(result);
}

int main(void) {
    for (int i = 0; i < 2000 / CHECK_SHARE; i++) check_nms();
    for (dlc_isa isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; isa++)
        if (dlc_host_has(isa)) for (int i = 0; i < 1000 / CHECK_SHARE; i++) check_regions(isa);
    printf("%d cases, %d failures\n", cases, failures);
    return failures > 0;
}
