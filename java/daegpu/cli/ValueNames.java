package daegpu.cli;

import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** What messages of classes that know no options call the values of options. */
final class ValueNames {

    /** The subject of such a message, and the same with the option that has the value, which is its last word. */
    private static final Map<String, String> SUBJECTS = Map.of(
            "the batch size", "--batch-size",
            "the learning rate", "--learning-rate",
            "the kernel size", "--kernel-size",
            "the latent dimension", "--latent-dim",
            "filters", "--filters",
            "each entry of filters", "each entry of --filters",
            "blocks", "--blocks",
            "each entry of blocks", "each entry of --blocks",
            "the validation split", "--validation-split");

    private ValueNames() {}

    /** The message with the option in place of its subject, if that is a value and the command has the option. */
    static String withOption(String message, CommandSpec command) {
        int must = message.indexOf(" must ");
        String subject = must < 0 ? null : SUBJECTS.get(message.substring(0, must));
        return subject != null && command.findOption(subject.substring(subject.lastIndexOf(' ') + 1)) != null
                ? subject + message.substring(must)
                : message;
    }
}
