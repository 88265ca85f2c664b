/// dlc_pack against its layouts as dlc_pack.h tells them, from weights at any distances, turned ones among them: every layout
/// of every instruction set, on this processor; the same bits however tasks are split.
#include "harness.h"
#include "../../Sources/CKernels/float16.h"
#include "../../Sources/CKernels/strassen.h"

static int failures, cases;

static int side_of(dlc_pack_form form) { return form == DLC_PACK_WINOGRAD_2 ? 4 : form == DLC_PACK_WINOGRAD_4 ? 6 : 5; }

/// Element (group, output, input, tap) of the weights, and 0 for outputs that do not exist.
static float weight(const dlc_pack *p, const float *w, int64_t g, int64_t o, int64_t i, int64_t tap) {
    return o < p->outputs ? w[g * p->group_step + o * p->output_step + i * p->input_step + tap * p->tap_step] : 0;
}

/// G·g·Gᵀ of one filter at one point, in the order of the kernel's sums; `d` is a tap along the depth.
static float point(const dlc_pack *p, const float *w, int64_t g, int64_t o, int64_t c, int64_t d, int i, int j) {
#pragma clang fp contract(off)
    static const double g2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    static const double g4[6][3] = {{0.25, 0, 0}, {-1.0 / 6, -1.0 / 6, -1.0 / 6}, {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                    {1.0 / 24, 1.0 / 12, 1.0 / 6}, {1.0 / 24, -1.0 / 12, 1.0 / 6}, {0, 0, 1}};
    static const double strided[5][3] = {{1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}};
    const double (*m)[3] = p->form == DLC_PACK_WINOGRAD_2 ? g2 : p->form == DLC_PACK_WINOGRAD_4 ? g4 : strided;
    double line[3];
    for (int b = 0; b < 3; b++)
        line[b] = m[i][0] * (double)weight(p, w, g, o, c, 9 * d + b) + m[i][1] * (double)weight(p, w, g, o, c, 9 * d + 3 + b) +
                  m[i][2] * (double)weight(p, w, g, o, c, 9 * d + 6 + b);
    return (float)(line[0] * m[j][0] + line[1] * m[j][1] + line[2] * m[j][2]);
}

/// Writes what is expected in the order of the layout, and returns how many floats that are.
static int64_t expected(dlc_isa isa, const dlc_pack *p, const float *w, float *out) {
    const float *begin = out;
    const int64_t taps = p->kernel[0] * p->kernel[1] * p->kernel[2];
    const dlc_panels panels = dlc_panels_of(dlc_tiles(isa), 1, p->outputs);
#define EACH_COLUMN(count, first) for (int64_t j_ = 0, o = (first); j_ < (count); j_++, o++)
    switch (p->form) {
    case DLC_PACK_CHANNELS:
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t i = 0; i < p->inputs; i++)
                for (int64_t g = 0; g < p->groups; g++)
                    for (int64_t o = 0; o < p->outputs; o++) *out++ = weight(p, w, g, o, i, tap);
        break;
    case DLC_PACK_TURNED:
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t o = 0; o < p->outputs; o++)
                for (int64_t i = 0; i < p->inputs; i++) *out++ = weight(p, w, 0, o, i, tap);
        break;
    case DLC_PACK_STRASSEN: {
        const dlc_panels left = dlc_strassen_panels(isa, p->outputs, p->inputs);
        static const int terms[7][4] = {{1, 0, 0, 1}, {1, 0, 0, 0}, {0, 1, 0, -1}, {-1, 0, 1, 0}, {0, 0, 0, 1}, {1, 1, 0, 0}, {0, 0, 1, 1}};
        for (int64_t panel = 0; panel < left.panels; panel++)
            for (int product = 0; product < 7; product++)
                for (int64_t i = 0; i < p->inputs / 2; i++)
                    EACH_COLUMN(dlc_panel_vectors(&left, panel) * left.lanes, dlc_panel_column(&left, panel)) {
                        float sum = 0;
                        for (int q = 0; q < 4; q++)
                            if (terms[product][q]) sum += (float)terms[product][q] * weight(p, w, 0, o + q % 2 * left.n, i + q / 2 * (p->inputs / 2), 0);
                        *out++ = sum;
                    }
        break;
    }
    case DLC_PACK_WINOGRAD_2: case DLC_PACK_WINOGRAD_4: case DLC_PACK_WINOGRAD_STRIDED:
        for (int64_t g = 0; g < p->groups; g++)
            for (int at = 0, side = side_of(p->form); at < side * side; at++)
                for (int64_t panel = 0; panel < panels.panels; panel++)
                    for (int64_t c = 0; c < p->kernel[0] * p->inputs; c++)
                        EACH_COLUMN(dlc_panel_vectors(&panels, panel) * panels.lanes, dlc_panel_column(&panels, panel))
                            *out++ = point(p, w, g, o, c % p->inputs, c / p->inputs, at / side, at % side);
        break;
    case DLC_PACK_PANELS: case DLC_PACK_PHASES: {
        const bool phases = p->form == DLC_PACK_PHASES;
        const int64_t classes = phases ? p->stride[0] * p->stride[1] * p->stride[2] : 1;
        for (int64_t g = 0; g < p->groups; g++)
            for (int64_t class = 0; class < classes; class++)
                for (int64_t panel = 0; panel < panels.panels; panel++)
                    for (int64_t tap = 0; tap < taps; tap++) {
                        const int64_t k[3] = {tap / p->kernel[2] / p->kernel[1], tap / p->kernel[2] % p->kernel[1], tap % p->kernel[2]};
                        const int64_t r[3] = {phases ? class / p->stride[2] / p->stride[1] : 0, phases ? class / p->stride[2] % p->stride[1] : 0, phases ? class % p->stride[2] : 0};
                        bool inside = true;
                        for (int a = 0; phases && a < 3; a++) inside = inside && k[a] * p->dilation[a] % p->stride[a] == r[a];
                        for (int64_t i = 0; inside && i < p->inputs; i++)
                            EACH_COLUMN(dlc_panel_vectors(&panels, panel) * panels.lanes, dlc_panel_column(&panels, panel)) *out++ = weight(p, w, g, o, i, tap);
                    }
        break;
    }
    case DLC_PACK_PAIRS: case DLC_PACK_SPLIT: {
        // Units of as many pairs as are as even as 16 allow, in each first the first parts of all.
        const dlc_panels narrow = dlc_panels_of(dlc_part_tiles(isa, 1), 1, p->outputs);
        int64_t units = 0, step = 0;
        while (32 * units < p->inputs) units++;
        while (2 * units * step < p->inputs) step++;
        for (int64_t g = 0; g < p->groups; g++)
            for (int64_t panel = 0; panel < narrow.panels; panel++)
                for (int64_t tap = 0; tap < taps; tap++)
                    for (int64_t unit = 0; unit < units; unit++)
                        for (int part = 0; part < (p->form == DLC_PACK_SPLIT ? 2 : 1); part++)
                            for (int64_t i = 2 * unit * step; i < 2 * (unit + 1) * step; i += 2)
                                EACH_COLUMN(dlc_panel_vectors(&narrow, panel) * narrow.lanes, dlc_panel_column(&narrow, panel)) {
                                    uint32_t pair = 0;
                                    for (int k = 0; k < 2; k++) {
                                        const float all = i + k < p->inputs ? weight(p, w, g, o, i + k, tap) : 0;
                                        const uint16_t first = dlc_bfloat_of_float(all), rest = dlc_bfloat_of_float(all - dlc_float_of_bfloat(first));
                                        pair |= (uint32_t)(part == 0 ? first : rest) << 16 * k;
                                    }
                                    *out++ = dlc_float_of_bits(pair);
                                }
        break;
    }
    default: break; // compact forms, which check_compact holds to theirs
    }
    return out - begin;
}

static void check(dlc_isa isa, dlc_pack_form form) {
    dlc_pack p = {.form = form, .groups = 1 + random_below(3), .outputs = random_below(12) ? 1 + random_below(150) : 0, .inputs = random_below(12) ? 1 + random_below(70) : 0};
    const bool winograd = form == DLC_PACK_WINOGRAD_2 || form == DLC_PACK_WINOGRAD_4 || form == DLC_PACK_WINOGRAD_STRIDED;
    for (int i = 0; i < 3; i++) {
        p.kernel[i] = random_below(3) ? 1 : 1 + random_below(5);
        if (winograd && i > 0) p.kernel[i] = 3;
        if (form == DLC_PACK_STRASSEN) p.kernel[i] = 1;
        p.stride[i] = 1 + random_below(3), p.dilation[i] = 1 + random_below(3);
    }
    if (form == DLC_PACK_STRASSEN || form == DLC_PACK_TURNED) p.groups = 1;
    if (form == DLC_PACK_CHANNELS) p.inputs = random_below(2) ? 1 : 1 + p.inputs % 9, p.groups *= 10, p.outputs = p.outputs % 4;
    if (form == DLC_PACK_STRASSEN) p.inputs = 2 + p.inputs / 2 * 2, p.outputs += 17;
    const int64_t taps = p.kernel[0] * p.kernel[1] * p.kernel[2], all = p.groups * p.outputs * p.inputs * taps;
    // Dense, transposed, or turned with outputs and inputs exchanged: as gradients of convolutions have them.
    const int order = (int)random_below(4);
    int64_t slack = random_below(2) * 3;
    p.tap_step = order == 2 ? -1 : 1;
    p.input_step = order == 0 ? taps : order == 3 ? p.outputs : p.outputs * taps;
    p.output_step = order == 0 ? p.inputs * taps : order == 3 ? 1 : taps;
    if (order == 3) p.tap_step = p.inputs * p.outputs;
    if (order == 0) p.output_step += slack;
    p.group_step = (p.outputs + 1) * (p.inputs * taps + slack);
    const int64_t size = p.groups * p.group_step + all + taps;
    float *w = random_floats(size), *from = order == 2 ? w + taps - 1 : w;
    const int64_t bytes = dlc_pack_bytes(isa, &p);
    float *want = (float *)workspace(bytes < 0 ? 0 : bytes), *got = (float *)workspace(bytes < 0 ? 0 : bytes), *again = (float *)workspace(bytes < 0 ? 0 : bytes);
    dlc_launch launch;
    void *buffers[] = {from, got};
    bool fine = bytes >= 0 && 4 * expected(isa, &p, from, want) == bytes && dlc_pack_prepare(isa, &p, &launch) && launch_run(&launch, &p, buffers, 1 + random_below(3));
    buffers[1] = again;
    fine = fine && launch_run(&launch, &p, buffers, launch.tasks + 1);
    fine = fine && canary_lives((uint8_t *)got, bytes) && memcmp(got, want, (size_t)bytes) == 0 && memcmp(again, want, (size_t)bytes) == 0;
    cases++;
    if (!fine && failures++ < 10)
        printf("FAILED %s form %d order %d: %lld groups, %lld outputs, %lld inputs, kernel %lld %lld %lld\n", isa_names[isa], form, order, (long long)p.groups,
               (long long)p.outputs, (long long)p.inputs, (long long)p.kernel[0], (long long)p.kernel[1], (long long)p.kernel[2]);
    free(w), free(want), free(got), free(again);
}

int main(void) {
    // Layouts of other processors too: a plan is made for any target anywhere.
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++)
        for (int form = 0; form <= DLC_PACK_PHASES + 3; form++)
            for (int i = 0; i < 120 / CHECK_SHARE; i++)
                check((dlc_isa)isa, form <= DLC_PACK_PHASES ? (dlc_pack_form)form : (dlc_pack_form[]){DLC_PACK_TURNED, DLC_PACK_PAIRS, DLC_PACK_SPLIT}[form - DLC_PACK_PHASES - 1]);
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
