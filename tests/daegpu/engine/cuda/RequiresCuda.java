package daegpu.engine.cuda;

import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tests that need a GPU or the emulated device; skipped, with the reason, where there is neither. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresCuda.Condition.class)
public @interface RequiresCuda {

    /** Asks the engine itself. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            try {
                CudaEngine.requireDevice(EngineOptions.fp32(1));
                return ConditionEvaluationResult.enabled("there is a device");
            } catch (EngineUnavailableException e) {
                return ConditionEvaluationResult.disabled(e.getMessage());
            }
        }
    }
}
