package daegpu.denoise;

import daegpu.data.Photo;
import java.util.List;

/** Denoises pictures of any size. */
public interface PictureDenoiser extends AutoCloseable {

    /**
     * The picture with the channels with which it goes through the network: a grey picture becomes a colour picture for
     * a network for colours.
     */
    Photo forNetwork(Photo photo);

    /**
     * Denoises pictures. A network for grey images takes the channels of a colour picture one by one.
     *
     * @param photos pictures as {@link #forNetwork} returns them
     * @return the denoised pictures, of the same sizes, with the same alpha
     */
    List<Photo> denoise(List<Photo> photos);

    @Override
    void close();
}
