package daegpu.engine.cpu;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tests that need a processor with bf16; skipped, with the reason, where there is none. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresBf16.Condition.class)
public @interface RequiresBf16 {

    /** Asks oneDNN. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            OneDnn.load();
            return OneDnn.hasBf16()
                    ? ConditionEvaluationResult.enabled("this processor has bf16")
                    : ConditionEvaluationResult.disabled("this processor has neither AVX-512 bf16 nor AMX");
        }
    }
}
