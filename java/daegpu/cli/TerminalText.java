package daegpu.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;
import java.util.regex.Pattern;

/**
 * Text that a terminal only shows: names and content of files can hold anything, including codes that a terminal obeys
 * and marks that turn the order of letters around. Each becomes a question mark.
 */
final class TerminalText extends FilterWriter {

    /** What is neither a letter nor white space to a terminal: control characters, and those that order the text. */
    private static final Pattern CODES =
            Pattern.compile("[\\p{Cc}\\x{61C}\\x{200E}\\x{200F}\\x{2028}-\\x{202E}\\x{2066}-\\x{2069}]");

    private static final int LONGEST_LINE = 2000;
    /** What is kept of the end of a longer one, where messages say what to do. */
    private static final int END = 400;

    /** Writes only what a terminal shows, and ends of lines and tabulators. */
    TerminalText(Writer out) {
        super(out);
    }

    /** A text as one line that a terminal only shows; of a very long one, its beginning and its end. */
    static String oneLine(String text) {
        String line = CODES.matcher(text.strip().replaceAll("\\s*\\R\\s*", " ")).replaceAll("?");
        return line.length() <= LONGEST_LINE
                ? line
                : line.substring(0, LONGEST_LINE - END) + " … " + line.substring(line.length() - END);
    }

    private static char shown(char character) {
        boolean layout = character == '\n' || character == '\r' || character == '\t';
        return !layout && CODES.matcher(String.valueOf(character)).matches() ? '?' : character;
    }

    @Override
    public void write(int character) throws IOException {
        out.write(shown((char) character));
    }

    @Override
    public void write(char[] text, int from, int length) throws IOException {
        char[] shown = new char[length];
        for (int i = 0; i < length; i++) {
            shown[i] = shown(text[from + i]);
        }
        out.write(shown, 0, length);
    }

    @Override
    public void write(String text, int from, int length) throws IOException {
        write(text.toCharArray(), from, length);
    }
}
