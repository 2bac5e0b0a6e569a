package daegpu.data;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.ImageOutputStreamImpl;

/** A file that is written from its beginning to its end or, in place of that, anywhere. */
final class FileStream extends BufferedOutputStream {

    private final RandomAccessFile file;

    /** @param file is not closed */
    FileStream(RandomAccessFile file) throws IOException {
        super(new FileOutputStream(file.getFD()), 1 << 16);
        this.file = file;
    }

    /** A view of the file that reads and writes anywhere; closing it closes nothing. */
    ImageOutputStream anywhere() {
        return new Anywhere();
    }

    private final class Anywhere extends ImageOutputStreamImpl {

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            bitOffset = 0;
            file.seek(streamPos);
            int read = file.read(bytes, from, length);
            streamPos += Math.max(0, read);
            return read;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            flushBits();
            file.seek(streamPos);
            file.write(bytes, from, length);
            streamPos += length;
        }

        @Override
        public long length() {
            try {
                return file.length();
            } catch (IOException e) {
                return -1; // Not known, as the interface has it.
            }
        }
    }
}
