/// TIFF pictures through libtiff (TIFFReadRGBAImage(3tiff)): whatever it turns into colours of 8 bits.
#include "image_internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BROKEN "a TIFF picture that is broken"

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

/// What the library says of a picture goes here.
typedef char text[DLC_IMAGE_ERROR_SIZE];

typedef int64_t (*transfer)(void *, void *, int64_t);
typedef uint64_t (*seek)(void *, uint64_t, int);
typedef int (*closing)(void *);
typedef uint64_t (*sizing)(void *);
typedef void (*handler)(const char *, const char *, va_list);
typedef int (*file_handler)(void *, void *, const char *, const char *, va_list);

/// The way of libtiff 4.5: a picture has handlers of its own.
static int hear_of_file(void *tiff, void *heard, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    vsnprintf(heard, sizeof(text), format, arguments);
    return 1;
}

static int ignore(void *tiff, void *heard, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)heard, (void)module, (void)format, (void)arguments;
    return 1;
}

/// Opens a picture whose errors go to `heard`; null where that fails, and where the library is older than that (`*is_old`).
static void *open_with_handlers(void *library, source *from, text heard, int *is_old, dlc_image *image) {
    static const char *const names[] = {
        "TIFFOpenOptionsAlloc", "TIFFOpenOptionsSetErrorHandlerExtR", "TIFFOpenOptionsSetWarningHandlerExtR", "TIFFClientOpenExt",
        "TIFFOpenOptionsFree", NULL,
    };
    void *functions[5];
    *is_old = !dlc_image_functions(library, names, functions, image);
    if (*is_old) return NULL;
    void *options = ((void *(*)(void))functions[0])();
    if (!options) return NULL;
    ((void (*)(void *, file_handler, void *))functions[1])(options, hear_of_file, heard);
    ((void (*)(void *, file_handler, void *))functions[2])(options, ignore, NULL);
    void *(*open)(const char *, const char *, void *, transfer, transfer, seek, closing, sizing, void *, void *, void *) =
        (void *(*)(const char *, const char *, void *, transfer, transfer, seek, closing, sizing, void *, void *, void *))functions[3];
    // "m": not mapped.
    void *tiff = open("picture", "rm", from, read_source, write_source, seek_source, close_source, size_of_source, NULL, NULL, options);
    ((void (*)(void *))functions[4])(options);
    return tiff;
}

/// The way before: handlers are the process's own. They are borrowed for as long as one picture is decoded, one after the other.
static pthread_mutex_t borrowed = PTHREAD_MUTEX_INITIALIZER;
static text old_heard;

static void hear(const char *module, const char *format, va_list arguments) {
    (void)module;
    vsnprintf(old_heard, sizeof old_heard, format, arguments);
}

enum { IMAGE_WIDTH = 256, IMAGE_LENGTH = 257, TOP_LEFT = 1 };

/// Decodes an open picture (null where opening failed) and closes it.
static int decode(void *library, void *tiff, const char *heard, dlc_image *image) {
    static const char *const names[] = { "TIFFGetField", "TIFFReadRGBAImageOriented", "TIFFClose", NULL };
    void *functions[3];
    if (!tiff) return dlc_image_fail(image, heard);
    if (!dlc_image_functions(library, names, functions, image)) return 0;
    int (*get_field)(void *, uint32_t, ...) = (int (*)(void *, uint32_t, ...))functions[0];
    int (*read)(void *, uint32_t, uint32_t, uint32_t *, int, int) = (int (*)(void *, uint32_t, uint32_t, uint32_t *, int, int))functions[1];

    uint32_t width = 0, height = 0, *raster = NULL;
    int done = 0;
    if (!get_field(tiff, IMAGE_WIDTH, &width) || !get_field(tiff, IMAGE_LENGTH, &height)) {
        dlc_image_fail(image, "a TIFF picture without a size");
    } else if (dlc_image_allocate(image, width, height, 3)) {
        size_t count = (size_t)width * (size_t)height;
        raster = calloc(count, sizeof *raster);
        if (!raster) dlc_image_fail(image, "out of memory for the pixels");
        else if (!read(tiff, width, height, raster, TOP_LEFT, 1)) dlc_image_fail(image, heard);
        else {
            for (size_t i = 0; i < count; i++)
                for (int channel = 0; channel < 3; channel++) image->pixels[i * 3 + (size_t)channel] = (uint8_t)(raster[i] >> 8 * channel);
            done = 1;
        }
    }
    free(raster);
    ((void (*)(void *))functions[2])(tiff);
    return done;
}

static int decode_with_borrowed_handlers(void *library, source *from, dlc_image *image) {
    static const char *const names[] = { "TIFFClientOpen", "TIFFSetErrorHandler", "TIFFSetWarningHandler", NULL };
    void *functions[3];
    if (!dlc_image_functions(library, names, functions, image)) return 0;
    void *(*open)(const char *, const char *, void *, transfer, transfer, seek, closing, sizing, void *, void *) =
        (void *(*)(const char *, const char *, void *, transfer, transfer, seek, closing, sizing, void *, void *))functions[0];
    handler (*set_error)(handler) = (handler(*)(handler))functions[1], (*set_warning)(handler) = (handler(*)(handler))functions[2];
    pthread_mutex_lock(&borrowed);
    handler error = set_error(hear), warning = set_warning(NULL);
    snprintf(old_heard, sizeof old_heard, "%s", BROKEN);
    void *tiff = open("picture", "rm", from, read_source, write_source, seek_source, close_source, size_of_source, NULL, NULL);
    int done = decode(library, tiff, old_heard, image);
    set_error(error), set_warning(warning);
    pthread_mutex_unlock(&borrowed);
    return done;
}

int dlc_image_decode_tiff(const uint8_t *bytes, size_t size, dlc_image *image) {
    static const char *const libraries[] = { "libtiff.so.6", "libtiff.so.5", "libtiff.so", "libtiff.6.dylib", "libtiff.dylib", NULL };
    void *library = dlc_image_library(libraries, "libtiff", image);
    if (!library) return 0;
    text heard = BROKEN;
    source from = { bytes, size, 0 };
    int is_old;
    void *tiff = open_with_handlers(library, &from, heard, &is_old, image);
    return is_old ? decode_with_borrowed_handlers(library, &from, image) : decode(library, tiff, heard, image);
}
