package dev.tollgate.dataplane.valkey;

import dev.tollgate.dataplane.cache.Answer;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * An answer as one value of a Valkey: a version, two times, five texts and the body, each with its
 * length before it.
 */
final class AnswerBytes {

    private static final byte VERSION = 1;

    /** Of each text. */
    private static final int MAX_TEXT_BYTES = 4_096;

    private static final int HEAD_BYTES = 1 + 2 * Long.BYTES;
    private static final int TEXTS = 5;

    private AnswerBytes() {}

    /** Empty: it is too large to be shared. */
    static Optional<byte[]> encode(Answer answer) {
        var texts =
                List.of(
                                answer.contentType(),
                                answer.provider(),
                                answer.model(),
                                answer.dropped(),
                                answer.estimated())
                        .stream()
                        .map(text -> text.getBytes(StandardCharsets.UTF_8))
                        .toList();
        if (answer.body().length > Answer.MAX_BODY_BYTES
                || texts.stream().anyMatch(text -> text.length > MAX_TEXT_BYTES)) {
            return Optional.empty();
        }
        int size =
                HEAD_BYTES
                        + texts.stream().mapToInt(text -> Integer.BYTES + text.length).sum()
                        + answer.body().length;
        var bytes = ByteBuffer.allocate(size);
        bytes.put(VERSION).putLong(answer.keptMillis()).putLong(answer.ttlMillis());
        texts.forEach(text -> bytes.putInt(text.length).put(text));
        return Optional.of(bytes.put(answer.body()).array());
    }

    /** Empty: it is of another version, or damaged. */
    static Optional<Answer> decode(byte[] value) {
        var bytes = ByteBuffer.wrap(value);
        try {
            if (bytes.get() != VERSION) {
                return Optional.empty();
            }
            long kept = bytes.getLong();
            long ttl = bytes.getLong();
            var texts = new String[TEXTS];
            for (int i = 0; i < TEXTS; i++) {
                int length = bytes.getInt();
                if (length < 0 || length > Math.min(MAX_TEXT_BYTES, bytes.remaining())) {
                    return Optional.empty();
                }
                texts[i] = new String(value, bytes.position(), length, StandardCharsets.UTF_8);
                bytes.position(bytes.position() + length);
            }
            if (bytes.remaining() > Answer.MAX_BODY_BYTES) {
                return Optional.empty();
            }
            var body = new byte[bytes.remaining()];
            bytes.get(body);
            return Optional.of(
                    new Answer(body, texts[0], texts[1], texts[2], texts[3], texts[4], kept, ttl));
        } catch (BufferUnderflowException e) {
            return Optional.empty();
        }
    }
}
