package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunRecordTest {

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("config.json");
    }

    private String refusal(Runnable action) {
        String message = assertThrows(InvalidInputException.class, action::run).getMessage();
        assertTrue(message.startsWith(file.toString()), message);
        assertFalse(message.contains("Exception"), message);
        return message;
    }

    @Test
    void comesBackAsItWas() throws IOException {
        Map<String, Object> options = new TreeMap<>(
                Map.of("epochs", 3, "rate", 0.1, "engine", "cpu", "filters", List.of(2, 4), "data", "/a b"));
        options.put("validation-data", null);
        RunRecord.of(options)
                .with(Map.of("epochs", 5))
                .withVersions(Map.of("java", "17"))
                .write(file);
        RunRecord read = RunRecord.read(file);
        assertEquals(5, read.count("epochs"));
        assertEquals(0.1, read.number("rate"));
        assertEquals("cpu", read.text("engine"));
        assertEquals(Optional.of(Path.of("/a b")), read.path("data"));
        assertEquals(Optional.empty(), read.path("validation-data"));
        assertEquals(
                "17",
                new ObjectMapper().readTree(file.toFile()).at("/versions/java").textValue());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{}",
                "{\"options\": 5}",
                "{\"options\": null}",
                "no JSON",
                "{\"options\": {}",
                "\u0000\u0001"
            })
    void refusesOtherFiles(String content) throws IOException {
        Files.writeString(file, content);
        refusal(() -> RunRecord.read(file));
    }

    @Test
    void refusesWhatCannotBeRead() throws IOException {
        assertEquals(file + " does not exist", refusal(() -> RunRecord.read(file)));
        Files.createDirectory(file);
        refusal(() -> RunRecord.read(file));
    }

    @Test
    void refusesOptionsOfAnotherKind() throws IOException {
        Files.writeString(file, """
                {"options": {"negative": -1, "half": 1.5, "text": "x", "huge": 99999999999, "nothing": null,
                 "list": [1], "no path": "a\\u0000b"}}""");
        RunRecord record = RunRecord.read(file);
        for (String name : List.of("negative", "half", "text", "huge", "nothing", "list", "absent")) {
            assertTrue(refusal(() -> record.count(name)).contains(name));
        }
        for (String name : List.of("text", "nothing", "list", "absent")) {
            refusal(() -> record.number(name));
        }
        for (String name : List.of("half", "nothing", "list", "absent")) {
            refusal(() -> record.text(name));
        }
        for (String name : List.of("half", "list", "absent", "no path")) {
            assertTrue(refusal(() -> record.path(name)).contains(name));
        }
    }
}
