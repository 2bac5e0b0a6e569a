package daegpu.data;

import de.siegmar.fastcsv.reader.CommentStrategy;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The files that show one scene.
 *
 * @param clean what a network should make of the noisy ones, if there is such a picture
 * @param noisy what goes in, in the order of the names; empty if the clean one does
 */
record SceneFiles(Optional<Path> clean, List<Path> noisy) {

    /** Bytes. */
    private static final int LARGEST_TABLE = 64 << 20;
    /** What the first line of a table may say. */
    private static final Set<String> HEADINGS = Set.of("noisy", "clean", "input", "target", "file", "path", "image");

    /**
     * What was found.
     *
     * @param scenes in the order of their names
     * @param unusable what is wrong with each of the files that belong to no scene
     */
    record Found(List<SceneFiles> scenes, List<InvalidInputException> unusable) {}

    /** All its files; the clean one first. */
    List<Path> files() {
        List<Path> files = new ArrayList<>();
        clean.ifPresent(files::add);
        files.addAll(noisy);
        return files;
    }

    /**
     * Each picture of a folder by itself.
     *
     * @throws InvalidInputException if there are none
     */
    static Found alone(Path folder) {
        PictureFolder.Found found = filesIn(folder);
        return new Found(
                found.files().stream()
                        .map(file -> new SceneFiles(Optional.of(file), List.of()))
                        .toList(),
                found.unusable());
    }

    /**
     * Noisy pictures and the clean one that belongs to each: that of the same path inside its folder, whatever the
     * extension; or that whose name the noisy picture's folder has ({@code noisy/a/1.png} and {@code clean/a.png}); or
     * that whose name, the longest of several, begins the noisy picture's before an underscore ({@code noisy/a_1.png}).
     *
     * @throws InvalidInputException if there are no pairs
     */
    static Found pairs(Path noisy, Path clean) {
        PictureFolder.Found noisyFiles = filesIn(noisy);
        PictureFolder.Found cleanFiles = filesIn(clean);
        List<InvalidInputException> unusable = new ArrayList<>(noisyFiles.unusable());
        unusable.addAll(cleanFiles.unusable());
        Map<String, Path> targets = new TreeMap<>();
        for (Path file : cleanFiles.files()) {
            Path other = targets.putIfAbsent(stem(PictureFolder.inside(clean, file)), file);
            if (other != null) {
                unusable.add(new InvalidInputException(file + " and " + other
                        + " have the same name, and this one was taken to be the clean picture"));
            }
        }
        Map<Path, List<Path>> inputs = new LinkedHashMap<>();
        targets.values().forEach(file -> inputs.put(file, new ArrayList<>()));
        for (Path file : noisyFiles.files()) {
            Optional<Path> target = target(stem(PictureFolder.inside(noisy, file)), targets);
            target.ifPresent(found -> inputs.get(found).add(file));
            if (target.isEmpty()) {
                unusable.add(new InvalidInputException(file + " has no clean picture of its name in " + clean));
            }
        }
        List<SceneFiles> scenes = new ArrayList<>();
        inputs.forEach((target, files) -> {
            if (files.isEmpty()) {
                unusable.add(new InvalidInputException(target + " has no noisy picture of its name in " + noisy));
            } else {
                scenes.add(new SceneFiles(Optional.of(target), List.copyOf(files)));
            }
        });
        if (scenes.isEmpty()) {
            throw new InvalidInputException(
                    "no picture in " + noisy + " has the name of one in " + clean + ": they are "
                            + noisyFiles.files().get(0).getFileName() + " and so on there, and "
                            + cleanFiles.files().get(0).getFileName() + " and so on here");
        }
        return new Found(scenes, unusable);
    }

    private static Optional<Path> target(String noisy, Map<String, Path> targets) {
        if (targets.containsKey(noisy)) {
            return Optional.of(targets.get(noisy));
        }
        int slash = noisy.lastIndexOf('/');
        if (slash > 0 && targets.containsKey(noisy.substring(0, slash))) {
            return Optional.of(targets.get(noisy.substring(0, slash)));
        }
        for (int end = noisy.lastIndexOf('_'); end > slash + 1; end = noisy.lastIndexOf('_', end - 1)) {
            if (targets.containsKey(noisy.substring(0, end))) {
                return Optional.of(targets.get(noisy.substring(0, end)));
            }
        }
        return Optional.empty();
    }

    /**
     * Noisy pictures alone, several of each scene: those in a folder inside {@code noisy} or, of those in it itself,
     * those whose names are the same before the last underscore.
     *
     * @throws InvalidInputException if there is no scene with at least two pictures
     */
    static Found noisyAlone(Path noisy) {
        PictureFolder.Found found = filesIn(noisy);
        List<InvalidInputException> unusable = new ArrayList<>(found.unusable());
        Map<String, List<Path>> scenes = new TreeMap<>();
        for (Path file : found.files()) {
            String name = stem(PictureFolder.inside(noisy, file));
            int slash = name.lastIndexOf('/');
            int underscore = name.lastIndexOf('_');
            String scene = slash > 0 ? name.substring(0, slash) : underscore > 0 ? name.substring(0, underscore) : name;
            scenes.computeIfAbsent(scene, missing -> new ArrayList<>()).add(file);
        }
        List<SceneFiles> several = new ArrayList<>();
        for (List<Path> files : scenes.values()) {
            if (files.size() > 1) {
                several.add(new SceneFiles(Optional.empty(), List.copyOf(files)));
            } else {
                unusable.add(new InvalidInputException(
                        files.get(0) + " is the only picture of its scene, of which at least two are needed"));
            }
        }
        if (several.isEmpty()) {
            throw new InvalidInputException(
                    noisy + " holds no two pictures of one scene, which lie in a folder of the scene or are called"
                            + " scene_1.png, scene_2.png and so on",
                    Remedy.CLEAN_PICTURES);
        }
        return new Found(several, unusable);
    }

    /**
     * Pairs of a table in CSV: in each line a noisy picture and the clean one that belongs to it, as paths from the
     * table's folder. The first line may be a heading; if it has "noisy" or "input" second, the columns are exchanged.
     *
     * @throws InvalidInputException if the table cannot be read or names no pictures
     */
    static Found table(Path table) {
        Path folder = table.toAbsolutePath().getParent();
        Map<Path, List<Path>> inputs = new LinkedHashMap<>();
        List<InvalidInputException> unusable = new ArrayList<>();
        boolean exchanged = false;
        String text = WholeFile.readText(table, LARGEST_TABLE);
        String content = text.startsWith("\uFEFF") ? text.substring(1) : text; // what some programs begin a file with
        try (CsvReader<CsvRecord> csv = CsvReader.builder()
                .commentStrategy(CommentStrategy.SKIP)
                .fieldSeparator(separator(content))
                .ofCsvRecord(content)) {
            boolean first = true;
            for (CsvRecord line : csv) {
                List<String> fields =
                        line.getFields().stream().map(String::strip).toList();
                if (first && fields.stream().allMatch(field -> HEADINGS.contains(field.toLowerCase(Locale.ROOT)))) {
                    exchanged = fields.size() > 1
                            && Set.of("noisy", "input").contains(fields.get(1).toLowerCase(Locale.ROOT));
                    first = false;
                    continue;
                }
                first = false;
                String where = table + " line " + line.getStartingLineNumber();
                if (fields.size() != 2 || fields.stream().anyMatch(String::isEmpty)) {
                    throw new InvalidInputException(where + " must have a noisy picture and a clean one, with a comma"
                            + " between them, not " + fields.size() + (fields.size() == 1 ? " field" : " fields"));
                }
                Path noisy = path(folder, fields.get(exchanged ? 1 : 0), where);
                Path clean = path(folder, fields.get(exchanged ? 0 : 1), where);
                Optional<Path> missing = List.of(noisy, clean).stream()
                        .filter(file -> !Files.exists(file))
                        .findFirst();
                if (missing.isPresent()) {
                    unusable.add(new InvalidInputException(where + ": " + missing.get() + " does not exist"));
                } else {
                    inputs.computeIfAbsent(clean, none -> new ArrayList<>()).add(noisy);
                }
            }
        } catch (CsvParseException e) {
            throw new InvalidInputException(table + " is not a table in CSV: " + e.getMessage(), e);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(table, e);
        }
        if (inputs.isEmpty()) {
            throw unusable.isEmpty() ? new InvalidInputException(table + " names no pictures") : unusable.get(0);
        }
        List<SceneFiles> scenes = new ArrayList<>();
        inputs.forEach((clean, noisy) -> scenes.add(new SceneFiles(Optional.of(clean), List.copyOf(noisy))));
        return new Found(scenes, unusable);
    }

    /** What is between the fields: a comma or, where the first line has none, a semicolon or a tab. */
    private static char separator(String content) {
        String first = content.lines().findFirst().orElse("");
        for (char separator : new char[] {',', ';', '\t'}) {
            if (first.indexOf(separator) >= 0) {
                return separator;
            }
        }
        return ',';
    }

    private static Path path(Path folder, String name, String where) {
        try {
            return folder.resolve(name).normalize();
        } catch (InvalidPathException e) {
            throw new InvalidInputException(where + ": " + name + " is not a path: " + e.getReason(), e);
        }
    }

    private static PictureFolder.Found filesIn(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new InvalidInputException(
                    folder + (Files.exists(folder) ? " is not a folder of pictures" : " does not exist"));
        }
        PictureFolder.Found found = PictureFolder.filesIn(folder);
        if (found.files().isEmpty()) {
            throw PictureFolder.noneIn(folder);
        }
        return found;
    }

    private static String stem(String name) {
        int dot = name.lastIndexOf('.');
        return dot > name.lastIndexOf('/') + 1 ? name.substring(0, dot) : name;
    }
}
