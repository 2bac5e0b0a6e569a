package daegpu.train;

import daegpu.engine.Loss;
import daegpu.format.TensorBoardEvents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes each epoch's metrics and picture for TensorBoard, under the names that Keras's own callback gives them:
 * {@code epoch_loss} in {@code tensorboard/train} and {@code tensorboard/validation}, so that both curves are in one
 * chart. If training minimizes another loss than the mean squared error, the curve of validation is {@code epoch_mse}.
 * The step is the epoch, counted from 1 as in {@code metrics.csv}.
 *
 * <p>Files are created when the first epoch is finished. The files of a resumed run say that later epochs in older
 * files do not count; there are such epochs if the run was killed between writing two files.
 */
public final class TensorBoardLog implements TrainingListener, AutoCloseable {

    /** Where a PNG file has its size and its kind, in bytes from its beginning. */
    private static final int PNG_WIDTH = 16;

    private static final int PNG_HEIGHT = 20;
    private static final int PNG_COLOUR_TYPE = 25;

    private final RunDirectory directory;
    private final Loss loss;
    private TensorBoardEvents training;
    private TensorBoardEvents validation;

    /**
     * Nothing is written yet.
     *
     * @param loss the loss that training minimizes
     */
    public TensorBoardLog(RunDirectory directory, Loss loss) {
        this.directory = directory;
        this.loss = loss;
    }

    /** @throws UncheckedIOException if a file cannot be written */
    @Override
    public void epochFinished(MetricsLog.Row metrics, int epochs, boolean best) {
        int epoch = metrics.epoch();
        try {
            if (training == null) {
                training = begin("train", epoch);
                validation = begin("validation", epoch);
            }
            training.scalar("epoch_loss", epoch, metrics.trainLoss());
            training.scalar("images_per_second", epoch, metrics.imagesPerSecond());
            validation.scalar(
                    loss == Loss.MSE ? "epoch_loss" : "epoch_mse",
                    epoch,
                    metrics.validation().mse());
            if (metrics.validation().hasTargets()) {
                validation.scalar("epoch_psnr", epoch, metrics.validation().psnr());
                validation.scalar("epoch_ssim", epoch, metrics.validation().ssim());
            }
            byte[] png = Files.readAllBytes(directory.sample(epoch));
            // From its header: ImageIO closes its streams when a shutdown begins, as after Ctrl-C, and this may be in
            // the middle.
            ByteBuffer header = ByteBuffer.wrap(png);
            int channels = (header.get(PNG_COLOUR_TYPE) & 2) == 0 ? 1 : 3;
            validation.image("samples", epoch, header.getInt(PNG_HEIGHT), header.getInt(PNG_WIDTH), channels, png);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + directory.tensorBoard() + ": " + e.getMessage(), e);
        }
    }

    private TensorBoardEvents begin(String name, int epoch) throws IOException {
        Path folder = directory.tensorBoard().resolve(name);
        boolean resumed = Files.exists(folder);
        TensorBoardEvents events = TensorBoardEvents.create(folder);
        if (resumed) {
            events.restart(epoch);
        }
        return events;
    }

    /** @throws IOException if what was written last did not reach the disk */
    @Override
    public void close() throws IOException {
        if (training != null) {
            training.close();
        }
        if (validation != null) {
            validation.close();
        }
    }
}
