#pragma once

// Where the batches of an epoch come from. It lies in device memory, so that a training step that was captured once
// serves every epoch, data set and noise level. set_source.cu writes it.
struct BatchSource {
    // [images, height, width, channels] of bytes or of 16-bit values; for patches, whole pictures one after the other.
    const unsigned char* images;
    const int* order;         // indices of the images in the epoch's order; null for the order in which they lie
    unsigned long long seed;  // key of the random number generator
    unsigned long long base;  // added to an image's index to give its subsequence: 2^40 for validation images
    // The first draw of this epoch for the values of an image: epoch * (values of an image, rounded up to 4).
    unsigned long long pixel_offset;
    unsigned long long image_offset;  // the same for draws that an image has as a whole: 4 * epoch
    float mean;                       // of the noise
    float lowest_std;                 // each image's noise level is uniform between these two
    float highest_std;
    float lowest_gain;  // each image's gain likewise
    float highest_gain;
};
