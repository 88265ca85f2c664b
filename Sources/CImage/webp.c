/// WebP pictures through libwebp ("WebP API Documentation", simple decoding).
#include "image_internal.h"

int dlc_image_decode_webp(const uint8_t *bytes, size_t size, dlc_image *image) {
    static const char *const libraries[] = { "libwebp.so.7", "libwebp.so", "libwebp.7.dylib", "libwebp.dylib", NULL };
    static const char *const names[] = { "WebPGetInfo", "WebPDecodeRGBInto", NULL };
    void *functions[2], *library = dlc_image_library(libraries, "libwebp", image);
    if (!library || !dlc_image_functions(library, names, functions, image)) return 0;
    int (*get_info)(const uint8_t *, size_t, int *, int *) = (int (*)(const uint8_t *, size_t, int *, int *))functions[0];
    uint8_t *(*decode)(const uint8_t *, size_t, uint8_t *, size_t, int) =
        (uint8_t *(*)(const uint8_t *, size_t, uint8_t *, size_t, int))functions[1];
    int width = 0, height = 0;
    if (!get_info(bytes, size, &width, &height)) return dlc_image_fail(image, "a WebP picture whose header is broken");
    if (!dlc_image_allocate(image, width, height, 3)) return 0;
    size_t stride = (size_t)image->width * 3;
    if (!decode(bytes, size, image->pixels, stride * (size_t)image->height, (int)stride))
        return dlc_image_fail(image, "a WebP picture that is broken, cut off or animated");
    return 1;
}
