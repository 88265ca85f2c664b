/// JPEG 2000 pictures through OpenJPEG 2 (openjpeg.h, whose structures stand here as far as they are read).
#include "image_internal.h"

#include <string.h>

typedef struct {
    uint32_t dx, dy, width, height, x0, y0, precision, bits, is_signed, resolutions, factor;
    int32_t *data;
    uint16_t alpha;
} component;

typedef struct {
    uint32_t x0, y0, x1, y1, count;
    int space;
    component *components;
} picture;

typedef struct {
    const uint8_t *bytes;
    size_t size, at;
} source;

static size_t read_source(void *buffer, size_t count, void *user) {
    source *from = user;
    size_t left = from->size - from->at, taken = count < left ? count : left;
    if (!taken) return (size_t)-1;
    memcpy(buffer, from->bytes + from->at, taken);
    from->at += taken;
    return taken;
}

static int64_t skip_source(int64_t count, void *user) {
    source *from = user;
    if (count < 0 || (uint64_t)count > from->size - from->at) return -1;
    from->at += (size_t)count;
    return count;
}

static int seek_source(int64_t place, void *user) {
    source *from = user;
    if (place < 0 || (uint64_t)place > from->size) return 0;
    from->at = (size_t)place;
    return 1;
}

static void hear(const char *message, void *user) {
    dlc_image *image = user;
    if (image->error[0]) return;
    dlc_image_fail(image, message);
    image->error[strcspn(image->error, "\n")] = 0;
}

/// A sample of any precision as 0…255.
static uint8_t sample(const component *from, size_t at) {
    int64_t value = from->data[at], top = ((int64_t)1 << from->precision) - 1;
    if (from->is_signed) value += (int64_t)1 << (from->precision - 1);
    value = value < 0 ? 0 : value > top ? top : value;
    return (uint8_t)(from->precision == 8 ? value : (value * 255 + top / 2) / top);
}

enum { SPACE_YCC = 3, SPACE_EYCC = 4, SPACE_CMYK = 5 };

static int copy(const picture *from, dlc_image *image) {
    int channels = from->count >= 3 ? 3 : 1;
    const component *first = from->components;
    if (from->space == SPACE_YCC || from->space == SPACE_EYCC || from->space == SPACE_CMYK)
        return dlc_image_fail(image, "a JPEG 2000 picture in YCC or CMYK; expected grey or RGB");
    for (int channel = 0; channel < channels; channel++) {
        const component *part = first + channel;
        if (!part->data || part->width != first->width || part->height != first->height || part->precision < 1 || part->precision > 31)
            return dlc_image_fail(image, "a JPEG 2000 picture whose parts differ in size, or are missing");
    }
    if (!dlc_image_allocate(image, first->width, first->height, channels)) return 0;
    size_t count = (size_t)first->width * first->height;
    for (size_t i = 0; i < count; i++)
        for (int channel = 0; channel < channels; channel++)
            image->pixels[i * (size_t)channels + (size_t)channel] = sample(first + channel, i);
    return 1;
}

enum {
    DEFAULTS, CREATE, SETUP, ON_ERROR, STREAM, ON_READ, ON_SKIP, ON_SEEK, USER, LENGTH, HEADER, DECODE, END, FREE_CODEC, FREE_STREAM,
    FREE_IMAGE, FUNCTIONS
};

/// Decoding parameters are about 8 KiB; the rest is room for newer versions.
enum { PARAMETER_BYTES = 1 << 15, RAW_STREAM = 0, BOXES = 2 };

int dlc_image_decode_jpeg2000(const uint8_t *bytes, size_t size, dlc_image *image) {
    static const char *const libraries[] = { "libopenjp2.so.7", "libopenjp2.so", "libopenjp2.7.dylib", "libopenjp2.dylib", NULL };
    static const char *const names[] = {
        "opj_set_default_decoder_parameters", "opj_create_decompress", "opj_setup_decoder", "opj_set_error_handler", "opj_stream_create",
        "opj_stream_set_read_function", "opj_stream_set_skip_function", "opj_stream_set_seek_function", "opj_stream_set_user_data",
        "opj_stream_set_user_data_length", "opj_read_header", "opj_decode", "opj_end_decompress", "opj_destroy_codec", "opj_stream_destroy",
        "opj_image_destroy", NULL,
    };
    void *f[FUNCTIONS], *library = dlc_image_library(libraries, "libopenjp2", image);
    if (!library || !dlc_image_functions(library, names, f, image)) return 0;
    _Alignas(16) char parameters[PARAMETER_BYTES];
    source from = { bytes, size, 0 };
    void *codec = ((void *(*)(int))f[CREATE])(bytes[0] == 0xff ? RAW_STREAM : BOXES);
    void *stream = ((void *(*)(size_t, int))f[STREAM])(1 << 16, 1);
    picture *decoded = NULL;
    int done = 0;
    if (codec && stream) {
        ((void (*)(void *))f[DEFAULTS])(parameters);
        ((int (*)(void *, void (*)(const char *, void *), void *))f[ON_ERROR])(codec, hear, image);
        ((void (*)(void *, size_t(*)(void *, size_t, void *)))f[ON_READ])(stream, read_source);
        ((void (*)(void *, int64_t(*)(int64_t, void *)))f[ON_SKIP])(stream, skip_source);
        ((void (*)(void *, int (*)(int64_t, void *)))f[ON_SEEK])(stream, seek_source);
        ((void (*)(void *, void *, void *))f[USER])(stream, &from, NULL);
        ((void (*)(void *, uint64_t))f[LENGTH])(stream, size);
        if (((int (*)(void *, void *))f[SETUP])(codec, parameters) &&
            ((int (*)(void *, void *, picture **))f[HEADER])(stream, codec, &decoded)) {
            int64_t width = (int64_t)decoded->x1 - decoded->x0, height = (int64_t)decoded->y1 - decoded->y0;
            // Asked before it is decoded, and given back at once.
            if (decoded->count > 4) {
                dlc_image_fail(image, "a JPEG 2000 picture of more than four channels");
            } else if (dlc_image_allocate(image, width, height, 3)) {
                dlc_image_free(image);
                done = ((int (*)(void *, void *, picture *))f[DECODE])(codec, stream, decoded) &&
                       ((int (*)(void *, void *))f[END])(codec, stream) && decoded->count > 0 && copy(decoded, image);
            }
        }
    }
    if (!done && !image->error[0]) dlc_image_fail(image, "a JPEG 2000 picture that is broken");
    if (decoded) ((void (*)(void *))f[FREE_IMAGE])(decoded);
    if (stream) ((void (*)(void *))f[FREE_STREAM])(stream);
    if (codec) ((void (*)(void *))f[FREE_CODEC])(codec);
    return done;
}
