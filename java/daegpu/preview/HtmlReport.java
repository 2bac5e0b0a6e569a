package daegpu.preview;

import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/** A page for browsers that is complete in itself: pictures are in it, and it fetches nothing. */
public final class HtmlReport {

    /** A part of the page under a heading of its own. */
    public sealed interface Section permits Table, Figure, Commands {
        String heading();
    }

    /**
     * A table.
     *
     * @param header titles of the columns; empty for none
     * @param rows cells of each row; the first one names the row
     */
    public record Table(String heading, List<String> header, List<List<String>> rows) implements Section {}

    /**
     * A picture.
     *
     * @param caption what is to be seen in it
     * @param png a PNG file
     */
    public record Figure(String heading, String caption, byte[] png) implements Section {}

    /**
     * Lines to copy into a shell.
     *
     * @param lines one command each
     */
    public record Commands(String heading, List<String> lines) implements Section {}

    private static final String STYLE = """
            :root { color-scheme: light dark; }
            body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
            h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
            img { max-width: 100%; height: auto; background: #fff; }
            figure { margin: 0; } figcaption { opacity: .75; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
            th, td { padding: .15rem .8rem .15rem 0; text-align: right; border-bottom: 1px solid #8884; }
            td { vertical-align: top; }
            th:first-child, td:first-child { text-align: left; }
            .named td { text-align: left; overflow-wrap: anywhere; }
            .named td:first-child { white-space: nowrap; }
            pre { padding: .8rem; background: #8882; white-space: pre-wrap; overflow-wrap: anywhere; }
            """;

    private HtmlReport() {}

    /**
     * The page, in HTML 5.
     *
     * @param title name of the page
     * @param summary one sentence under it
     */
    public static String render(String title, String summary, List<Section> sections) {
        String body = sections.stream().map(HtmlReport::render).collect(Collectors.joining());
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<title>" + escape(title) + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n<h1>"
                + escape(title)
                + "</h1>\n<p>" + escape(summary) + "</p>\n" + body + "</body>\n</html>\n";
    }

    private static String render(Section section) {
        String content;
        if (section instanceof Table table) {
            content = "<div class=\"wide\"><table" + (table.header().isEmpty() ? " class=\"named\"" : "") + ">\n"
                    + (table.header().isEmpty() ? "" : "<thead>" + row(table.header(), "th") + "</thead>\n")
                    + "<tbody>\n"
                    + table.rows().stream().map(cells -> row(cells, "td")).collect(Collectors.joining("\n"))
                    + "\n</tbody></table></div>\n";
        } else if (section instanceof Figure picture) {
            content = "<figure><img alt=\"" + escape(picture.caption()) + "\" src=\"data:image/png;base64,"
                    + Base64.getEncoder().encodeToString(picture.png()) + "\">\n<figcaption>"
                    + escape(picture.caption())
                    + "</figcaption></figure>\n";
        } else {
            content = "<pre>" + escape(String.join("\n", ((Commands) section).lines())) + "</pre>\n";
        }
        return "<section>\n<h2>" + escape(section.heading()) + "</h2>\n" + content + "</section>\n";
    }

    private static String row(List<String> cells, String element) {
        return cells.stream()
                .map(cell -> "<" + element + ">" + escape(cell) + "</" + element + ">")
                .collect(Collectors.joining("", "<tr>", "</tr>"));
    }

    /** Escapes a text for HTML: names of files and values in configurations can hold anything. */
    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
