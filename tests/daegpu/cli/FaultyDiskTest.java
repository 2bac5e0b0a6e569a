package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Disks that have no locks, and on which a rename fails now and then, as network disks and virus scanners make them.
 */
class FaultyDiskTest {

    private static final String LIBRARY = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <fcntl.h>
            #include <stdarg.h>
            #include <stdio.h>

            int rename(const char *from, const char *to) {
                static int calls;
                if (calls++ % 3 != 2) {
                    errno = EACCES;
                    return -1;
                }
                return ((int (*)(const char *, const char *)) dlsym(RTLD_NEXT, "rename"))(from, to);
            }

            static int control(const char *name, int file, int command, void *argument) {
                if (command == F_SETLK || command == F_SETLKW) {
                    errno = ENOLCK;
                    return -1;
                }
                return ((int (*)(int, int, ...)) dlsym(RTLD_NEXT, name))(file, command, argument);
            }

            int fcntl(int file, int command, ...) {
                va_list list;
                va_start(list, command);
                return control("fcntl", file, command, va_arg(list, void *));
            }

            int fcntl64(int file, int command, ...) {
                va_list list;
                va_start(list, command);
                return control("fcntl64", file, command, va_arg(list, void *));
            }
            """;

    @TempDir
    private Path folder;

    @Test
    void trainingGoesOnWithAWarning() throws IOException, InterruptedException {
        Path library = Program.preload(folder, LIBRARY);
        Path data = Program.writeImages(folder.resolve("data"));
        Path straight = Program.train(data, folder.resolve("straight"));
        Path run = folder.resolve("run");
        ProcessBuilder builder =
                Program.fork(List.of(), Program.training(data, run).toArray());
        builder.environment().put("LD_PRELOAD", library.toString());
        Result result = Program.finish(builder.start());
        assertEquals(0, result.status(), result.err());
        assertTrue((result.out() + result.err()).contains("has no locks"), result.out() + result.err());
        assertEquals(Program.result(straight), Program.result(run));
    }
}
