/**
 * Images and where they come from: the MNIST that is inside the program, IDX files, pictures and folders of them; how
 * pictures become images of one size; and how files are replaced as a whole. Images are bytes 0 to 255, {@code [count,
 * height, width, channels]}; {@link daegpu.data.Pixels} are one picture of any size, read row by row, and a
 * {@link daegpu.data.Photo} is all of it as floats 0 to 1.
 */
package daegpu.data;
