#pragma once

// One or four neighbouring floats under one name, so that a kernel is written once for planes whose rows are aligned to
// 16 bytes (N = 4) and for any others (N = 1).
template <int N>
struct Vector;

template <>
struct Vector<1> {
    float value[1];
    __device__ static Vector zero() { return {{0}}; }
    __device__ static Vector one() { return {{1}}; }
    __device__ static Vector load(const float* from) { return {{*from}}; }
    __device__ void add(const Vector& more) { value[0] += more.value[0]; }
    __device__ void store(float* to) const { *to = value[0]; }
};

template <>
struct Vector<4> {
    float value[4];
    __device__ static Vector zero() { return {{0, 0, 0, 0}}; }
    __device__ static Vector one() { return {{1, 1, 1, 1}}; }
    __device__ static Vector load(const float* from) {
        float4 four = *reinterpret_cast<const float4*>(from);
        return {{four.x, four.y, four.z, four.w}};
    }
    __device__ void add(const Vector& more) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
            value[j] += more.value[j];
        }
    }
    __device__ void store(float* to) const {
        *reinterpret_cast<float4*>(to) = make_float4(value[0], value[1], value[2], value[3]);
    }
};
