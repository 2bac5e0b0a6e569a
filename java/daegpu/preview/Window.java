package daegpu.preview;

import static org.lwjgl.glfw.GLFW.GLFW_CONTEXT_VERSION_MAJOR;
import static org.lwjgl.glfw.GLFW.GLFW_CONTEXT_VERSION_MINOR;
import static org.lwjgl.glfw.GLFW.GLFW_FALSE;
import static org.lwjgl.glfw.GLFW.GLFW_KEY_ESCAPE;
import static org.lwjgl.glfw.GLFW.GLFW_MOUSE_BUTTON_LEFT;
import static org.lwjgl.glfw.GLFW.GLFW_OPENGL_CORE_PROFILE;
import static org.lwjgl.glfw.GLFW.GLFW_OPENGL_FORWARD_COMPAT;
import static org.lwjgl.glfw.GLFW.GLFW_OPENGL_PROFILE;
import static org.lwjgl.glfw.GLFW.GLFW_PLATFORM;
import static org.lwjgl.glfw.GLFW.GLFW_PLATFORM_X11;
import static org.lwjgl.glfw.GLFW.GLFW_PRESS;
import static org.lwjgl.glfw.GLFW.GLFW_RELEASE;
import static org.lwjgl.glfw.GLFW.GLFW_TRUE;
import static org.lwjgl.glfw.GLFW.glfwCreateWindow;
import static org.lwjgl.glfw.GLFW.glfwDestroyWindow;
import static org.lwjgl.glfw.GLFW.glfwGetCursorPos;
import static org.lwjgl.glfw.GLFW.glfwGetError;
import static org.lwjgl.glfw.GLFW.glfwGetFramebufferSize;
import static org.lwjgl.glfw.GLFW.glfwGetMouseButton;
import static org.lwjgl.glfw.GLFW.glfwGetWindowSize;
import static org.lwjgl.glfw.GLFW.glfwInit;
import static org.lwjgl.glfw.GLFW.glfwInitHint;
import static org.lwjgl.glfw.GLFW.glfwMakeContextCurrent;
import static org.lwjgl.glfw.GLFW.glfwSetCursorPosCallback;
import static org.lwjgl.glfw.GLFW.glfwSetDropCallback;
import static org.lwjgl.glfw.GLFW.glfwSetKeyCallback;
import static org.lwjgl.glfw.GLFW.glfwSetMouseButtonCallback;
import static org.lwjgl.glfw.GLFW.glfwSetWindowRefreshCallback;
import static org.lwjgl.glfw.GLFW.glfwSetWindowShouldClose;
import static org.lwjgl.glfw.GLFW.glfwSwapBuffers;
import static org.lwjgl.glfw.GLFW.glfwSwapInterval;
import static org.lwjgl.glfw.GLFW.glfwTerminate;
import static org.lwjgl.glfw.GLFW.glfwWaitEventsTimeout;
import static org.lwjgl.glfw.GLFW.glfwWindowHint;
import static org.lwjgl.glfw.GLFW.glfwWindowShouldClose;
import static org.lwjgl.opengl.GL33C.GL_BGRA;
import static org.lwjgl.opengl.GL33C.GL_COLOR_BUFFER_BIT;
import static org.lwjgl.opengl.GL33C.GL_COMPILE_STATUS;
import static org.lwjgl.opengl.GL33C.GL_FRAGMENT_SHADER;
import static org.lwjgl.opengl.GL33C.GL_LINEAR;
import static org.lwjgl.opengl.GL33C.GL_LINK_STATUS;
import static org.lwjgl.opengl.GL33C.GL_NEAREST;
import static org.lwjgl.opengl.GL33C.GL_RGBA8;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE_2D;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE_MAG_FILTER;
import static org.lwjgl.opengl.GL33C.GL_TEXTURE_MIN_FILTER;
import static org.lwjgl.opengl.GL33C.GL_TRIANGLE_STRIP;
import static org.lwjgl.opengl.GL33C.GL_UNSIGNED_INT_8_8_8_8_REV;
import static org.lwjgl.opengl.GL33C.GL_VERTEX_SHADER;
import static org.lwjgl.opengl.GL33C.glAttachShader;
import static org.lwjgl.opengl.GL33C.glBindTexture;
import static org.lwjgl.opengl.GL33C.glBindVertexArray;
import static org.lwjgl.opengl.GL33C.glClear;
import static org.lwjgl.opengl.GL33C.glClearColor;
import static org.lwjgl.opengl.GL33C.glCompileShader;
import static org.lwjgl.opengl.GL33C.glCreateProgram;
import static org.lwjgl.opengl.GL33C.glCreateShader;
import static org.lwjgl.opengl.GL33C.glDrawArrays;
import static org.lwjgl.opengl.GL33C.glGenTextures;
import static org.lwjgl.opengl.GL33C.glGenVertexArrays;
import static org.lwjgl.opengl.GL33C.glGetProgramInfoLog;
import static org.lwjgl.opengl.GL33C.glGetProgrami;
import static org.lwjgl.opengl.GL33C.glGetShaderInfoLog;
import static org.lwjgl.opengl.GL33C.glGetShaderi;
import static org.lwjgl.opengl.GL33C.glLinkProgram;
import static org.lwjgl.opengl.GL33C.glShaderSource;
import static org.lwjgl.opengl.GL33C.glTexImage2D;
import static org.lwjgl.opengl.GL33C.glTexParameteri;
import static org.lwjgl.opengl.GL33C.glUseProgram;
import static org.lwjgl.opengl.GL33C.glViewport;

import java.awt.image.BufferedImage;
import java.io.PrintStream;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.lwjgl.PointerBuffer;
import org.lwjgl.glfw.Callbacks;
import org.lwjgl.glfw.GLFWDropCallback;
import org.lwjgl.opengl.GL;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;
import org.lwjgl.system.Platform;

/**
 * A window that shows a picture, by GLFW and OpenGL 3.3: magnified or reduced to fit, without distortion. All of its
 * methods are to be called on the thread that opened it. That may be any thread: on macOS, where only the main thread
 * may use windows, the build of GLFW is taken that passes its work on to the main thread.
 */
final class Window implements AutoCloseable {

    /** What people do in the window; all of it on the window's thread. */
    interface Input {
        /** A key went down or repeats: one of GLFW's numbers. */
        default void keyPressed(int key) {}

        /** The mouse points there with its left button down, in pixels of the picture. */
        default void dragged(double x, double y) {}

        /** Files were dropped. */
        default void dropped(List<Path> files) {}
    }

    private static final String VERTEX_SHADER = """
            #version 330 core
            out vec2 place;
            void main() {
                place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
                gl_Position = vec4(place * 2 - 1, 0, 1);
            }
            """;
    /** The first row of a picture is its topmost, that of a texture its lowest. */
    private static final String FRAGMENT_SHADER = """
            #version 330 core
            in vec2 place;
            out vec4 colour;
            uniform sampler2D picture;
            void main() {
                colour = vec4(texture(picture, vec2(place.x, 1 - place.y)).rgb, 1);
            }
            """;

    private final Input input;
    private final long handle;
    private int pictureTexture;
    /** What is drawn: the picture, or the overlay's. */
    private int shownTexture;

    private int program;
    /** Null where no images come from a device. */
    private DeviceOverlay overlay;

    private boolean hasAskedDevice;
    private int pictureWidth;
    private int pictureHeight;
    private boolean refresh;

    /**
     * Opens a window.
     *
     * @param width of its content in pixels
     * @param height likewise
     * @throws NoWindowException if there is no display, or it cannot do OpenGL 3.3
     */
    Window(String title, int width, int height, Input input) {
        this.input = input;
        this.pictureWidth = width;
        this.pictureHeight = height;
        try {
            handle = open(title, width, height);
        } catch (LinkageError e) {
            throw new NoWindowException("GLFW's or OpenGL's library is missing (" + e.getMessage() + ")", e);
        }
    }

    private long open(String title, int width, int height) {
        // LWJGL would print which libraries it does not find; the exception says it already.
        Configuration.DEBUG_STREAM.set(new PrintStream(PrintStream.nullOutputStream()));
        if (Platform.get() == Platform.MACOSX) {
            Configuration.GLFW_LIBRARY_NAME.set("glfw_async");
        }
        if (Platform.get() == Platform.LINUX) {
            requireDisplay();
        }
        if (!glfwInit()) {
            throw new NoWindowException(lastError(), null);
        }
        glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
        glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
        glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
        glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
        long window = glfwCreateWindow(width, height, title, MemoryUtil.NULL, MemoryUtil.NULL);
        if (window == MemoryUtil.NULL) {
            String reason = lastError();
            glfwTerminate();
            throw new NoWindowException(reason, null);
        }
        listen(window);
        glfwMakeContextCurrent(window);
        glfwSwapInterval(0);
        GL.createCapabilities();
        program = program(FRAGMENT_SHADER);
        // A core profile draws nothing without a vertex array, even an empty one.
        glBindVertexArray(glGenVertexArrays());
        pictureTexture = glGenTextures();
        glBindTexture(GL_TEXTURE_2D, pictureTexture);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
        glClearColor(0.5f, 0.5f, 0.5f, 1);
        return window;
    }

    private static void requireDisplay() {
        if (System.getenv("WAYLAND_DISPLAY") == null) {
            if (System.getenv("DISPLAY") == null) {
                throw new NoWindowException("there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)", null);
            }
            // Otherwise Wayland's library would print that it finds no display.
            glfwInitHint(GLFW_PLATFORM, GLFW_PLATFORM_X11);
        }
    }

    private static String lastError() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            PointerBuffer description = stack.mallocPointer(1);
            int code = glfwGetError(description);
            return description.get(0) == MemoryUtil.NULL
                    ? "GLFW gives no reason (error " + code + ")"
                    : description.getStringUTF8(0);
        }
    }

    private void listen(long window) {
        glfwSetKeyCallback(window, (source, key, scancode, action, modifiers) -> {
            if (action != GLFW_RELEASE) {
                if (key == GLFW_KEY_ESCAPE) {
                    glfwSetWindowShouldClose(source, true);
                }
                input.keyPressed(key);
            }
        });
        glfwSetCursorPosCallback(window, (source, x, y) -> {
            if (glfwGetMouseButton(source, GLFW_MOUSE_BUTTON_LEFT) == GLFW_PRESS) {
                drag(source, x, y);
            }
        });
        glfwSetMouseButtonCallback(window, (source, button, action, modifiers) -> {
            if (button == GLFW_MOUSE_BUTTON_LEFT && action == GLFW_PRESS) {
                double[] x = new double[1];
                double[] y = new double[1];
                glfwGetCursorPos(source, x, y);
                drag(source, x[0], y[0]);
            }
        });
        glfwSetDropCallback(
                window,
                (source, count, names) -> input.dropped(IntStream.range(0, count)
                        .mapToObj(i -> Path.of(GLFWDropCallback.getName(names, i)))
                        .toList()));
        glfwSetWindowRefreshCallback(window, source -> refresh = true);
    }

    /** From the window's units, which need not be pixels, to those of the picture. */
    private void drag(long window, double x, double y) {
        int[] width = new int[1];
        int[] height = new int[1];
        glfwGetWindowSize(window, width, height);
        double scale = scale(width[0], height[0]);
        input.dragged(
                (x - (width[0] - pictureWidth * scale) / 2) / scale,
                (y - (height[0] - pictureHeight * scale) / 2) / scale);
    }

    private double scale(int width, int height) {
        return Math.min((double) width / pictureWidth, (double) height / pictureHeight);
    }

    /** Something that fills all that it draws into, by a shader for its pixels. */
    static int program(String fragmentShader) {
        int program = glCreateProgram();
        glAttachShader(program, shader(GL_VERTEX_SHADER, VERTEX_SHADER));
        glAttachShader(program, shader(GL_FRAGMENT_SHADER, fragmentShader));
        glLinkProgram(program);
        if (glGetProgrami(program, GL_LINK_STATUS) == GLFW_FALSE) {
            throw new IllegalStateException(glGetProgramInfoLog(program));
        }
        return program;
    }

    private static int shader(int kind, String source) {
        int shader = glCreateShader(kind);
        glShaderSource(shader, source);
        glCompileShader(shader);
        if (glGetShaderi(shader, GL_COMPILE_STATUS) == GLFW_FALSE) {
            throw new IllegalStateException(glGetShaderInfoLog(shader));
        }
        return shader;
    }

    /** Shows a picture from now on. */
    void show(BufferedImage picture) {
        upload(picture);
        shownTexture = pictureTexture;
        draw();
    }

    /**
     * Shows how training goes. Where its images can come from a device, the first picture finds out whether OpenGL runs
     * there, and says so by {@link daegpu.data.DeviceImages#isShared}.
     *
     * @param picture what {@code content} draws
     */
    void show(BufferedImage picture, TrainingPicture content) {
        upload(picture);
        shownTexture = pictureTexture;
        if (content.isOnDevice()) {
            shownTexture =
                    overlay.compose(pictureTexture, pictureWidth, pictureHeight, content.places(), content.channels());
        } else if (content.device() != null && !hasAskedDevice) {
            hasAskedDevice = true;
            overlay = DeviceOverlay.open(content.device()).orElse(null);
        }
        draw();
    }

    private void upload(BufferedImage picture) {
        pictureWidth = picture.getWidth();
        pictureHeight = picture.getHeight();
        int[] pixels = picture.getRGB(0, 0, pictureWidth, pictureHeight, null, 0, pictureWidth);
        IntBuffer buffer = MemoryUtil.memAllocInt(pixels.length);
        try {
            buffer.put(pixels).flip();
            glBindTexture(GL_TEXTURE_2D, pictureTexture);
            glTexImage2D(
                    GL_TEXTURE_2D,
                    0,
                    GL_RGBA8,
                    pictureWidth,
                    pictureHeight,
                    0,
                    GL_BGRA,
                    GL_UNSIGNED_INT_8_8_8_8_REV,
                    buffer);
        } finally {
            MemoryUtil.memFree(buffer);
        }
    }

    private void draw() {
        int[] width = new int[1];
        int[] height = new int[1];
        glfwGetFramebufferSize(handle, width, height);
        double scale = scale(width[0], height[0]);
        glUseProgram(program);
        glBindTexture(GL_TEXTURE_2D, shownTexture);
        int drawnWidth = (int) Math.round(pictureWidth * scale);
        int drawnHeight = (int) Math.round(pictureHeight * scale);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, scale == Math.rint(scale) ? GL_NEAREST : GL_LINEAR);
        glClear(GL_COLOR_BUFFER_BIT);
        glViewport((width[0] - drawnWidth) / 2, (height[0] - drawnHeight) / 2, drawnWidth, drawnHeight);
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
        glfwSwapBuffers(handle);
        refresh = false;
    }

    /**
     * Waits for something to happen in the window, and passes it on.
     *
     * @param seconds to wait at most
     * @return whether the window is still wanted
     */
    boolean waitForEvents(double seconds) {
        glfwWaitEventsTimeout(seconds);
        if (refresh) {
            draw();
        }
        return !glfwWindowShouldClose(handle);
    }

    @Override
    public void close() {
        if (overlay != null) {
            overlay.close();
        }
        Callbacks.glfwFreeCallbacks(handle);
        glfwDestroyWindow(handle);
        glfwTerminate();
        GL.setCapabilities(null);
    }
}
