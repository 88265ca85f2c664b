#ifndef DLC_IMAGE_H
#define DLC_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/// Largest width and height (the bound of the JPEG format as libjpeg reads it) and largest number of pixels.
#define DLC_IMAGE_MAX_SIDE 65500
#define DLC_IMAGE_MAX_PIXELS ((int64_t)256 << 20)

#define DLC_IMAGE_ERROR_SIZE 256

/// A decoded picture: `height` rows of `width` pixels, each of `channels` bytes (1: grey, 3: red, green, blue).
typedef struct {
    int32_t width, height, channels;
    uint8_t *pixels;
    /// What went wrong, where reading failed.
    char error[DLC_IMAGE_ERROR_SIZE];
} dlc_image;

/// Decodes a PNG or JPEG file, told apart by their first bytes. An alpha channel is dropped, 16 bits are
/// reduced to 8, and the orientation noted by a camera is ignored. Returns 1, or 0 and sets `error`; a
/// damaged or truncated file is an error. The caller frees the image either way.
int dlc_image_read(const char *path, dlc_image *image);

/// Decodes a PNG file whose pixels are indices, of a palette or of grey with at most 8 bits, and gives them as they are:
/// one byte each, neither looked up nor spread over 0…255. Otherwise as dlc_image_read.
int dlc_image_read_indices(const char *path, dlc_image *image);

/// Decodes the bytes of a picture: BMP, JPEG, PNG or a portable pixmap (PBM, PGM, PPM), and TIFF, WebP and JPEG 2000 where the libraries
/// for them are installed (libtiff, libwebp, libopenjp2). Otherwise as dlc_image_read.
int dlc_image_decode(const uint8_t *bytes, size_t size, dlc_image *image);

/// Frees the pixels of an image that one of these filled.
void dlc_image_free(dlc_image *image);

#endif
