package dev.tollgate.dataplane.cache;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The SHA-256 of all that an answer may depend on (api.md, R24), as four numbers.
 *
 * @param namespace of the caller, which is part of the hash too: no other one gets the answer
 * @see RequestKey
 */
public record CacheKey(String namespace, long first, long second, long third, long fourth) {

    private static final int BYTES = 32;

    static CacheKey of(String namespace, byte[] sha256) {
        if (sha256.length != BYTES) {
            throw new IllegalArgumentException(
                    "hash: " + sha256.length + " bytes (expected: " + BYTES + ")");
        }
        var words = ByteBuffer.wrap(sha256);
        return new CacheKey(
                namespace, words.getLong(), words.getLong(), words.getLong(), words.getLong());
    }

    /** 64 hexadecimal digits: the name of an answer in a store outside of this process. */
    public String hex() {
        var format = HexFormat.of();
        return format.toHexDigits(first)
                + format.toHexDigits(second)
                + format.toHexDigits(third)
                + format.toHexDigits(fourth);
    }
}
