package daegpu.format;

import java.util.ArrayList;
import java.util.List;

/**
 * Comma-separated values (RFC 4180): cells in quotes may hold commas, ends of lines, and quotes written twice. Also
 * read is what spreadsheets write: a byte-order mark, and semicolons or tabulators for commas.
 */
final class Csv {

    private Csv() {}

    /** A cell as a file has it. */
    static String cell(String text) {
        return text.matches("[^,;\"\n\r\t]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
    }

    /** The cells of each line that is not blank. */
    static List<List<String>> read(String text) {
        String content = text.startsWith("\uFEFF") ? text.substring(1) : text;
        char separator = separator(content);
        List<List<String>> lines = new ArrayList<>();
        List<String> line = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int at = 0; at <= content.length(); at++) {
            boolean end = at == content.length();
            char character = end ? '\n' : content.charAt(at);
            if (!end && quoted) {
                if (character != '"') {
                    cell.append(character);
                } else if (at + 1 < content.length() && content.charAt(at + 1) == '"') {
                    cell.append('"');
                    at++;
                } else {
                    quoted = false;
                }
            } else if (character == '"' && cell.isEmpty()) {
                quoted = true;
            } else if (character == separator) {
                line.add(cell.toString());
                cell.setLength(0);
            } else if (character == '\n' || character == '\r') {
                if (!line.isEmpty() || !cell.toString().isBlank()) {
                    line.add(cell.toString());
                    lines.add(line);
                    line = new ArrayList<>();
                }
                cell.setLength(0);
            } else {
                cell.append(character);
            }
        }
        return lines;
    }

    /** What stands between the first two cells. */
    private static char separator(String content) {
        boolean quoted = false;
        for (int at = 0; at < content.length(); at++) {
            char character = content.charAt(at);
            if (character == '"') {
                quoted = !quoted;
            } else if (!quoted && (character == ',' || character == ';' || character == '\t')) {
                return character;
            }
        }
        return ',';
    }
}
