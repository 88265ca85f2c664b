/// Windows bitmaps: 1, 4, 8, 16, 24 and 32 bits, uncompressed or with masks of colours ("Bitmap Storage", Microsoft; RFC 7903).
#include "image_internal.h"

typedef struct {
    const uint8_t *rows, *palette;
    size_t stride;
    uint32_t colors, masks[3];
    int bits, entry;
} layout;

static uint32_t u16(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
static uint32_t u32(const uint8_t *at) { return u16(at) | u16(at + 2) << 16; }

/// The bits of a mask, as 0…255.
static uint8_t masked(uint32_t value, uint32_t mask) {
    if (!mask) return 0;
    int shift = __builtin_ctz(mask);
    uint64_t top = mask >> shift;
    return (uint8_t)((((value & mask) >> shift) * 255 + top / 2) / top);
}

/// One row; returns 0 where it names a colour that the palette has not.
static int decode_row(const layout *p, const uint8_t *row, int32_t width, uint8_t *out) {
    for (int32_t x = 0; x < width; x++, out += 3) {
        if (p->bits <= 8) {
            size_t bit = (size_t)x * (size_t)p->bits;
            uint32_t index = row[bit / 8] >> (8 - p->bits - (int)(bit % 8)) & ((1u << p->bits) - 1);
            if (index >= p->colors) return 0;
            const uint8_t *color = p->palette + index * (uint32_t)p->entry;
            out[0] = color[2], out[1] = color[1], out[2] = color[0];
        } else if (p->bits == 24) {
            const uint8_t *pixel = row + (size_t)x * 3;
            out[0] = pixel[2], out[1] = pixel[1], out[2] = pixel[0];
        } else {
            uint32_t value = p->bits == 16 ? u16(row + (size_t)x * 2) : u32(row + (size_t)x * 4);
            for (int channel = 0; channel < 3; channel++) out[channel] = masked(value, p->masks[channel]);
        }
    }
    return 1;
}

int dlc_image_decode_bmp(const uint8_t *bytes, size_t size, dlc_image *image) {
    if (size < 26) return dlc_image_fail(image, "the bitmap ends in its header");
    uint32_t offset = u32(bytes + 10), header = u32(bytes + 14);
    int is_core = header == 12;
    if ((!is_core && header < 40) || header > size - 14) return dlc_image_fail(image, "the bitmap's header has an unknown length");
    const uint8_t *info = bytes + 14;
    int64_t width = is_core ? (int64_t)u16(info + 4) : (int64_t)(int32_t)u32(info + 4);
    int64_t height = is_core ? (int64_t)u16(info + 6) : (int64_t)(int32_t)u32(info + 8);
    int is_top_down = height < 0;
    if (is_top_down) height = -height;
    layout p = { .bits = (int)u16(info + (is_core ? 10 : 14)), .entry = is_core ? 3 : 4 };
    uint32_t compression = is_core ? 0 : u32(info + 16), named = is_core ? 0 : u32(info + 32);
    if (p.bits != 1 && p.bits != 4 && p.bits != 8 && p.bits != 16 && p.bits != 24 && p.bits != 32)
        return dlc_image_fail(image, "a bitmap of an unknown number of bits; expected 1, 4, 8, 16, 24 or 32");
    // Behind a header of 40 bytes the masks follow, longer ones hold them.
    int has_masks = compression == 3 || compression == 6;
    if (compression != 0 && !(has_masks && p.bits >= 16 && p.bits != 24))
        return dlc_image_fail(image, "a compressed bitmap (RLE, or a JPEG or PNG inside); expected an uncompressed one");
    p.masks[0] = p.bits == 16 ? 0x7c00 : 0xff0000, p.masks[1] = p.bits == 16 ? 0x3e0 : 0xff00, p.masks[2] = p.bits == 16 ? 0x1f : 0xff;
    size_t behind = 14 + (size_t)header;
    if (has_masks) {
        if (54 + 12 > size) return dlc_image_fail(image, "the bitmap ends in its masks");
        for (int channel = 0; channel < 3; channel++) p.masks[channel] = u32(bytes + 54 + 4 * channel);
        if (header == 40) behind += compression == 6 ? 16 : 12;
    }
    if (p.bits <= 8) {
        p.colors = named && named < 1u << p.bits ? named : 1u << p.bits;
        p.palette = bytes + behind;
        if (behind > size || (size - behind) / (size_t)p.entry < p.colors) return dlc_image_fail(image, "the bitmap ends in its palette");
    }
    if (width < 1 || height < 1 || width > DLC_IMAGE_MAX_SIDE || height > DLC_IMAGE_MAX_SIDE)
        return dlc_image_allocate(image, width, height, 3);
    p.stride = (size_t)((width * p.bits + 31) / 32 * 4);
    if (offset > size || (size - offset) / p.stride < (size_t)height) return dlc_image_fail(image, "the bitmap ends before its pixels do");
    if (!dlc_image_allocate(image, width, height, 3)) return 0;
    p.rows = bytes + offset;
    for (int64_t y = 0; y < height; y++) {
        const uint8_t *row = p.rows + (size_t)(is_top_down ? y : height - 1 - y) * p.stride;
        if (!decode_row(&p, row, image->width, image->pixels + (size_t)y * (size_t)width * 3))
            return dlc_image_fail(image, "a pixel of the bitmap has a colour that its palette has not");
    }
    return 1;
}
