package daegpu.cli;

import daegpu.train.BuiltInModel;
import daegpu.train.Checkpoint;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code models}: the models that come with the program. */
@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        description = {
            "Lists the models that come with the program.",
            "Every command takes such a name as its MODEL, unless a file or folder has the same name. Without a "
                    + "MODEL, denoise takes the one that fits the picture.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {"  dae-gpu models"})
final class ModelsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        for (BuiltInModel model : BuiltInModel.values()) {
            Checkpoint checkpoint = model.read();
            out.printf(
                    Locale.ROOT,
                    "%-12s %s; %,d parameters%n%13strained on %s%n%13sreaches %s%n",
                    model,
                    model.images(),
                    checkpoint.options().network().parameterCount(),
                    "",
                    NoiseText.formula(checkpoint.options().noise()),
                    "",
                    model.figures());
        }
        return ExitStatus.DONE;
    }
}
