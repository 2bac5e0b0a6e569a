/**
 * Images and where they come from: the MNIST that is inside the program, IDX files, PNG and JPEG files and folders of
 * them; how pictures become images of one size; and how files are replaced as a whole. Images are bytes 0 to 255,
 * {@code [count, height, width, channels]}; a {@link daegpu.data.Photo} is one picture of any size as floats 0 to 1.
 */
package daegpu.data;
