#ifndef DLC_IMAGE_INTERNAL_H
#define DLC_IMAGE_INTERNAL_H

#include "dlc_image.h"

#include <stdio.h>

/// Sets the size and allocates the pixels; returns 0 and sets the error where the size is out of bounds.
int dlc_image_allocate(dlc_image *image, int64_t width, int64_t height, int channels);

/// Sets the error; returns 0.
int dlc_image_fail(dlc_image *image, const char *message);

/// The decoders; `file` stands at its first byte.
int dlc_image_read_png(FILE *file, dlc_image *image);
int dlc_image_read_jpeg(FILE *file, dlc_image *image);

/// Decoders of bytes in memory that begin as their format does.
int dlc_image_decode_bmp(const uint8_t *bytes, size_t size, dlc_image *image);
int dlc_image_decode_pnm(const uint8_t *bytes, size_t size, dlc_image *image);
int dlc_image_decode_tiff(const uint8_t *bytes, size_t size, dlc_image *image);
int dlc_image_decode_webp(const uint8_t *bytes, size_t size, dlc_image *image);
int dlc_image_decode_jpeg2000(const uint8_t *bytes, size_t size, dlc_image *image);

/// A library that is opened at run time by the first of some names (ended by null) that is installed; null where none is. It stays
/// open. The system's package is `package`, which the error names.
void *dlc_image_library(const char *const *names, const char *package, dlc_image *image);

/// Finds functions of a library by their names (ended by null), in their order; returns 0 and sets the error where one is missing.
int dlc_image_functions(void *library, const char *const *names, void **functions, dlc_image *image);

#endif
