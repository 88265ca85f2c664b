#include "image_internal.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

/// Decodes with an alpha channel where the file has one, then closes the gaps: libpng would composite instead.
static int decode(png_image *png, dlc_image *image) {
    int channels = png->format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
    int has_alpha = (png->format & PNG_FORMAT_FLAG_ALPHA) != 0;
    if (png->format & PNG_FORMAT_FLAG_LINEAR) png->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    png->format = (channels == 3 ? PNG_FORMAT_FLAG_COLOR : 0) | (has_alpha ? PNG_FORMAT_FLAG_ALPHA : 0);
    if (!dlc_image_allocate(image, png->width, png->height, channels + has_alpha)) return 0;
    if (!png_image_finish_read(png, NULL, image->pixels, 0, NULL)) return dlc_image_fail(image, png->message);
    if (has_alpha) {
        int64_t count = (int64_t)image->width * image->height;
        for (int64_t i = 0; i < count; i++)
            memmove(image->pixels + i * channels, image->pixels + i * (channels + 1), (size_t)channels);
        image->channels = channels;
    }
    return 1;
}

int dlc_image_read_png(FILE *file, dlc_image *image) {
    png_image png;
    memset(&png, 0, sizeof png);
    png.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_stdio(&png, file)) return dlc_image_fail(image, png.message);
    int done = decode(&png, image);
    png_image_free(&png);
    return done;
}
