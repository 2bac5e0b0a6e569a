#pragma once

// Where the batches of an epoch come from. Lives in device memory, so that a captured training step serves any epoch,
// data set and noise. set_source.cu writes it.
struct BatchSource {
    const unsigned char* images;  // [images, height, width, channels]
    const int* order;             // the epoch's order; null to take the images as they lie
    unsigned long long seed;      // key of the generator
    unsigned long long base;      // added to an image's place for its subsequence: 2^40 for validation images
    unsigned long long
        pixel_offset;  // first draw of this epoch for pixels: epoch * values of an image, rounded up to 4
    unsigned long long image_offset;  // the same in a subsequence for the image as a whole: 4 * epoch
    float mean;                       // of the noise
    float lowest_std;                 // an image's level is uniform between these two
    float highest_std;
};
