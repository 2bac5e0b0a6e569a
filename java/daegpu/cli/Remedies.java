package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.data.Remedy;
import daegpu.engine.EngineUnavailableException;
import daegpu.train.RunDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What to type where something cannot be done: the options that other layers do not know. */
final class Remedies {

    private static final Pattern OPTION = Pattern.compile("--[a-z-]+");

    private Remedies() {}

    /** What is wrong, and what of this command's options would help. */
    static String message(InvalidInputException problem, CommandSpec command) {
        return message(problem.getMessage(), problem.remedies(), command);
    }

    /** What is wrong, and what of this command's options would help. */
    static String message(EngineUnavailableException problem, CommandSpec command) {
        return message(problem.getMessage(), problem.remedies(), command);
    }

    /** The message of each problem. */
    static List<String> messages(List<InvalidInputException> problems, CommandSpec command) {
        return problems.stream().map(problem -> message(problem, command)).toList();
    }

    private static String message(String problem, List<Remedy> remedies, CommandSpec command) {
        List<String> offered = remedies.stream()
                .map(remedy -> words(remedy, command))
                .filter(words ->
                        OPTION.matcher(words).results().allMatch(option -> command.findOption(option.group()) != null))
                .toList();
        if (offered.isEmpty()) {
            return problem;
        }
        int last = offered.size() - 1;
        return problem + "; "
                + (last == 0 ? "" : String.join(", ", offered.subList(0, last)) + ", or ")
                + offered.get(last);
    }

    /** The words for a remedy; they may name options that the command does not have. */
    private static String words(Remedy remedy, CommandSpec command) {
        return switch (remedy) {
            case CPU_ENGINE -> "use --engine cpu";
            case REFERENCE_ENGINE -> "use --engine reference";
            case OTHER_DEVICE -> "choose another with --device (the command devices lists them)";
            case NATIVE_CONVOLUTIONS -> "use --convolutions native";
            case FP32 -> "use --precision fp32";
            case TF32 -> "use --precision tf32";
            case OTHER_PRECISION -> "choose another --precision";
            case SMALLER_BATCH -> "lower --batch-size";
            case SMALLER_NETWORK -> "lower --filters";
            case FEWER_IMAGES -> "take fewer images with --limit";
            case SMALLER_IMAGES -> "take smaller images";
            case NAMED_IMAGES -> "name them with --data";
            case OTHER_IMAGES -> "name others with --data";
            case CLEAN_PICTURES ->
                "name clean pictures of the same scenes with --clean, or learn without any with --data and --blind-spot";
            case VALIDATION_PAIRS -> "name other pictures with --validation-noisy and --validation-clean";
            case MORE_MEMORY -> "raise what Java may use with java -Xmx";
            case MORE_FOR_TILES -> "raise --memory";
            case FITTING -> "make pictures fit with --resize, --crop or --tiles" + sizeAfter("--tiles", command);
            case IMAGE_SIZE -> "give their size with --image-size";
            case OTHER_FOLDER -> "choose another --output";
            case RESUME -> "go on with --resume " + value("--output", command);
            case START_AGAIN -> "start again with --output " + value("--resume", command);
            case START_FROM_BEST ->
                "start a new run from its best model with --init-from "
                        + resumed(command).resolve("best.safetensors");
            case FOLDER_OF_A_RUN -> "name the folder of a run, or train one first, without --resume";
        };
    }

    /** Empty where the option takes no size, because the command takes the model's. */
    private static String sizeAfter(String option, CommandSpec command) {
        OptionSpec spec = command.findOption(option);
        return spec != null && spec.arity().max() > 0 ? " HEIGHTxWIDTH" : "";
    }

    /** The run that is resumed, which may be the newest of those in the folder that was given. */
    private static Path resumed(CommandSpec command) {
        Path given = Path.of(String.valueOf(value("--resume", command)));
        try {
            return RunDirectory.newest(given);
        } catch (IOException e) {
            return given;
        }
    }

    private static Object value(String option, CommandSpec command) {
        OptionSpec spec = command.findOption(option);
        return spec == null ? null : spec.getValue();
    }
}
