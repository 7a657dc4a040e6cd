package dev.tollgate.policy.snapshot;

/**
 * A place in the sequence of snapshots, written {@code epoch.counter}. The epoch rises with every
 * start of a control plane, the counter with every snapshot within it; a proxy refuses a lower
 * epoch than one it has seen.
 */
public record RevisionNumber(long epoch, long counter) implements Comparable<RevisionNumber> {

    /** Before every other. */
    public static final RevisionNumber NONE = new RevisionNumber(0, 0);

    public RevisionNumber {
        if (epoch < 0 || counter < 0) {
            throw new IllegalArgumentException(
                    "revision: " + epoch + "." + counter + " (expected: no negative part)");
        }
    }

    /** Reads {@link #toString}; {@link #NONE} for any other text, such as a folder's counter. */
    public static RevisionNumber parse(String text) {
        int dot = text.indexOf('.');
        try {
            return dot < 0
                    ? NONE
                    : new RevisionNumber(
                            Long.parseLong(text, 0, dot, 10),
                            Long.parseLong(text, dot + 1, text.length(), 10));
        } catch (IllegalArgumentException e) {
            return NONE;
        }
    }

    @Override
    public int compareTo(RevisionNumber other) {
        int byEpoch = Long.compare(epoch, other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(counter, other.counter);
    }

    @Override
    public String toString() {
        return epoch + "." + counter;
    }
}
