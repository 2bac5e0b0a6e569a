package daegpu;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may call whom, as ARCHITECTURE.md says. */
class LayersTest {

    private static final Path SOURCES = Path.of("java/daegpu");
    /** An option of the command line within a text. */
    private static final Pattern OPTION = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*--[a-z](?:[^\"\\\\]|\\\\.)*\"");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .importPackages("daegpu")
            .that(com.tngtech.archunit.base.DescribedPredicate.describe(
                    "are the program's own",
                    type -> SOURCES.resolve(path(type.getName())).toFile().exists()));

    /** Where the source of a class is, under {@code java/daegpu}. */
    private static String path(String name) {
        return name.replaceFirst("\\$.*", "").replaceFirst("^daegpu\\.", "").replace('.', '/') + ".java";
    }

    private static void noneOf(String packages, String... others) {
        noClasses()
                .that()
                .resideInAPackage(packages)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others)
                .check(CLASSES);
    }

    @Test
    void theCommandLineIsAboveAll() {
        noClasses()
                .that()
                .resideOutsideOfPackages("daegpu.cli", "daegpu")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("daegpu.cli", "daegpu")
                .check(CLASSES);
    }

    @Test
    void trainingIsAboveEngines() {
        noneOf("daegpu.engine..", "daegpu.train..", "daegpu.parity..", "daegpu.denoise..");
    }

    @Test
    void denoisingIsBelowTrainingAndAboveEngines() {
        noneOf("daegpu.denoise..", "daegpu.train..", "daegpu.parity..", "daegpu.format..", "daegpu.preview..");
    }

    @Test
    void enginesNeverCallEachOther() {
        noneOf("daegpu.engine.reference..", "daegpu.engine.cpu..", "daegpu.engine.cuda..");
        noneOf("daegpu.engine.cpu..", "daegpu.engine.reference..", "daegpu.engine.cuda..");
        noneOf("daegpu.engine.cuda..", "daegpu.engine.reference..", "daegpu.engine.cpu..");
    }

    @ParameterizedTest
    @ValueSource(strings = {"model", "noise", "data"})
    void theLowestRoomsKnowNobodyAbove(String room) {
        noneOf(
                "daegpu." + room + "..",
                "daegpu.engine..",
                "daegpu.denoise..",
                "daegpu.train..",
                "daegpu.parity..",
                "daegpu.format..",
                "daegpu.preview..");
    }

    /** In the cuda engine, cuDNN and this program's kernels are two ways to do the same, above the driver. */
    @Test
    void theRoomsOfTheCudaEngineAreBuiltOnTheDriver() {
        noneOf("daegpu.engine.cuda.cudnn..", "daegpu.engine.cuda.kernels..");
        noneOf("daegpu.engine.cuda.kernels..", "daegpu.engine.cuda.cudnn..");
        noneOf(
                "daegpu.engine.cuda.driver..",
                "daegpu.engine.cuda",
                "daegpu.engine.cuda.layers..",
                "daegpu.engine.cuda.batch..",
                "daegpu.engine.cuda.cudnn..",
                "daegpu.engine.cuda.kernels..");
    }

    @ParameterizedTest
    @ValueSource(strings = {"util", "common", "helper", "impl", "manager"})
    void packagesAreNamedByWhatTheyAreFor(String name) {
        noClasses()
                .should()
                .resideInAnyPackage("daegpu.." + name + "..")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    /** Messages of the lower rooms serve programs, too: only the command line says what to type. */
    @Test
    void nothingBelowTheCommandLineNamesItsOptions() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> !path.startsWith(SOURCES.resolve("cli")))
                    .sorted()
                    .toList()) {
                Files.readAllLines(file).stream()
                        .filter(line -> OPTION.matcher(line).find())
                        .forEach(line -> found.add(file + ": " + line.strip()));
            }
        }
        assertEquals(List.of(), found);
    }
}
