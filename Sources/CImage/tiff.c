/// TIFF pictures through libtiff (TIFFReadRGBAImage(3tiff)): whatever it turns into colours of 8 bits.
#include "image_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t *bytes;
    uint64_t size, at;
} source;

static int64_t read_source(void *handle, void *buffer, int64_t count) {
    source *from = handle;
    if (count < 0 || from->at >= from->size) return 0;
    uint64_t left = from->size - from->at, taken = (uint64_t)count < left ? (uint64_t)count : left;
    memcpy(buffer, from->bytes + from->at, taken);
    from->at += taken;
    return (int64_t)taken;
}

static int64_t write_source(void *handle, void *buffer, int64_t count) {
    (void)handle, (void)buffer, (void)count;
    return 0;
}

static uint64_t seek_source(void *handle, uint64_t offset, int whence) {
    source *from = handle;
    from->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? from->at + offset : from->size + offset;
    return from->at;
}

static int close_source(void *handle) {
    (void)handle;
    return 0;
}

static uint64_t size_of_source(void *handle) { return ((source *)handle)->size; }

/// What the library said last, of the thread that decodes.
static _Thread_local char message[DLC_IMAGE_ERROR_SIZE];

static void hear(const char *module, const char *format, va_list arguments) {
    (void)module;
    vsnprintf(message, sizeof message, format, arguments);
}

typedef int64_t (*transfer)(void *, void *, int64_t);
typedef void (*handler)(const char *, const char *, va_list);

enum { IMAGE_WIDTH = 256, IMAGE_LENGTH = 257, TOP_LEFT = 1 };

int dlc_image_decode_tiff(const uint8_t *bytes, size_t size, dlc_image *image) {
    static const char *const libraries[] = { "libtiff.so.6", "libtiff.so.5", "libtiff.so", "libtiff.6.dylib", "libtiff.dylib", NULL };
    static const char *const names[] = {
        "TIFFClientOpen", "TIFFGetField", "TIFFReadRGBAImageOriented", "TIFFClose", "TIFFSetErrorHandler", "TIFFSetWarningHandler", NULL,
    };
    void *functions[6], *library = dlc_image_library(libraries, "libtiff", image);
    if (!library || !dlc_image_functions(library, names, functions, image)) return 0;
    void *(*open)(const char *, const char *, void *, transfer, transfer, uint64_t (*)(void *, uint64_t, int), int (*)(void *),
                  uint64_t (*)(void *), void *, void *) =
        (void *(*)(const char *, const char *, void *, transfer, transfer, uint64_t (*)(void *, uint64_t, int), int (*)(void *),
                   uint64_t (*)(void *), void *, void *))functions[0];
    int (*get_field)(void *, uint32_t, ...) = (int (*)(void *, uint32_t, ...))functions[1];
    int (*read)(void *, uint32_t, uint32_t, uint32_t *, int, int) = (int (*)(void *, uint32_t, uint32_t, uint32_t *, int, int))functions[2];
    void (*close)(void *) = (void (*)(void *))functions[3];
    ((handler(*)(handler))functions[4])(hear);
    ((handler(*)(handler))functions[5])(NULL);

    snprintf(message, sizeof message, "a TIFF picture that is broken");
    source from = { bytes, size, 0 };
    // "m": not mapped.
    void *tiff = open("picture", "rm", &from, read_source, write_source, seek_source, close_source, size_of_source, NULL, NULL);
    if (!tiff) return dlc_image_fail(image, message);
    uint32_t width = 0, height = 0, *raster = NULL;
    int done = 0;
    if (!get_field(tiff, IMAGE_WIDTH, &width) || !get_field(tiff, IMAGE_LENGTH, &height)) {
        dlc_image_fail(image, "a TIFF picture without a size");
    } else if (dlc_image_allocate(image, width, height, 3)) {
        size_t count = (size_t)width * (size_t)height;
        raster = calloc(count, sizeof *raster);
        if (!raster) dlc_image_fail(image, "out of memory for the pixels");
        else if (!read(tiff, width, height, raster, TOP_LEFT, 1)) dlc_image_fail(image, message);
        else {
            for (size_t i = 0; i < count; i++)
                for (int channel = 0; channel < 3; channel++) image->pixels[i * 3 + (size_t)channel] = (uint8_t)(raster[i] >> 8 * channel);
            done = 1;
        }
    }
    free(raster);
    close(tiff);
    return done;
}
