package dev.tollgate.dataplane.cache;

/**
 * An answer that is kept: the very bytes that its first client got, ids and time of creation
 * included. Nobody changes the array.
 *
 * @param provider key of the one that gave it, {@code namespace/name}
 * @param model that gave it, as its provider names it
 * @param dropped value of {@code x-tollgate-dropped}, empty: no such header
 * @param estimated value of {@code x-tollgate-estimated}, empty: no such header
 * @param keptMillis Unix time
 */
public record Answer(
        byte[] body,
        String contentType,
        String provider,
        String model,
        String dropped,
        String estimated,
        long keptMillis,
        long ttlMillis) {

    /** The largest body that is kept. */
    public static final int MAX_BODY_BYTES = 1024 * 1024;

    /** What an entry takes beside its body, roughly. */
    private static final int ENTRY_BYTES = 512;

    /** Whether it may still be given; a clock that was set back makes nothing live longer. */
    public boolean isFresh(long nowMillis) {
        long age = nowMillis - keptMillis;
        return age >= 0 && age < ttlMillis;
    }

    /** The same, kept at another time. */
    public Answer keptAt(long millis) {
        return millis == keptMillis
                ? this
                : new Answer(
                        body, contentType, provider, model, dropped, estimated, millis, ttlMillis);
    }

    public long ageSeconds(long nowMillis) {
        return Math.max(0, (nowMillis - keptMillis) / 1_000);
    }

    long weight() {
        return body.length + (long) ENTRY_BYTES;
    }
}
