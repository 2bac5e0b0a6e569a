package daegpu.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;
import java.util.Arrays;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.IOptionRenderer;
import picocli.CommandLine.Help.IParameterRenderer;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Help whose lines break at spaces only. Picocli also breaks them after a hyphen, a parenthesis or a slash: within the
 * name of an option, a number or a formula. So marks are letters while it lays the text out, and {@link Marks} makes
 * them marks again.
 */
final class UnbrokenHelp extends Help {

    /** What is added to a mark of ASCII: the result is a letter, which no help has. */
    private static final int LETTERS = 0x1E00;

    UnbrokenHelp(CommandSpec command, ColorScheme colours) {
        super(command, colours);
        command.usageMessage()
                .description(Arrays.stream(command.usageMessage().description())
                        .map(text -> text.contains("%") || text.contains("${") ? text : unbroken(text))
                        .toArray(String[]::new));
    }

    @Override
    public IOptionRenderer createDefaultOptionRenderer() {
        IOptionRenderer renderer = super.createDefaultOptionRenderer();
        return (option, label, colours) -> unbroken(renderer.render(option, label, colours), colours);
    }

    @Override
    public IParameterRenderer createDefaultParameterRenderer() {
        IParameterRenderer renderer = super.createDefaultParameterRenderer();
        return (parameter, label, colours) -> unbroken(renderer.render(parameter, label, colours), colours);
    }

    /** @param rows whose last cells are the description */
    private static Text[][] unbroken(Text[][] rows, ColorScheme colours) {
        for (Text[] row : rows) {
            row[row.length - 1] = colours.text(unbroken(row[row.length - 1].toString()));
        }
        return rows;
    }

    private static String unbroken(String text) {
        StringBuilder letters = new StringBuilder();
        text.chars().forEach(character -> letters.append((char) (isMark(character) ? LETTERS + character : character)));
        return letters.toString();
    }

    private static boolean isMark(int character) {
        return character > ' ' && character < 0x7F && !Character.isLetterOrDigit(character);
    }

    /** Writes the text with its marks. */
    static final class Marks extends FilterWriter {

        Marks(Writer out) {
            super(out);
        }

        @Override
        public void write(int character) throws IOException {
            out.write(isMark(character - LETTERS) ? character - LETTERS : character);
        }

        @Override
        public void write(char[] text, int from, int length) throws IOException {
            for (int i = from; i < from + length; i++) {
                write(text[i]);
            }
        }

        @Override
        public void write(String text, int from, int length) throws IOException {
            write(text.toCharArray(), from, length);
        }
    }
}
