// Says where the batches that follow come from. One thread; the values are arguments of the launch, so that nothing is
// copied or waited for.
#include "batch_source.cuh"

extern "C" __global__ void set_source(BatchSource* source, const unsigned char* images, const int* order,
                                      unsigned long long seed, unsigned long long base, unsigned long long pixel_offset,
                                      unsigned long long image_offset, float mean, float lowest_std, float highest_std,
                                      float lowest_gain, float highest_gain) {
    source->images = images;
    source->order = order;
    source->seed = seed;
    source->base = base;
    source->pixel_offset = pixel_offset;
    source->image_offset = image_offset;
    source->mean = mean;
    source->lowest_std = lowest_std;
    source->highest_std = highest_std;
    source->lowest_gain = lowest_gain;
    source->highest_gain = highest_gain;
}
