#include "image_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int dlc_image_fail(dlc_image *image, const char *message) {
    snprintf(image->error, sizeof image->error, "%s", message);
    return 0;
}

int dlc_image_allocate(dlc_image *image, int64_t width, int64_t height, int channels) {
    if (width < 1 || height < 1 || width > DLC_IMAGE_MAX_SIDE || height > DLC_IMAGE_MAX_SIDE ||
        width * height > DLC_IMAGE_MAX_PIXELS) {
        snprintf(image->error, sizeof image->error,
                 "%lld×%lld pixels are out of bounds: at most %d on a side and %lld in all", (long long)width,
                 (long long)height, DLC_IMAGE_MAX_SIDE, (long long)DLC_IMAGE_MAX_PIXELS);
        return 0;
    }
    image->pixels = malloc((size_t)(width * height * channels));
    if (!image->pixels) return dlc_image_fail(image, "out of memory for the pixels");
    image->width = (int32_t)width;
    image->height = (int32_t)height;
    image->channels = channels;
    return 1;
}

int dlc_image_read(const char *path, dlc_image *image) {
    memset(image, 0, sizeof *image);
    FILE *file = fopen(path, "rb");
    if (!file) return dlc_image_fail(image, strerror(errno));

    unsigned char signature[8] = {0};
    size_t length = fread(signature, 1, sizeof signature, file);
    rewind(file);
    int done = 0;
    if (length == 8 && !memcmp(signature, "\x89PNG\r\n\x1a\n", 8))
        done = dlc_image_read_png(file, image);
    else if (length >= 3 && !memcmp(signature, "\xff\xd8\xff", 3))
        done = dlc_image_read_jpeg(file, image);
    else
        dlc_image_fail(image, "neither PNG nor JPEG by its first bytes");
    fclose(file);
    return done;
}

void dlc_image_free(dlc_image *image) {
    free(image->pixels);
    image->pixels = NULL;
}
