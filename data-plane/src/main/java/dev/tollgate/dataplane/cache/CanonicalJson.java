package dev.tollgate.dataplane.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Feeds a JSON object to a hash without the white space between its tokens, in one pass and with no
 * copy of it. Nothing else is made alike: order of members, spelling of numbers and escapes stay
 * part of the hash, because models may answer by them. Two texts that hash the same bytes are the
 * same tokens: between two JSON values there is always a sign. Only a body that {@code
 * RequestScanner} has found sound may be given.
 */
final class CanonicalJson {

    private static final int CHUNK_BYTES = 8 * 1024;
    private static final byte[] STORE = "\"store\"".getBytes(StandardCharsets.US_ASCII);

    private final MessageDigest hash;
    private final byte[] chunk;
    private int used;
    private int depth;
    private boolean keyNext;
    private boolean storeNext;
    private boolean sawStore;
    private boolean stores;

    private CanonicalJson(MessageDigest hash, int length) {
        this.hash = hash;
        this.chunk = new byte[Math.min(CHUNK_BYTES, Math.max(1, length))];
    }

    /** What the pass found about {@code store}, by which a client asks a server to remember. */
    enum Store {
        ABSENT,
        /** The literal {@code false}. */
        FALSE,
        /** Something else, or a member's name that cannot be told without decoding it. */
        OTHER
    }

    static Store feed(byte[] body, MessageDigest hash) {
        var pass = new CanonicalJson(hash, body.length);
        pass.run(body);
        hash.update(pass.chunk, 0, pass.used);
        if (pass.stores) {
            return Store.OTHER;
        }
        return pass.sawStore ? Store.FALSE : Store.ABSENT;
    }

    private void run(byte[] body) {
        int at = 0;
        while (at < body.length) {
            byte b = body[at];
            switch (b) {
                case ' ', '\t', '\r', '\n' -> at++;
                case '"' -> at = string(body, at);
                default -> {
                    sign(b);
                    put(b);
                    at++;
                }
            }
        }
    }

    /** Keeps track of where the names of the outer object's members stand. */
    private void sign(byte b) {
        switch (b) {
            case '{' -> {
                value(b);
                depth++;
                keyNext = depth == 1;
            }
            case '[' -> {
                value(b);
                depth++;
                keyNext = false;
            }
            case '}', ']' -> depth--;
            case ',' -> keyNext = depth == 1;
            case ':' -> {}
            default -> value(b);
        }
    }

    /** The first byte of a value. */
    private void value(byte b) {
        if (storeNext) {
            stores |= b != 'f';
            storeNext = false;
        }
    }

    /** Returns the offset behind the string. */
    private int string(byte[] body, int from) {
        int at = from + 1;
        boolean escaped = false;
        while (at < body.length && body[at] != '"') {
            if (body[at] == '\\') {
                escaped = true;
                at++;
            }
            at++;
        }
        int to = Math.min(body.length, at + 1);
        if (keyNext) {
            keyNext = false;
            stores |= escaped;
            if (Arrays.equals(body, from, to, STORE, 0, STORE.length)) {
                sawStore = true;
                storeNext = true;
            }
        } else {
            value((byte) '"');
        }
        put(body, from, to);
        return to;
    }

    private void put(byte b) {
        if (used == chunk.length) {
            hash.update(chunk, 0, used);
            used = 0;
        }
        chunk[used++] = b;
    }

    private void put(byte[] body, int from, int to) {
        int length = to - from;
        if (length > chunk.length - used) {
            hash.update(chunk, 0, used);
            used = 0;
            if (length > chunk.length) {
                hash.update(body, from, length);
                return;
            }
        }
        System.arraycopy(body, from, chunk, used, length);
        used += length;
    }
}
