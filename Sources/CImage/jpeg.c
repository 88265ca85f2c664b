#include "image_internal.h"

// jpeglib.h relies on stdio.h before it.
#include <jpeglib.h>
#include <jerror.h>
#include <setjmp.h>

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    dlc_image *image;
} error_manager;

/// libjpeg's own handler would end the process.
static void escape_with_message(j_common_ptr jpeg) {
    error_manager *manager = (error_manager *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    manager->base.format_message(jpeg, message);
    dlc_image_fail(manager->image, message);
    longjmp(manager->escape, 1);
}

/// Warnings that mean missing or damaged pixels are errors; others, and the trace, are dropped.
static void judge_message(j_common_ptr jpeg, int level) {
    int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) escape_with_message(jpeg);
}

static int decode(struct jpeg_decompress_struct *jpeg, dlc_image *image) {
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        return dlc_image_fail(image, "a JPEG with 4 colours (CMYK); expected grey or colour: convert it to RGB");
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (!dlc_image_allocate(image, jpeg->image_width, jpeg->image_height, jpeg->num_components)) return 0;
    jpeg_start_decompress(jpeg);
    size_t stride = (size_t)image->width * (size_t)image->channels;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = image->pixels + jpeg->output_scanline * stride;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return 1;
}

int dlc_image_read_jpeg(FILE *file, dlc_image *image) {
    struct jpeg_decompress_struct jpeg;
    error_manager manager;
    manager.image = image;
    jpeg.err = jpeg_std_error(&manager.base);
    manager.base.error_exit = escape_with_message;
    manager.base.emit_message = judge_message;
    volatile int done = 0;
    if (!setjmp(manager.escape)) {
        jpeg_create_decompress(&jpeg);
        jpeg_stdio_src(&jpeg, file);
        done = decode(&jpeg, image);
    }
    jpeg_destroy_decompress(&jpeg);
    return done;
}
