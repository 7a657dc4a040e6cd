package dev.tollgate.policy.budget;

/** What came of giving back a lost holder's money. */
public sealed interface Reclaimed {

    /**
     * @param settledMicros what the holder had settled, which stays spent
     * @param returnedMicros what may be granted again
     */
    record Done(long settledMicros, long returnedMicros) implements Reclaimed {}

    /** It was reclaimed before; nothing has changed. */
    record Before(long settledMicros) implements Reclaimed {}

    /** Not while this is so. */
    record Refused(String reason) implements Reclaimed {}

    /** Not known, or not possible yet: to be tried again. */
    record Unavailable(String reason) implements Reclaimed {}
}
