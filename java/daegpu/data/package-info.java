/**
 * Images and their sources: the MNIST that comes with the program, IDX files, pictures and folders of pictures. Further
 * classes turn pictures into images of one size, and replace files as a whole. Images are bytes from 0 to 255, or
 * 16-bit values, {@code [count, height, width, channels]}; {@link daegpu.data.Pixels} are one picture of any size, read
 * row by row, and a {@link daegpu.data.Photo} is a whole picture as floats from 0 to 1.
 */
package daegpu.data;
