#ifndef DLC_PICTURES_H
#define DLC_PICTURES_H

#include <stddef.h>
#include <stdint.h>

/// Decodes an encoded picture: `height` rows of `width` pixels, each of `channels` bytes (1: grey, 3: red, green, blue), in memory that
/// the caller gives back (dlc_free_pixels). Returns 1, or 0 and a message.
typedef int (*dlc_picture_decoder)(const uint8_t *bytes, size_t size, int32_t *height, int32_t *width, int32_t *channels,
                                   uint8_t **pixels, char *message, size_t message_size);

/// The runtime decodes no pictures itself, so that apps without any need no picture libraries: a module that does registers
/// its decoder when the program is loaded.
void dlc_register_picture_decoder(dlc_picture_decoder decoder);

/// The decoder, or null where the program holds none.
dlc_picture_decoder dlc_registered_picture_decoder(void);

/// Frees what a decoder allocated with malloc; null is nothing.
void dlc_free_pixels(uint8_t *pixels);

#endif
