package daegpu.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.cli.Program.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs the program's commands one after the other in a folder of its own. In Java the working directory belongs to the
 * process, so this is another process: it takes the arguments of each command, and answers with one line that has what
 * {@link Program#run} returns there.
 */
final class WorkingDirectory implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final Writer requests;

    private WorkingDirectory(Process process) {
        this.process = process;
        requests = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    }

    /** Starts in {@code folder}, where there is no display. */
    static WorkingDirectory of(Path folder) throws IOException {
        ProcessBuilder builder = Program.fork(List.of("-Dfile.encoding=UTF-8")).directory(folder.toFile());
        builder.command()
                .replaceAll(argument -> argument.equals("daegpu.Main") ? WorkingDirectory.class.getName() : argument);
        builder.environment().keySet().removeAll(List.of("DISPLAY", "WAYLAND_DISPLAY"));
        return new WorkingDirectory(builder.redirectError(Redirect.INHERIT).start());
    }

    Result run(Object... arguments) throws IOException {
        requests.write(JSON.writeValueAsString(arguments) + "\n");
        requests.flush();
        String answer = process.inputReader(StandardCharsets.UTF_8).readLine();
        if (answer == null) {
            throw new IOException("the process ended during " + List.of(arguments));
        }
        return JSON.readValue(answer, Result.class);
    }

    @Override
    public void close() throws IOException {
        requests.close();
    }

    /** The other process. */
    public static void main(String[] none) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            answers.println(JSON.writeValueAsString(Program.run((Object[]) JSON.readValue(line, String[].class))));
        }
    }
}
