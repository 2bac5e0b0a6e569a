package daegpu.metrics;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * The directions in which vectors differ most (principal component analysis: Jolliffe, "Principal Component Analysis",
 * 2002): the eigenvectors of their covariance matrix, by EJML.
 *
 * @param mean of the vectors
 * @param directions orthonormal rows, {@code [dimension, dimension]}, from the largest variance to the smallest; in
 *     each, the entry of the largest magnitude is positive
 * @param variance along each direction, with divisor count - 1
 */
public record PrincipalComponents(double[] mean, double[][] directions, double[] variance) {

    /**
     * Finds them.
     *
     * @param values {@code [count, dimension]}
     * @param count at least 2
     * @throws IllegalArgumentException if there are too few vectors, a value is not finite, or EJML finds no
     *     eigenvectors
     */
    public static PrincipalComponents of(float[] values, int count, int dimension) {
        if (count < 2) {
            throw new IllegalArgumentException(count + " vectors have no covariance");
        }
        if (!IntStream.range(0, count * dimension).allMatch(i -> Float.isFinite(values[i]))) {
            throw new IllegalArgumentException("vectors that are not finite have no principal components");
        }
        double[] mean = new double[dimension];
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < dimension; j++) {
                mean[j] += values[i * dimension + j] / (double) count;
            }
        }
        DMatrixRMaj covariance = new DMatrixRMaj(dimension, dimension);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < dimension; j++) {
                for (int k = 0; k < dimension; k++) {
                    covariance.data[j * dimension + k] +=
                            (values[i * dimension + j] - mean[j]) * (values[i * dimension + k] - mean[k]) / (count - 1);
                }
            }
        }
        EigenDecomposition_F64<DMatrixRMaj> decomposition = DecompositionFactory_DDRM.eig(dimension, true, true);
        if (!decomposition.decompose(covariance)) {
            throw new IllegalArgumentException(
                    "the covariance of these vectors has no eigenvectors that could be found");
        }
        int[] order = IntStream.range(0, dimension)
                .boxed()
                .sorted(Comparator.comparingDouble(
                        i -> -decomposition.getEigenvalue(i).getReal()))
                .mapToInt(Integer::intValue)
                .toArray();
        double[][] directions = new double[dimension][];
        double[] variance = new double[dimension];
        for (int i = 0; i < dimension; i++) {
            directions[i] = pointedUp(decomposition.getEigenVector(order[i]).data);
            variance[i] = Math.max(0, decomposition.getEigenvalue(order[i]).getReal());
        }
        return new PrincipalComponents(mean, directions, variance);
    }

    /** An eigenvector is one in both directions; which of them a library gives is chance. */
    private static double[] pointedUp(double[] direction) {
        double largest = 0;
        for (double entry : direction) {
            largest = Math.abs(entry) > Math.abs(largest) ? entry : largest;
        }
        double sign = Math.signum(largest);
        return IntStream.range(0, direction.length)
                .mapToDouble(i -> sign * direction[i])
                .toArray();
    }

    /** Part of the whole variance that lies along direction {@code component}; NaN where there is none. */
    public double share(int component) {
        double sum = 0;
        for (double value : variance) {
            sum += value;
        }
        return variance[component] / sum;
    }

    /** Where the vector at {@code values[from]} lies along direction {@code component}, from the mean. */
    public double project(float[] values, int from, int component) {
        double sum = 0;
        for (int j = 0; j < mean.length; j++) {
            sum += (values[from + j] - mean[j]) * directions[component][j];
        }
        return sum;
    }
}
