// Kingma and Welling, "Auto-encoding variational Bayes", 2013. The half of vae.dlm that draws.

import "blocks/vae.dlm"

/// Draws images from normally distributed codes.
model VAEDecoder(z: f32[N, code], code = 20, width = 32) {
    return image: decoder(z, [N, 2 * width, 7, 7])
}
