package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import org.jspecify.annotations.Nullable;

/**
 * The encrypted content of a reasoning item as a signature. OpenAI wants the item's id back with
 * it, so both are kept in one value.
 */
final class EncryptedReasoning {
    private static final char SEPARATOR = '|';

    private EncryptedReasoning() {}

    /** Null if the item has none. */
    static @Nullable Signature read(JsonNode item) {
        var signature = Signature.read(Json.text(item, "encrypted_content"), Issuer.OPENAI);
        if (signature == null || signature.issuer() != Issuer.OPENAI) {
            return signature;
        }
        return new Signature(
                Issuer.OPENAI, Json.textOr(item, "id", "") + SEPARATOR + signature.value());
    }

    static String id(Signature signature) {
        return signature.value().substring(0, Math.max(0, signature.value().indexOf(SEPARATOR)));
    }

    static String content(Signature signature) {
        return signature.value().substring(signature.value().indexOf(SEPARATOR) + 1);
    }
}
