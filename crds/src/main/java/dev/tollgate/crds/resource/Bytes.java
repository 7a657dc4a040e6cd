package dev.tollgate.crds.resource;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * One secret value. It prints {@code [redacted]}, compares in constant time, and no serialiser can
 * write it.
 */
@JsonSerialize(using = Bytes.Refusal.class)
public final class Bytes {
    private final byte[] value;

    private Bytes(byte[] value) {
        this.value = value;
    }

    public static Bytes of(byte[] value) {
        return new Bytes(value.clone());
    }

    public static Bytes of(String value) {
        return new Bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    public int length() {
        return value.length;
    }

    /** A copy of the secret itself: only for the one place that must send, hash or compare it. */
    public byte[] expose() {
        return value.clone();
    }

    /** The secret as UTF-8 text: only for the one place that must send, hash or compare it. */
    public String exposeText() {
        return new String(value, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Bytes bytes && MessageDigest.isEqual(value, bytes.value);
    }

    /** The same for all, so that a hash tells nothing. */
    @Override
    public int hashCode() {
        return 0;
    }

    @Override
    public String toString() {
        return "[redacted]";
    }

    static final class Refusal extends JsonSerializer<Bytes> {
        @Override
        public void serialize(Bytes value, JsonGenerator out, SerializerProvider provider) {
            throw new UnsupportedOperationException("a secret value is never written");
        }

        @Override
        public void serializeWithType(
                Bytes value, JsonGenerator out, SerializerProvider provider, TypeSerializer type) {
            throw new UnsupportedOperationException("a secret value is never written");
        }
    }
}
