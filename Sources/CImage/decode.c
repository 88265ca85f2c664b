/// Pictures in memory, told apart by their first bytes; the decoder that the runtime's ImageDecoder takes.
#include "image_internal.h"

#include "dlc_pictures.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static int begins(const uint8_t *bytes, size_t size, const char *signature, size_t length) {
    return size >= length && !memcmp(bytes, signature, length);
}

typedef int (*file_decoder)(FILE *file, dlc_image *image);

static int decode_as_file(file_decoder decoder, const uint8_t *bytes, size_t size, dlc_image *image) {
    // Only read: the mode says so.
    FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "rb");
    if (!file) return dlc_image_fail(image, "out of memory");
    int done = decoder(file, image);
    fclose(file);
    return done;
}

int dlc_image_decode(const uint8_t *bytes, size_t size, dlc_image *image) {
    memset(image, 0, sizeof *image);
    if (begins(bytes, size, "\x89PNG\r\n\x1a\n", 8)) return decode_as_file(dlc_image_read_png, bytes, size, image);
    if (begins(bytes, size, "\xff\xd8\xff", 3)) return decode_as_file(dlc_image_read_jpeg, bytes, size, image);
    if (begins(bytes, size, "BM", 2)) return dlc_image_decode_bmp(bytes, size, image);
    if (size >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6') return dlc_image_decode_pnm(bytes, size, image);
    if (begins(bytes, size, "II*\0", 4) || begins(bytes, size, "MM\0*", 4)) return dlc_image_decode_tiff(bytes, size, image);
    if (size >= 12 && begins(bytes, size, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4))
        return dlc_image_decode_webp(bytes, size, image);
    if (begins(bytes, size, "\0\0\0\x0cjP  \r\n\x87\n", 12) || begins(bytes, size, "\xff\x4f\xff\x51", 4))
        return dlc_image_decode_jpeg2000(bytes, size, image);
    return dlc_image_fail(image, "no picture by its first bytes; expected BMP, JPEG, JPEG 2000, PNG, PNM, TIFF or WebP");
}

void *dlc_image_library(const char *const *names, const char *package, dlc_image *image) {
    for (; *names; names++) {
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
        if (library) return library;
    }
    snprintf(image->error, sizeof image->error, "needs the library %s, which is not installed", package);
    return NULL;
}

int dlc_image_functions(void *library, const char *const *names, void **functions, dlc_image *image) {
    for (; *names; names++, functions++) {
        *functions = dlsym(library, *names);
        if (*functions) continue;
        snprintf(image->error, sizeof image->error, "the installed library has no %s", *names);
        return 0;
    }
    return 1;
}

static int decode(const uint8_t *bytes, size_t size, int32_t *height, int32_t *width, int32_t *channels, uint8_t **pixels,
                  char *message, size_t message_size) {
    dlc_image image;
    if (dlc_image_decode(bytes, size, &image)) {
        *height = image.height, *width = image.width, *channels = image.channels;
        *pixels = image.pixels;
        return 1;
    }
    snprintf(message, message_size, "%s", image.error);
    dlc_image_free(&image);
    return 0;
}

/// Programs that hold this module can decode pictures; others need none of its libraries.
__attribute__((constructor)) static void register_decoder(void) { dlc_register_picture_decoder(decode); }
