package daegpu.cli;

import daegpu.data.ValueRange;
import java.util.Stack;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Reads a range of values such as {@code 100..4095.5} or {@code -1e-3..1e-3}, which picocli by itself would take for
 * another option.
 */
final class RangeParameter implements IParameterConsumer {

    static final String DESCRIPTION =
            "Of pictures with 32-bit floats, the values that are black and white (default: the 0.1th and the 99.9th "
                    + "percentile of each file, over all of its pages). Values outside stay as they are.";

    @Override
    @SuppressWarnings("JdkObsolete") // The interface wants this class.
    public void consumeParameters(Stack<String> arguments, ArgSpec option, CommandSpec command) {
        if (arguments.isEmpty()) {
            throw new ParameterException(command.commandLine(), "Missing required parameter for option '--range'");
        }
        try {
            option.setValue(ValueRange.of(arguments.pop()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    command.commandLine(), "Invalid value for option '--range': " + e.getMessage(), e);
        }
    }
}
