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

#endif
