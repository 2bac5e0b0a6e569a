package daegpu.preview;

import static org.lwjgl.opengl.GL33C.GL_COLOR_ATTACHMENT0;
import static org.lwjgl.opengl.GL33C.GL_FRAMEBUFFER;
import static org.lwjgl.opengl.GL33C.GL_INT;
import static org.lwjgl.opengl.GL33C.GL_LINEAR;
import static org.lwjgl.opengl.GL33C.GL_MAX_TEXTURE_BUFFER_SIZE;
import static org.lwjgl.opengl.GL33C.GL_NEAREST;
import static org.lwjgl.opengl.GL33C.GL_R32F;
import static org.lwjgl.opengl.GL33C.GL_R32I;
import static org.lwjgl.opengl.GL33C.GL_RED_INTEGER;
import static org.lwjgl.opengl.GL33C.GL_RGBA;
import static org.lwjgl.opengl.GL33C.GL_RGBA8;
import static org.lwjgl.opengl.GL33C.GL_STREAM_DRAW;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE0;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE1;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE2;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE_2D;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE_BUFFER;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE_MAG_FILTER;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE_MIN_FILTER;
import static org.lwjgl.opengl.GL33C.GL_TRIANGLE_STRIP;
import static org.lwjgl.opengl.GL33C.GL_UNSIGNED_BYTE;
import static org.lwjgl.opengl.GL33C.glActiveTexture;
import static org.lwjgl.opengl.GL33C.glBindBuffer;
import static org.lwjgl.opengl.GL33C.glBindFramebuffer;
import static org.lwjgl.opengl.GL33C.glBindTexture;
import static org.lwjgl.opengl.GL33C.glBufferData;
import static org.lwjgl.opengl.GL33C.glDrawArrays;
import static org.lwjgl.opengl.GL33C.glFramebufferTexture2D;
import static org.lwjgl.opengl.GL33C.glGenBuffers;
import static org.lwjgl.opengl.GL33C.glGenFramebuffers;
import static org.lwjgl.opengl.GL33C.glGenTextures;
import static org.lwjgl.opengl.GL33C.glGetInteger;
import static org.lwjgl.opengl.GL33C.glGetUniformLocation;
import static org.lwjgl.opengl.GL33C.glTexBuffer;
import static org.lwjgl.opengl.GL33C.glTexImage2D;
import static org.lwjgl.opengl.GL33C.glTexParameteri;
import static org.lwjgl.opengl.GL33C.glUniform1i;
import static org.lwjgl.opengl.GL33C.glUseProgram;
import static org.lwjgl.opengl.GL33C.glViewport;

import daegpu.data.DeviceImages;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.Optional;
import org.lwjgl.system.MemoryUtil;

/**
 * Puts images that are on a GPU into a picture in a texture, where the picture has left places for them, on that GPU.
 * All of its methods are for the window's thread.
 */
final class DeviceOverlay implements AutoCloseable {

    /** A pixel is the picture's, or shows the value that {@code places} has the number of, counted from 1. */
    private static final String FRAGMENT_SHADER = """
            #version 330 core
            out vec4 colour;
            uniform sampler2D picture;
            uniform isampler2D places;
            uniform samplerBuffer values;
            uniform int channels;
            void main() {
                ivec2 pixel = ivec2(gl_FragCoord.xy);
                int value = all(lessThan(pixel, textureSize(places, 0))) ? texelFetch(places, pixel, 0).r - 1 : -1;
                if (value < 0) {
                    colour = texelFetch(picture, pixel, 0);
                } else {
                    vec3 shown = vec3(texelFetch(values, value).r);
                    if (channels >= 3) {
                        shown.gb = vec2(texelFetch(values, value + 1).r, texelFetch(values, value + 2).r);
                    }
                    colour = vec4(floor(clamp(shown, 0, 1) * 255 + 0.5) / 255, 1);
                }
            }
            """;

    private final DeviceImages images;
    private final int program;
    private final int framebuffer = glGenFramebuffers();
    private final int values = glGenTextures();
    private final int places = glGenTextures();
    private final int composed = glGenTextures();

    private DeviceOverlay(DeviceImages images, int buffer) {
        this.images = images;
        program = Window.program(FRAGMENT_SHADER);
        glBindTexture(GL_TEXTURE_BUFFER, values);
        glTexBuffer(GL_TEXTURE_BUFFER, GL_R32F, buffer);
        glUseProgram(program);
        glUniform1i(glGetUniformLocation(program, "picture"), 0);
        glUniform1i(glGetUniformLocation(program, "places"), 1);
        glUniform1i(glGetUniformLocation(program, "values"), 2);
    }

    /** Shares a buffer of the current OpenGL context with the GPU; empty where they cannot share one. */
    static Optional<DeviceOverlay> open(DeviceImages images) {
        if (images.values() > glGetInteger(GL_MAX_TEXTURE_BUFFER_SIZE)) {
            return Optional.empty();
        }
        int buffer = glGenBuffers();
        glBindBuffer(GL_TEXTURE_BUFFER, buffer);
        glBufferData(GL_TEXTURE_BUFFER, 4L * images.values(), GL_STREAM_DRAW);
        return images.share(buffer) ? Optional.of(new DeviceOverlay(images, buffer)) : Optional.empty();
    }

    /**
     * Draws a picture with the newest images in their places into a texture of its own.
     *
     * @param picture texture of the picture, its first row topmost
     * @param width of the picture in pixels
     * @param height likewise
     * @param sheet where the images are in it
     * @param channels of the images
     * @return that texture, with the size and the order of rows of the picture's
     */
    int compose(int picture, int width, int height, ContactSheet.Places sheet, int channels) {
        images.copyIntoBuffer();
        glBindTexture(GL_TEXTURE_2D, composed);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, (ByteBuffer) null);
        glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, composed, 0);
        glUseProgram(program);
        glUniform1i(glGetUniformLocation(program, "channels"), channels);
        glActiveTexture(GL_TEXTURE2);
        glBindTexture(GL_TEXTURE_BUFFER, values);
        glActiveTexture(GL_TEXTURE1);
        glBindTexture(GL_TEXTURE_2D, places);
        upload(sheet);
        glActiveTexture(GL_TEXTURE0);
        glBindTexture(GL_TEXTURE_2D, picture);
        glViewport(0, 0, width, height);
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        return composed;
    }

    private static void upload(ContactSheet.Places sheet) {
        IntBuffer numbers = MemoryUtil.memAllocInt(sheet.values().length);
        try {
            numbers.put(sheet.values()).flip();
            // Integers have no filter but this.
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
            glTexImage2D(
                    GL_TEXTURE_2D,
                    0,
                    GL_R32I,
                    sheet.width(),
                    sheet.values().length / sheet.width(),
                    0,
                    GL_RED_INTEGER,
                    GL_INT,
                    numbers);
        } finally {
            MemoryUtil.memFree(numbers);
        }
    }

    /** Ends the sharing. All else that it owns goes with the window. */
    @Override
    public void close() {
        images.release();
    }
}
