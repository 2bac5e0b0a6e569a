package daegpu.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A number that is out of range is told by the name of its option and its value, as it was given. */
class OptionRangesTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "train, --epochs, 0",
        "train, --batch-size, 0",
        "train, --batch-size, 99999999",
        "train, --learning-rate, -1",
        "train, --learning-rate, 2",
        "train, --weight-decay, -1",
        "train, --ema, 2",
        "train, --filters, 0",
        "train, '--filters', '8,-1'",
        "train, --kernel-size, 4",
        "train, --latent-dim, 0",
        "train --network unet, '--filters', '8,8,0'",
        "train --network unet, '--blocks', '1,1,-1'",
        "train, --validation-split, 2",
        "train, --limit, -1",
        "train, --validation-limit, -1",
        "train --data tests/golden --patches 8, --patches-per-epoch, 0",
        "train, --noise-std, -1",
        "train, --noise-std, 0.5..0.25",
        "train --noise salt-pepper, --noise-amount, 2",
        "train --noise poisson, --noise-peak, -1",
        "train, --threads, -1",
        "train, --device, -1",
        "train, --log-every, 0",
        "train, --keep, -1",
        "train, --early-stop, -1",
        "evaluate digits, --limit, -1",
        "evaluate digits, --noise-std, -1",
        "evaluate digits, --threads, -1",
        "evaluate digits, --device, -1",
        "denoise digits missing, --strength, 2",
        "denoise digits missing, --quality, 0"
    })
    void namesTheOption(String command, String option, String value) {
        List<Object> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        arguments.addAll(List.of(option, value));
        if (!command.startsWith("evaluate")) {
            arguments.addAll(List.of("--output", folder.resolve("output")));
        }
        String last = value.replaceFirst(".*(,|\\.\\.)", "");
        Program.run(arguments.toArray()).assertRefused(option, "not ", last);
    }
}
