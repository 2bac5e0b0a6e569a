package daegpu.cli;

import daegpu.train.Versions;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        return Versions.all().entrySet().stream()
                .map(entry -> String.format("%-8s %s", entry.getKey(), entry.getValue()))
                .toArray(String[]::new);
    }
}
