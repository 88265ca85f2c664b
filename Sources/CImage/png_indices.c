#include "image_internal.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static void failed(png_structp png, png_const_charp message) {
    dlc_image_fail(png_get_error_ptr(png), message);
    longjmp(png_jmpbuf(png), 1);
}

static void warned(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

/// Everything between setjmp and the end: nothing of it lives in registers that longjmp would lose.
static int decode(png_structp png, png_infop info, FILE *file, dlc_image *image) {
    png_init_io(png, file);
    png_set_user_limits(png, DLC_IMAGE_MAX_SIDE, DLC_IMAGE_MAX_SIDE);
    png_read_info(png, info);
    int type = png_get_color_type(png, info), bits = png_get_bit_depth(png, info);
    if ((type != PNG_COLOR_TYPE_PALETTE && type != PNG_COLOR_TYPE_GRAY) || bits > 8)
        return dlc_image_fail(image, "has colours and no indices: a palette, or grey of at most 8 bits, is expected");
    png_set_packing(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    if (!dlc_image_allocate(image, width, height, 1)) return 0;
    for (int pass = 0; pass < passes; pass++)
        for (png_uint_32 row = 0; row < height; row++) png_read_row(png, image->pixels + (size_t)row * width, NULL);
    png_read_end(png, NULL);
    return 1;
}

int dlc_image_read_indices(const char *path, dlc_image *image) {
    memset(image, 0, sizeof *image);
    FILE *file = fopen(path, "rb");
    if (!file) return dlc_image_fail(image, "cannot be opened");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, image, failed, warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    int done = 0;
    if (!info)
        dlc_image_fail(image, "out of memory");
    else if (!setjmp(png_jmpbuf(png)))
        done = decode(png, info, file, image);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    return done;
}
