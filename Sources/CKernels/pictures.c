/// The decoder of pictures that a module above the runtime brings along.
#include "dlc_pictures.h"

#include <stdatomic.h>
#include <stdlib.h>

static _Atomic(dlc_picture_decoder) registered;

void dlc_register_picture_decoder(dlc_picture_decoder decoder) { atomic_store(&registered, decoder); }

dlc_picture_decoder dlc_registered_picture_decoder(void) { return atomic_load(&registered); }

void dlc_free_pixels(uint8_t *pixels) { free(pixels); }
