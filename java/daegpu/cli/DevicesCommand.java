package daegpu.cli;

import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.Engines.Choice;
import daegpu.engine.cuda.CudaReport;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code devices}: what this machine has to compute with. */
@Command(
        name = "devices",
        mixinStandardHelpOptions = true,
        description = {
            "Lists the GPUs and what the cuda engine uses, and says which engine --engine auto takes.",
            "It needs the driver; cuBLAS and cuDNN are for --convolutions cudnn.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu devices",
            "",
            "Where libraries are missing:",
            "  Either install the packages that are named, or let Maven bring cuBLAS 12.6 and",
            "  cuDNN 9.5 for Linux on x86-64 from Maven Central (2 GB; more when unpacked):",
            "    mvn dependency:unpack -DoutputDirectory=nvidia \\",
            "        -Dartifact=org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist",
            "  and then run",
            "    java -Ddaegpu.cuda.libraries=nvidia/org/bytedeco/cuda/linux-x86_64 \\",
            "        -jar dae-gpu.jar ..."
        })
final class DevicesCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        CudaReport report = CudaReport.make();
        out.println("Driver:    " + (report.driver() == null ? "none" : "for CUDA up to " + report.driver()));
        out.println("Libraries:");
        for (CudaReport.Library library : report.libraries()) {
            out.println(
                    "  " + library.title() + ": " + (library.problem() == null ? library.where() : library.problem()));
        }
        out.println("GPUs:");
        report.gpus().forEach(gpu -> out.println("  " + gpu));
        if (report.problem() != null) {
            boolean said = report.libraries().stream()
                    .anyMatch(library -> report.problem().equals(library.problem()));
            out.println("  none" + (said ? "" : ": " + report.problem()));
        }
        Choice<EngineName> choice = Engines.automatic(EngineOptions.fp32(1));
        out.println("--engine auto takes " + choice.taken() + ": " + choice.reason());
        if (choice.taken() == EngineName.CUDA) {
            String missing = report.missingForLayers();
            out.println("--convolutions auto takes "
                    + (missing != null
                            ? "native: " + missing
                            : "the faster of cudnn and native, which train times when it starts"));
        }
        return ExitStatus.DONE;
    }
}
