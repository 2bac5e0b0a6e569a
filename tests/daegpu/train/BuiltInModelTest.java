package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ValidationSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.model.Reach;
import daegpu.noise.Noise;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BuiltInModelTest {

    /** Each takes at most 2.5 MB of the jar, and NOTICE.md beside them says what they were trained on. */
    @ParameterizedTest
    @EnumSource(BuiltInModel.class)
    void isSmallAndNoticed(BuiltInModel model) throws IOException {
        try (InputStream in = BuiltInModel.class.getResourceAsStream("/daegpu/models/" + model + ".safetensors")) {
            assertNotNull(in);
            assertTrue(in.readAllBytes().length <= 2_500_000);
        }
        assertTrue(Files.readString(Path.of("NOTICE.md")).contains("`" + model + "`"));
        assertTrue(Files.readString(Path.of("docs/models.md")).contains("`" + model + "`"));
        assertEquals(Optional.of(model), BuiltInModel.of(Path.of(model.toString())));
    }

    @ParameterizedTest
    @EnumSource(names = {"PHOTO_GREY", "PHOTO_COLOR"})
    void photographsHaveAnySize(BuiltInModel model) {
        Checkpoint checkpoint = model.read();
        assertTrue(Reach.of(checkpoint.options().network()).isPresent());
        assertEquals(
                model,
                BuiltInModel.forPictures(checkpoint.options().network().input().channels()));
    }

    /** Of MNIST's test set, which it never saw, at the noise of the first program of this kind. */
    @Test
    void digitsComeBack() {
        Checkpoint checkpoint = BuiltInModel.DIGITS.read();
        try (InferenceEngine engine = Engines.open(
                        EngineName.AUTO, checkpoint.options().network(), EngineOptions.fp32(1))
                .engine()) {
            engine.load(checkpoint.state().weights());
            Evaluation.Result result =
                    Evaluation.of(engine, ValidationSet.of(EmbeddedMnist.test(100)), Noise.gaussian(0.5f, 0.5f), 1);
            assertTrue(result.denoised().mse() < result.noisy().mse() / 10, result.toString());
        }
    }
}
