/// Portable bitmaps, graymaps and pixmaps, as text and binary (Netpbm: pbm(5), pgm(5), ppm(5)).
#include "image_internal.h"

typedef struct {
    const uint8_t *at, *end;
} cursor;

static int is_space(int byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// The next number, after white space and comments; −1 where there is none, or it is above a million.
static int32_t number(cursor *text) {
    while (text->at < text->end && (is_space(*text->at) || *text->at == '#')) {
        if (*text->at++ == '#')
            while (text->at < text->end && *text->at != '\n') text->at++;
    }
    if (text->at == text->end || *text->at < '0' || *text->at > '9') return -1;
    int32_t value = 0;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9') {
        value = value * 10 + (*text->at++ - '0');
        if (value > 1000000) return -1;
    }
    return value;
}

/// The next bit of a bitmap in text, where digits may stand without gaps.
static int32_t digit(cursor *text) {
    while (text->at < text->end && is_space(*text->at)) text->at++;
    if (text->at == text->end || (*text->at != '0' && *text->at != '1')) return -1;
    return *text->at++ - '0';
}

int dlc_image_decode_pnm(const uint8_t *bytes, size_t size, dlc_image *image) {
    int kind = bytes[1] - '0', is_text = kind <= 3, is_bits = kind == 1 || kind == 4;
    int channels = kind == 3 || kind == 6 ? 3 : 1;
    cursor text = { bytes + 2, bytes + size };
    int32_t width = number(&text), height = number(&text), top = is_bits ? 1 : number(&text);
    if (width < 0 || height < 0 || top < 1 || top > 65535) return dlc_image_fail(image, "the pixmap's header holds no size and range");
    if (!is_text && (text.at == text.end || !is_space(*text.at++))) return dlc_image_fail(image, "the pixmap ends in its header");
    // Checked before there is memory for the pixels: each takes a byte of the file or, of a bitmap, a bit.
    uint64_t count = (uint64_t)width * (uint64_t)height * (uint64_t)channels, left = (uint64_t)(text.end - text.at);
    uint64_t needed = kind == 4 ? (uint64_t)height * (((uint64_t)width + 7) / 8) : !is_text && top > 255 ? 2 * count : count;
    if (needed > left) return dlc_image_fail(image, "the pixmap ends before its pixels do");
    if (!dlc_image_allocate(image, width, height, channels)) return 0;
    for (uint64_t i = 0; i < count; i++) {
        int32_t value;
        if (kind == 4) {
            uint64_t x = i % (uint64_t)width, y = i / (uint64_t)width;
            value = text.at[y * (((uint64_t)width + 7) / 8) + x / 8] >> (7 - x % 8) & 1;
        } else if (is_text) {
            value = is_bits ? digit(&text) : number(&text);
        } else {
            value = top > 255 ? text.at[2 * i] << 8 | text.at[2 * i + 1] : text.at[i];
        }
        if (value < 0 || value > top) return dlc_image_fail(image, "the pixmap holds a value outside of its range, or too few");
        if (is_bits) value = !value;
        image->pixels[i] = (uint8_t)(top == 255 ? value : (value * 255 + top / 2) / top);
    }
    return 1;
}
