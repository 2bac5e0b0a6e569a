package daegpu.data;

/**
 * Where the values of an image lie in a set of pictures: value {@code c} of the pixel in row {@code i} and column
 * {@code j} is value {@code first + i · rowStep + j · columnStep + c} of the picture.
 *
 * @param picture index of the picture in {@link TrainingImages#pictures}
 * @param first index of the first value of the pixel in row 0 and column 0
 * @param rowStep values from a row of the image to the next one, negative if rows are reversed
 * @param columnStep the same from a column to the next one
 */
public record Cut(int picture, int first, int rowStep, int columnStep) {}
