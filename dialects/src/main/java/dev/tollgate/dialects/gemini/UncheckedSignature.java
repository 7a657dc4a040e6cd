package dev.tollgate.dialects.gemini;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What Google documents in place of the signature of a call that Gemini did not make. */
public final class UncheckedSignature {
    public static final String VALUE =
            Base64.getEncoder()
                    .encodeToString(
                            "skip_thought_signature_validator".getBytes(StandardCharsets.UTF_8));

    private UncheckedSignature() {}

    /** Whether the model refuses a turn whose first call has no signature. */
    public static boolean isNeededBy(String model) {
        return GeminiModel.of(model).third();
    }
}
